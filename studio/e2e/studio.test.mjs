/** The page in a real browser, with a studio behind it. Each test goes on where the one before it ended. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { assertFileMatches, assertShows, bytes, changed, choose, dragOnPicture, finalPicture, node, open, pixels, seriousFaults, settled, setYaml, startStudio, tab, textHas, textOf } from './studio.mjs';

const BLEND = `# two scenes
version: 1
seed: 7
models: {main: landscape}
nodes:
  left: {op: sample, truncation: 0.7}
  right: {op: sample, truncation: 0.7}
  fade: {op: mask, kind: ramp, axis: x, start: 0.25, stop: 0.75}  # where one becomes the other
  mix: {op: blend, a: left, b: right, mask: fade}
  image: {op: decode, of: mix}
outputs: [image]
`;

let studio, close, page, faults;

before(async () => {
  ({ studio, close, page, faults } = await open());
});

after(async () => {
  await studio?.remove(); // a later studio than the one that `close` removes
  await close?.();
});

/** Do something that changes the picture; return the pixels of the finished one. */
const redrawn = async (action) => {
  await changed(page, action);
  return settled(page);
};

test('the page opens on a picture, and sends no request elsewhere', async () => {
  await finalPicture(page);
  assert.match(await pixels(page), /^64x64 /);
  assert.deepEqual(faults, []);
  const answer = await page.request.get(new URL('/', studio.address).href);
  assert.match(answer.headers()['content-security-policy'], /default-src 'none'/);
});

test('a slider changes the picture', async () => {
  await choose(page, 'fade');
  const slider = page.getByRole('slider', { name: 'start slider' });
  const before = await pixels(page);
  const after = await redrawn(async () => {
    await slider.focus();
    for (let press = 0; press < 20; press++) await page.keyboard.press('ArrowRight');
  });
  assert.notEqual(after, before);
  await textHas(page, /start: 0\.35/);
});

test('a gesture is one step of undo: ten of them are undone in ten', async () => {
  await redrawn(() => setYaml(page, BLEND));
  const first = await bytes(page);
  await choose(page, 'fade');
  for (let gesture = 0; gesture < 10; gesture++) {
    const slider = page.getByRole('slider', { name: gesture % 2 ? 'stop slider' : 'start slider' });
    await slider.focus();
    for (let press = 0; press < 3; press++) await page.keyboard.press(gesture % 2 ? 'ArrowRight' : 'ArrowLeft');
    await slider.blur();
    await page.waitForTimeout(120);
  }
  await textHas(page, /start: 0\.175.*stop: 0\.825/);
  await page.locator('.canvas').focus();
  for (let step = 0; step < 10; step++) {
    await page.keyboard.press('Control+z');
    await page.waitForTimeout(60);
  }
  await page.waitForFunction((text) => document.querySelector('.yaml textarea')?.value === text, BLEND);
  await assertShows(page, first);
});

test('a ramp is moved by its handle on the picture', async () => {
  await choose(page, 'fade');
  const handle = await page.locator('[data-handle="start"]').first().boundingBox();
  const before = await pixels(page);
  const after = await redrawn(async () => {
    await page.mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2);
    await page.mouse.down();
    await page.mouse.move(handle.x - 40, handle.y + 10, { steps: 5 });
    await page.mouse.up();
  });
  assert.notEqual(after, before);
});

test('a wrong link is refused with its reason', async () => {
  await tab(page, 'Graph');
  await page.keyboard.press('Escape');
  const from = await node(page, 'fade').locator('.react-flow__handle-right').boundingBox();
  const to = await node(page, 'image').locator('.react-flow__handle-left').boundingBox();
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 12 });
  await page.mouse.up();
  const notice = page.locator('.notice.error');
  await notice.waitFor();
  assert.match(await notice.innerText(), /Mask/);
  await textHas(page, /image: \{op: decode, of: mix\}/);
  await notice.getByRole('button', { name: 'Dismiss' }).click();
});

test('links are made and removed, by the mouse and by the keys', async () => {
  await tab(page, 'Graph');
  const from = await node(page, 'left').locator('.react-flow__handle-right').boundingBox();
  const to = await node(page, 'image').locator('.react-flow__handle-left').boundingBox();
  const before = await settled(page);
  const first = await bytes(page);
  const after = await redrawn(async () => {
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 12 });
    await page.mouse.up();
  });
  assert.notEqual(after, before);
  await textHas(page, /image: \{op: decode, of: left\}/);
  await choose(page, 'mix');
  await page.getByRole('combobox', { name: 'mask of mix' }).selectOption('');
  await page.locator('.badge.bad').first().waitFor();
  await page.getByRole('combobox', { name: 'mask of mix' }).selectOption('fade');
  await redrawn(async () => {
    await choose(page, 'image');
    await page.getByRole('combobox', { name: 'of of image' }).selectOption('mix');
  });
  await assertShows(page, first);
});

test('a link that is dropped on empty space shows what fits', async () => {
  await tab(page, 'Graph');
  const from = await node(page, 'fade').locator('.react-flow__handle-right').boundingBox();
  const pane = await page.locator('.react-flow__pane').boundingBox();
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(pane.x + pane.width - 60, pane.y + 30, { steps: 8 });
  await page.mouse.up();
  await page.getByRole('option', { name: /^blend/ }).first().waitFor();
  const names = await page.getByRole('option').allInnerTexts();
  assert.ok(!names.some((name) => name.startsWith('sample')));
  await page.keyboard.press('Escape');
});

test('a mask is drawn, and shows another picture', async () => {
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Draw an ellipse as a mask' }).click();
  const before = await pixels(page);
  await dragOnPicture(page, [0.3, 0.3], [0.6, 0.7]);
  const after = await redrawn(() => page.getByRole('button', { name: 'Another picture inside' }).click());
  assert.notEqual(after, before);
  await textHas(page, /kind: ellipse/);
});

test('strokes of the brush become a polygon', async () => {
  await tab(page, 'Graph');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Paint a mask' }).click();
  await dragOnPicture(page, [0.2, 0.8], [0.5, 0.7], [0.8, 0.8]);
  await redrawn(() => page.getByRole('button', { name: 'A tint' }).click());
  await textHas(page, /kind: polygon/);
  await textHas(page, /op: overlay/);
  await textHas(page, /# where one becomes the other/);
});

test('a saved graph runs from the command line to the same pixels', async () => {
  await settled(page);
  await assertFileMatches(page, studio, 'painted');
});

test('two tabs show one graph', async () => {
  const other = await page.context().newPage();
  await other.goto(new URL('/', studio.address).href);
  await finalPicture(other);
  await choose(page, 'fade');
  await page.getByRole('textbox', { name: 'stop' }).fill('0.9');
  await page.keyboard.press('Enter');
  await other.getByRole('tab', { name: 'YAML' }).click();
  await other.waitForFunction(() => document.querySelector('.yaml textarea')?.value.includes('stop: 0.9'));
  await other.close();
});

test('axe finds no serious fault in any panel, dark or light', async () => {
  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme });
    await page.getByRole('button', { name: /^(Light|Dark) page$/ }).click();
    for (const panel of ['Graph', 'YAML', 'Plan', 'Seeds', 'Sweep', 'Explain', 'Film', 'Outline', 'Photograph']) {
      await page.getByRole('tab', { name: new RegExp(`^${panel}`) }).click();
      await page.waitForTimeout(250);
      assert.deepEqual(await seriousFaults(page), [], `${panel}, ${colorScheme}`);
    }
  }
});

test('nothing is lost when the studio is killed', async () => {
  const text = await textOf(page);
  await settled(page);
  const before = await bytes(page);
  await studio.stop('SIGKILL');
  await page.getByText('The studio has stopped').waitFor();
  const expected = faults.length;
  studio = await startStudio([], studio.folder);
  await page.goto(studio.address);
  await finalPicture(page);
  assert.equal(await textOf(page), text);
  await assertShows(page, before);
  await page.locator('.state').nth(5).waitFor();
  faults.length = Math.min(faults.length, expected);
});
