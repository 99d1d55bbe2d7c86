/** Make the pictures of the documentation and the film of a session: node e2e/shots.mjs [shots|drag|photograph|film]. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { dragOnPicture, FACE, finalPicture, node, openPage, ROOT, setYaml, startBrowser, startStudio, tab } from './studio.mjs';

const OUT = join(ROOT, 'docs/gallery/studio');
const VIEW = { viewport: { width: 1360, height: 850 }, deviceScaleFactor: 1 };
const QUALITY = 0.9;

/** Write what is seen as WebP, encoded by the browser. */
async function shoot(page, name) {
  const png = (await page.screenshot()).toString('base64');
  const webp = await page.evaluate(async ([content, quality]) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/webp', quality })).arrayBuffer());
    return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''));
  }, [png, QUALITY]);
  writeFileSync(join(OUT, `${name}.webp`), Buffer.from(webp, 'base64'));
}

const still = async (page) => {
  const before = await page.evaluate(() => Number(document.querySelector('.bitmap')?.dataset.revision ?? -1));
  await page.waitForTimeout(1500);
  await finalPicture(page, before - 1);
};
const select = (page, id) => node(page, id).locator('header').click();

async function paint(page) {
  await page.getByRole('button', { name: 'Paint a mask' }).click();
  await page.getByRole('slider', { name: 'Size' }).fill('0.2');
  await dragOnPicture(page, [0.5, 0.35], [0.6, 0.3], [0.72, 0.4]);
  await page.getByRole('button', { name: 'Another picture inside' }).click();
  await still(page);
  await select(page, 'inside');
  await page.getByRole('textbox', { name: 'seed' }).fill('28');
  await page.keyboard.press('Enter');
  await still(page);
  await select(page, 'mask');
  await page.getByRole('textbox', { name: 'feather' }).fill('0.08');
  await page.keyboard.press('Enter');
  await still(page);
}

/** Open the page of a graph on its first picture, do something there, and close both. */
async function onPage(browser, graph, options, action) {
  const studio = await startStudio([graph, 'port=0']);
  const { page, context } = await openPage(browser, studio.address, options);
  await finalPicture(page);
  await page.getByText('Directions', { exact: true }).waitFor();
  await action(page, context);
  await context.close();
  await studio.remove();
}

async function shots(browser) {
  await onPage(browser, 'panorama_loop', VIEW, async (page) => {
    await paint(page);
    await still(page);
    await shoot(page, 'panorama');
    await tab(page, 'YAML');
    await page.getByRole('button', { name: 'Light page' }).click();
    await page.waitForTimeout(400);
    await shoot(page, 'text');
    await tab(page, 'Plan');
    await page.locator('.plan').waitFor();
    await still(page);
    await shoot(page, 'plan');
  });
  await onPage(browser, 'blend_horizontal', VIEW, async (page) => {
    await select(page, 'fade');
    await page.waitForTimeout(300);
    await shoot(page, 'handles');
    await tab(page, 'Seeds');
    await page.getByRole('button', { name: 'Draw 24' }).click();
    await page.locator('.sheet .thumb').nth(23).waitFor({ timeout: 120_000 });
    for (const seed of [3, 5]) await page.getByRole('button', { name: `Favourite seed ${seed}`, exact: true }).click();
    await page.getByRole('group', { name: 'Favourite seeds' }).getByRole('button', { name: '5' }).waitFor();
    await shoot(page, 'seeds');
    await tab(page, 'Explain');
    await page.getByRole('button', { name: 'Draw the outputs without each node' }).click();
    await page.locator('.explain tbody tr').nth(1).locator('img').waitFor({ timeout: 120_000 });
    await shoot(page, 'explain');
    await filmed(page);
    await shoot(page, 'film');
  });
}

/** Make a film of a mask and a seed, and play it. */
async function filmed(page) {
  await tab(page, 'Film');
  const add = page.getByLabel('Add a field to the film');
  await add.selectOption('fade.stop');
  await add.selectOption('left.seed');
  await page.getByRole('spinbutton', { name: 'fade.stop at 4.0 seconds' }).fill('0.4');
  await page.getByRole('spinbutton', { name: 'left.seed at 4.0 seconds' }).fill('11');
  await page.getByRole('button', { name: 'Play' }).click();
  await page.locator('img.player').waitFor({ timeout: 60_000 });
}

/** Pull the lower lip of a face down while the rest is held, and shoot it half way. */
async function drag(browser) {
  await onPage(browser, 'blend_horizontal', VIEW, async (page) => {
    await setYaml(page, FACE);
    await still(page);
    await tab(page, 'Graph');
    await page.getByRole('button', { name: 'Pick a point and drag it to its target' }).click();
    await dragOnPicture(page, [0.5, 0.72], [0.5, 0.79]);
    const bar = page.getByRole('region', { name: 'Drag moved' });
    await bar.getByRole('button', { name: 'Paint what may move' }).click();
    await page.getByRole('slider', { name: 'Size' }).fill('0.17');
    await dragOnPicture(page, [0.4, 0.66], [0.6, 0.66], [0.6, 0.82], [0.4, 0.82]);
    await bar.getByRole('button', { name: 'Paint more of what may move' }).waitFor();
    await page.getByRole('button', { name: 'more fields' }).click();
    await page.getByRole('combobox', { name: 'tracking' }).selectOption('adaptive');
    await still(page);
    await page.getByRole('button', { name: 'Fewer fields' }).click();
    await page.getByRole('button', { name: 'Tidy the graph' }).click();
    await bar.getByRole('button', { name: 'Start' }).click();
    await page.waitForFunction(() => Number(/(\d+) steps/.exec(document.querySelector('.drag-status')?.textContent ?? '')?.[1] ?? 0) >= 25, null, { timeout: 120_000 });
    await page.waitForTimeout(400);
    await shoot(page, 'drag');
  });
}

async function photograph(browser) {
  await onPage(browser, 'edit_photo', VIEW, async (page) => {
    await page.getByRole('tab', { name: 'Photograph', exact: true }).click();
    await page.locator('.photo', { hasText: '1 face' }).waitFor();
    await page.getByRole('button', { name: 'Face 1' }).click();
    await page.locator('.chosen-face').waitFor();
    await still(page);
    await shoot(page, 'photograph');
  });
}

/** Record what is seen while a session goes on, as an animated WebP. */
async function film(browser) {
  const folder = mkdtempSync(join(tmpdir(), 'studio-film-'));
  const frames = [];
  await onPage(browser, 'panorama_loop', { viewport: { width: 1200, height: 750 } }, async (page, context) => {
    const session = await context.newCDPSession(page);
    session.on('Page.screencastFrame', ({ data, metadata, sessionId }) => {
      const name = join(folder, `${String(frames.length).padStart(5, '0')}.jpg`);
      writeFileSync(name, Buffer.from(data, 'base64'));
      frames.push([name, metadata.timestamp]);
      void session.send('Page.screencastFrameAck', { sessionId });
    });
    await showPointer(page);
    await session.send('Page.startScreencast', { format: 'jpeg', quality: 88, maxWidth: 1200, maxHeight: 750 });
    await play(page);
    await session.send('Page.stopScreencast');
  });
  writeFileSync(join(folder, 'frames.json'), JSON.stringify(frames));
  execFileSync(process.env.PYTHON ?? 'python', [join(ROOT, 'studio/e2e/film.py'), join(folder, 'frames.json'), join(OUT, 'session.webp')], { stdio: 'inherit' });
}

/** Draw the pointer, which a recording does not have. */
async function showPointer(page) {
  await page.evaluate(() => {
    const dot = document.createElement('div');
    Object.assign(dot.style, { position: 'fixed', width: '18px', height: '18px', margin: '-9px', borderRadius: '50%', background: 'rgb(255 255 255 / 45%)', border: '2px solid rgb(0 0 0 / 60%)', zIndex: 99, pointerEvents: 'none' });
    document.body.append(dot);
    const follow = (event) => Object.assign(dot.style, { left: `${event.clientX}px`, top: `${event.clientY}px` });
    document.addEventListener('pointermove', follow, true);
  });
}

/** Wait for the finished picture of the newest graph. */
const newest = (page) => page.waitForFunction(() => {
  const { stage, revision } = document.querySelector('.bitmap').dataset;
  return stage === 'final' && revision === document.querySelector('.studio').dataset.revision;
}, null, { timeout: 60_000 });

async function play(page) {
  const rest = (milliseconds) => page.waitForTimeout(milliseconds);
  const slide = async (name, to) => {
    const box = await page.getByRole('slider', { name }).first().boundingBox();
    const value = Number(await page.getByRole('slider', { name }).first().inputValue());
    const [low, high] = await page.getByRole('slider', { name }).first().evaluate((own) => [Number(own.min), Number(own.max)]);
    const at = (part) => [box.x + 8 + ((part - low) / (high - low)) * (box.width - 16), box.y + box.height / 2];
    await page.mouse.move(...at(value), { steps: 10 });
    await page.mouse.down();
    for (let step = 1; step <= 14; step++) {
      await page.mouse.move(...at(value + ((to - value) * step) / 14));
      await rest(70);
    }
    await page.mouse.up();
  };
  await rest(600);
  await slide('truncation slider', 1.1);
  await newest(page);
  await rest(500);
  const chip = await page.getByRole('button', { name: 'Span 2' }).boundingBox();
  const far = await page.getByRole('button', { name: 'Span 6' }).boundingBox();
  await page.mouse.move(chip.x + 14, chip.y + 8, { steps: 10 });
  await page.mouse.down();
  await page.mouse.move(far.x + 14, far.y + 8, { steps: 18 });
  await page.mouse.up();
  await newest(page);
  await rest(900);
  await page.getByRole('button', { name: 'Paint a mask' }).click();
  await page.getByRole('slider', { name: 'Size' }).fill('0.2');
  await dragOnPicture(page, [0.3, 0.32], [0.4, 0.22], [0.5, 0.34]);
  await rest(700);
  const use = await page.getByRole('button', { name: 'Another picture inside' }).boundingBox();
  await page.mouse.move(use.x + 50, use.y + 12, { steps: 12 });
  await page.getByRole('button', { name: 'Another picture inside' }).click();
  await rest(200);
  await newest(page);
  await rest(900);
  await slide('feather slider', 0.12);
  await newest(page);
  await rest(900);
  await tab(page, 'YAML');
  await rest(1200);
  await tab(page, 'Plan');
  await page.locator('.plan').waitFor({ timeout: 60_000 });
  await rest(1300);
  await tab(page, 'Explain');
  await rest(500);
  await page.getByRole('button', { name: 'Draw the outputs without each node' }).click();
  await page.locator('.explain tbody tr').nth(3).locator('img').waitFor({ timeout: 60_000 });
  await rest(1000);
  await tab(page, 'Graph');
  await rest(600);
}

mkdirSync(OUT, { recursive: true });
const what = process.argv[2] ?? 'all';
const browser = await startBrowser();
try {
  for (const [name, make] of Object.entries({ shots, drag, photograph, film })) if (what === name || what === 'all') await make(browser);
} finally {
  await browser.close();
}
