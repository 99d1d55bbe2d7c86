/** A drag in a real browser: points, targets and mask on the picture, start, change, stop, undo, and the same pixels from the file. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { assertFileMatches, changed, dragOnPicture, FACE, number, open, revision, seriousFaults, settled, setYaml, textHas } from './studio.mjs';

let studio, close, page, faults;

before(async () => {
  ({ studio, close, page, faults } = await open());
  await changed(page, () => setYaml(page, FACE));
});

after(() => close?.());

/** Note each stage and revision that the picture shows from now on. Pictures of a drag pass quickly: a later look can miss them. */
const noteStages = () => page.evaluate(() => {
  window.shownStages = [];
  const note = () => {
    const { stage, revision } = document.querySelector('.bitmap')?.dataset ?? {};
    window.shownStages.push({ stage, revision: Number(revision) });
  };
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributeFilter: ['data-stage', 'data-revision'] });
});
const dragShown = (after) => page.waitForFunction(
  (least) => window.shownStages.some(({ stage, revision }) => stage === 'drag' && revision > least), after);
const panel = () => page.getByRole('region', { name: /^Drag moved/ });
const status = (pattern) => panel().getByRole('status').filter({ hasText: pattern }).waitFor();
const button = (name) => panel().getByRole('button', { name });

test('a point is set with its target, and waits', async () => {
  const before = await settled(page);
  await page.getByRole('button', { name: 'Pick a point and drag it to its target' }).click();
  await dragOnPicture(page, [0.5, 0.72], [0.5, 0.88]);
  await panel().waitFor();
  await status(/not started/);
  assert.equal(await settled(page), before);
  await textHas(page, /op: drag, of: code, points: .*steps: 0/);
  await number(page.locator('.drag-points .handle'), 2);
  assert.deepEqual(await seriousFaults(page), []);
});

test('what may move is painted', async () => {
  await button('Paint what may move').click();
  await page.getByRole('slider', { name: 'Size' }).fill('0.15');
  await dragOnPicture(page, [0.35, 0.75], [0.65, 0.75], [0.5, 0.9]);
  await button('Paint more of what may move').waitFor();
  await textHas(page, /mask: may_move/);
  await page.keyboard.press('Escape');
});

test('it starts, the picture and the point move, and it stops', async () => {
  const before = await settled(page);
  const first = await revision(page);
  await noteStages();
  await button('Start').click();
  await dragShown(first - 1);
  await page.waitForFunction(() => document.querySelector('.drag-points .trail') !== null);
  await page.waitForFunction((first) => document.querySelector('.bitmap') && Number(/(\d+) steps/.exec(document.querySelector('.drag-status')?.textContent ?? '')?.[1] ?? 0) > first, 4);
  await button('Stop').click();
  await button('Start').waitFor();
  assert.notEqual(await settled(page), before);
  await status(/(stopped|arrived) after \d+ steps/);
  await textHas(page, /steps: [1-9]/);
});

test('undo and redo show the pictures before and after at once', async () => {
  const moved = await settled(page);
  await button('Undo the last step of the drag').click();
  await page.waitForFunction(() => /steps: 0/.test(document.querySelector('.yaml textarea')?.value ?? ''));
  assert.notEqual(await settled(page), moved);
  await page.getByRole('button', { name: 'Redo', exact: true }).click();
  await page.waitForFunction(() => !/steps: 0/.test(document.querySelector('.yaml textarea')?.value ?? ''));
  assert.equal(await settled(page), moved);
});

test('a target that is moved while it runs makes a further drag, which goes on', async () => {
  const target = async () => {
    const box = await page.locator('[data-handle="to-0"]').boundingBox();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const move = async (down) => {
    const [x, y] = await target();
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x, y + down, { steps: 4 });
    await page.mouse.up();
  };
  await page.getByRole('button', { name: 'Move the picture and handles' }).click();
  await move(30);
  await page.locator('.drag-status', { hasText: /moved_2: not started/ }).waitFor();
  const second = await revision(page);
  await noteStages();
  await page.keyboard.press('s');
  await dragShown(second - 1);
  const third = await revision(page);
  await move(-60);
  await page.waitForFunction(() => /moved_3:/.test(document.querySelector('.yaml textarea')?.value ?? ''));
  await dragShown(third);
  await page.keyboard.press('s');
  await button('Start').waitFor();
  assert.deepEqual(faults, []);
});

test('the saved file runs from the command line to the same pixels, without what the studio keeps', async () => {
  await settled(page);
  await assertFileMatches(page, studio, 'dragged');
});
