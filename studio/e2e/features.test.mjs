/** Further features of the page, with a studio behind it: comparing, sheets, films, files, copies, branches of the history. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { changed, choose, dragOnPicture, drop, free, key, manyNodes, node, number, open, setYaml, tab, textHas } from './studio.mjs';

let studio, browser, close, page, faults;

before(async () => {
  ({ studio, browser, close, page, faults } = await open());
});

after(() => close?.());

test('before and after are compared', async () => {
  await key(page, 'c');
  const slider = page.getByRole('slider', { name: 'Before and after' });
  await slider.waitFor();
  await choose(page, 'fade');
  await changed(page, async () => {
    await page.getByRole('textbox', { name: 'start' }).fill('0.6');
    await page.keyboard.press('Enter');
  });
  await number(page.locator('.bitmap'), 2);
  await slider.fill('0.25');
  assert.match(await page.locator('.bitmap').nth(1).getAttribute('style'), /inset\(0(px)? 75%/);
  await key(page, 'c');
});

test('the graph is copied as a command and as a program', async () => {
  for (const [what, told, pattern] of [['as a command', 'Command', /fgraph blend_horizontal.*fade\.start=0\.6/], ['as Python', 'Python program', /import fgraph/]]) {
    await page.getByRole('button', { name: 'Copy', exact: true }).first().click();
    await page.getByRole('button', { name: what }).click();
    await page.locator('.notice', { hasText: `${told} copied` }).last().waitFor();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), pattern);
  }
});

test('a node is bypassed and put back, and shown with and without', async () => {
  await choose(page, 'mix');
  await changed(page, () => key(page, 'x'));
  await page.locator('.card.bypassed').waitFor();
  await changed(page, () => key(page, 'x'));
  await page.getByRole('button', { name: 'With and without this node' }).click();
  await page.locator('.ablation img').nth(1).waitFor();
});

test('nodes are copied with their links, grouped and removed', async () => {
  await choose(page, 'mix');
  await key(page, 'Control+c');
  await key(page, 'Control+v');
  await node(page, 'mix_2').waitFor();
  await textHas(page, /mix_2: \{op: blend.*a: left, b: right, mask: fade/);
  await choose(page, 'mix_2');
  await key(page, 'g');
  await page.locator('.frame').waitFor();
  await key(page, 'Delete');
  await node(page, 'mix_2').waitFor({ state: 'detached' });
});

test('a seed is taken from the sheet, and kept as a favourite', async () => {
  await tab(page, 'Seeds');
  await page.getByRole('button', { name: /^Draw [0-9]/ }).click();
  await page.getByRole('button', { name: 'Favourite seed 3', exact: true }).click();
  await changed(page, () => page.getByRole('button', { name: 'Take seed 3', exact: true }).click());
  await textHas(page, /left: \{op: sample, truncation: 0\.7, seed: 3\}/);
});

test('a named direction of the model is a slider, which the arrow keys move on and on', async () => {
  await tab(page, 'Graph');
  await free(page);
  const slider = page.getByRole('slider', { name: 'night' });
  await changed(page, async () => {
    await slider.focus();
    await page.keyboard.press('ArrowRight');
  });
  await node(page, 'night').waitFor();
  await changed(page, () => page.keyboard.press('ArrowRight'));
  await textHas(page, /night: \{op: direction, kind: named, name: landscape\.night, strength: 0\.03/);
  await key(page, 'Control+z');
  await key(page, 'Control+z');
  await node(page, 'night').waitFor({ state: 'detached' });
});

test('favourite seeds are kept by the studio, not by the browser', async () => {
  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(studio.address);
  await other.getByRole('tab', { name: 'Seeds' }).click();
  await other.getByRole('group', { name: 'Favourite seeds' }).getByRole('button', { name: '3' }).waitFor();
  await context.close();
});

test('every output is explained by the picture without each node, and a click bypasses it', async () => {
  await tab(page, 'Explain');
  await page.getByRole('button', { name: 'Draw the outputs without each node' }).click();
  await page.locator('.explain tbody tr').nth(1).locator('img').waitFor();
  await changed(page, () => page.getByRole('button', { name: 'Bypass mix', exact: true }).click());
  await changed(page, () => page.getByRole('button', { name: 'Put mix back', exact: true }).click());
});

test('values are taken from a sweep over two fields', async () => {
  await tab(page, 'Sweep');
  await page.getByLabel('Across').selectOption('fade.start');
  await page.getByRole('textbox', { name: 'Values of fade.start' }).fill('[0.1, 0.3]');
  await page.getByLabel('Down').selectOption('left.truncation');
  await page.getByRole('textbox', { name: 'Values of left.truncation' }).fill('[0.2, 0.9]');
  await page.getByRole('button', { name: 'Draw the sheet' }).click();
  await page.locator('.sheet .thumb').nth(3).waitFor();
  await changed(page, () => page.getByRole('button', { name: 'Take 0.1, 0.9' }).click());
  await textHas(page, /truncation: 0\.9.*\n(.*\n)*.*start: 0\.1/);
});

test('a film plays, and is written as a GIF and as an MP4', async () => {
  await tab(page, 'Film');
  await page.getByLabel('Add a field to the film').selectOption('fade.start');
  await page.getByRole('spinbutton', { name: 'Length' }).fill('1');
  await page.getByRole('spinbutton', { name: 'fade.start at 1.0 seconds' }).fill('0.7');
  await page.reload();
  await tab(page, 'Film');
  await page.getByRole('button', { name: /^Go to the key of fade.start/ }).nth(1).waitFor();
  await page.getByRole('button', { name: 'Play' }).click();
  await page.locator('img.player').waitFor();
  for (const [format, start, magic] of [['GIF', 0, 'GIF8'], ['MP4', 4, 'ftyp']]) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: format, exact: true }).click()]);
    assert.equal(readFileSync(await download.path()).subarray(start, start + 4).toString(), magic);
  }
  await page.getByText(/^film \d+/).waitFor({ state: 'detached' });
});

test('an earlier state is opened, and a change there is a branch', async () => {
  const states = page.locator('.state .thumb');
  const count = await states.count();
  const branched = await page.locator('.state:not(.lane-0)').count();
  await changed(page, () => states.first().click());
  await choose(page, 'fade');
  await changed(page, async () => {
    await page.getByRole('textbox', { name: 'stop' }).fill('0.95');
    await page.keyboard.press('Enter');
  });
  await page.locator('.state:not(.lane-0)').nth(branched).waitFor();
  await states.nth(count).waitFor();
});

test('spans of a panorama change places, by the mouse and by the keys', async () => {
  await setYaml(page, 'version: 1\nmodels: {main: landscape}\nnodes:\n  z: {op: sample, count: 3}\n  row: {op: mosaic, of: z, grid: [1, 3]}\n  image: {op: decode, of: row}\noutputs: [image]\n');
  const span = (name) => page.getByRole('button', { name, exact: true });
  await span('Span 3').waitFor();
  await changed(page, async () => {
    await span('Span 1').focus();
    await page.keyboard.press('ArrowRight');
  });
  await textHas(page, /take: ['"]?1,0,2/);
  const from = await span('Span 3').boundingBox();
  const to = await span('Span 1').boundingBox();
  await changed(page, async () => {
    await page.mouse.move(from.x + 10, from.y + 8);
    await page.mouse.down();
    await page.mouse.move(to.x + 6, to.y + 8, { steps: 8 });
    await page.mouse.up();
  });
  await textHas(page, /take: ['"]?2,1,0/);
});

test('a point of the picture is picked and dragged to its target', async () => {
  await setYaml(page, 'version: 1\nmodels: {main: landscape}\nnodes:\n  code: {op: sample, seed: 1}\n  image: {op: decode, of: code}\noutputs: [image]\n');
  await tab(page, 'Graph');
  await node(page, 'code').waitFor();
  await page.locator('.canvas').focus();
  await page.keyboard.press('d');
  await dragOnPicture(page, [0.5, 0.5], [0.5, 0.4]);
  await textHas(page, /op: drag/);
  await key(page, 'Escape');
  await page.locator('[data-handle="to-0"]').waitFor();
  await key(page, 'Control+z');
});

test('files are dropped: a picture with its graph, a graph, and a picture of something else', async () => {
  await page.getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'PNG' }).click()]);
  const bytes = readFileSync(await download.path());
  await drop(page, 'other.yaml', 'version: 1\nseed: 41\nnodes:\n  z: {op: sample}\n  image: {op: decode, of: z}\noutputs: [image]\n');
  await textHas(page, /seed: 41/);
  await drop(page, 'image.png', bytes);
  await textHas(page, /code:/);
  const plain = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(8, 8);
    canvas.getContext('2d').fillRect(2, 2, 4, 4);
    const found = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    return btoa(String.fromCharCode(...found));
  });
  await drop(page, 'square.png', Buffer.from(plain, 'base64'));
  await page.getByRole('button', { name: 'A node of this graph' }).click();
  await page.locator('.notice', { hasText: 'square.png is the node' }).waitFor();
  await textHas(page, /op: image/);
  assert.deepEqual(faults, []);
});

test('a frame takes less than a thirtieth of a second of the processor while a graph of 200 nodes is panned', async () => {
  await setYaml(page, manyNodes(200));
  await tab(page, 'Graph');
  await page.locator('.react-flow__node').nth(20).waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const worked = async () => (await session.send('Performance.getMetrics')).metrics.find((one) => one.name === 'TaskDuration').value;
  const box = await page.locator('.react-flow__pane').boundingBox();
  const place = (step) => [box.x + box.width / 2 + 150 * Math.sin(step / 8), box.y + box.height / 2 + 60 * Math.cos(step / 8)];
  await page.mouse.move(...place(0));
  await page.mouse.down();
  const before = await worked();
  const frames = 60;
  for (let step = 1; step <= frames; step++) {
    await page.mouse.move(...place(step));
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  const seconds = (await worked()) - before;
  await page.mouse.up();
  assert.ok(seconds > 0);
  assert.ok(seconds / frames < 1 / 30, `${seconds / frames} s a frame`);
});
