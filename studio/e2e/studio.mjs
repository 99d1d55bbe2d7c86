/** Shared parts of the tests of the page: a studio in an empty folder, a browser, and functions that wait for pictures. */

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
export const FACE = `version: 1
models: {main: avatar}
nodes:
  code: {op: sample, seed: 18, truncation: 0.7}
  image: {op: decode, of: code}
outputs: [image]
`;
const START = 60_000; // milliseconds until the address is printed, on a busy machine
const PICTURE = 60_000;

/** Start a studio in an empty folder. `given` are the arguments of `fgraph studio`. */
export async function startStudio(given = [], folder = mkdtempSync(join(tmpdir(), 'studio-'))) {
  const python = process.env.PYTHON ?? 'python';
  const environment = { ...process.env, PYTHONPATH: process.env.STUDIO_PATH ?? ROOT, XDG_DATA_HOME: join(folder, 'data'), PYTHONUNBUFFERED: '1' };
  delete environment.PYTHONDONTWRITEBYTECODE; // an installed package has its bytecode
  const child = spawn(python, ['-m', 'fgraph', 'studio', ...given, '--no-open'], { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const began = performance.now();
  let said = '';
  const address = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the studio did not start:\n${said}`)), START);
    const read = (chunk) => {
      said += chunk;
      const [found] = /http:\S+token=\S+/.exec(said) ?? [];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => reject(new Error(`the studio ended with ${code}:\n${said}`)));
  });
  const stop = (signal = 'SIGINT') => new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.on('exit', resolve);
    child.kill(signal);
  });
  const remove = async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { address, folder, pid: child.pid, stop, remove, seconds: (performance.now() - began) / 1000, said: () => said };
}

/** Start the browser of the system. */
export async function startBrowser() {
  const executablePath = process.env.CHROMIUM || BROWSERS.find(existsSync);
  if (executablePath === undefined) throw new Error(`no browser at ${BROWSERS.join(', ')}: apt-get install chromium, or set CHROMIUM`);
  return chromium.launch({ executablePath, args: FLAGS });
}

/** Open the page of a studio, and collect what the console and the network say. */
export async function openPage(browser, address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark', permissions: ['clipboard-read', 'clipboard-write'], ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (!['blob:', 'data:'].includes(protocol) && hostname !== '127.0.0.1') faults.push(`a request to ${request.url()}`);
  });
  await page.goto(address);
  return { context, page, faults };
}

/** Start a studio and the browser, and open the page on its first picture; `close` ends them. */
export async function open(given = ['blend_horizontal']) {
  const studio = await startStudio(given);
  const browser = await startBrowser();
  const close = async () => {
    await browser.close();
    await studio.remove();
  };
  const opened = await openPage(browser, studio.address);
  await finalPicture(opened.page);
  return { studio, browser, close, ...opened };
}

/** Wait for a finished picture, of a later revision than `after`; return its revision. */
export async function finalPicture(page, after = -1) {
  const found = await page.waitForFunction((least) => {
    const shown = document.querySelector('.bitmap[data-stage="final"]');
    const revision = Number(shown?.getAttribute('data-revision') ?? -1);
    return revision > least ? { revision } : null;
  }, after, { timeout: PICTURE });
  return (await found.jsonValue()).revision;
}

/** Return a digest of the pixels that are shown. */
export function pixels(page) {
  return page.evaluate(async () => {
    const canvas = document.querySelector('.bitmap');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const digest = await crypto.subtle.digest('SHA-256', data);
    return `${canvas.width}x${canvas.height} ${[...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  });
}

/** Return the bytes of the pixels that are shown. */
export function bytes(page) {
  return page.evaluate(() => {
    const canvas = document.querySelector('.bitmap');
    return [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data];
  });
}

/** Compare the finished picture with the bytes of an earlier one: it may be made in other steps, which round otherwise. */
export async function assertShows(page, before) {
  await settled(page);
  const after = await bytes(page);
  assert.equal(after.length, before.length);
  const apart = after.reduce((most, value, place) => Math.max(most, Math.abs(value - before[place])), 0);
  assert.ok(apart <= 1, `the picture differs by ${apart} of 255`);
}

/** Return the revision of the graph that the page shows. */
export function revision(page) {
  return page.evaluate(() => Number(document.querySelector('.studio').dataset.revision));
}

/** Do something that changes the picture, and wait for the finished one. */
export async function changed(page, action) {
  const before = await revision(page);
  await action();
  await finalPicture(page, before);
}

/** Wait until the finished picture of the newest graph no longer changes; return a digest of its pixels. */
export async function settled(page) {
  const isNewest = () => page.evaluate(() => {
    const { stage, revision } = document.querySelector('.bitmap').dataset;
    return stage === 'final' && revision === document.querySelector('.studio').dataset.revision;
  });
  for (let last = await pixels(page); ; ) {
    await page.waitForTimeout(500);
    const now = await pixels(page);
    if (now === last && (await isNewest())) return now;
    last = now;
  }
}

/** Return the card of a node. */
export function node(page, name) {
  return page.locator(`.react-flow__node[data-id="${name}"]`);
}

/** Show a panel of the dock. */
export function tab(page, name) {
  return page.getByRole('tab', { name: new RegExp(`^${name}`) }).click();
}

/** Press a key on the picture. */
export async function key(page, name) {
  await page.locator('.canvas').focus();
  await page.keyboard.press(name);
}

/** Put the tool down and clear the selection. */
export async function free(page) {
  await key(page, 'Escape');
  await key(page, 'Escape');
}

/** Select a node. */
export async function choose(page, name) {
  await tab(page, 'Graph');
  await free(page);
  await node(page, name).locator('header').click();
}

/** Return the text of the graph. */
export async function textOf(page) {
  await tab(page, 'YAML');
  return page.getByRole('textbox', { name: 'The graph as YAML' }).inputValue();
}

/** Wait until the text of the graph has a pattern. */
export async function textHas(page, pattern) {
  await tab(page, 'YAML');
  const has = ([source]) => new RegExp(source).test(document.querySelector('.yaml textarea')?.value ?? '');
  await page.waitForFunction(has, [pattern.source]).catch(async () => assert.match(await textOf(page), pattern));
}

/** Wait until the page has a number of elements. */
export async function number(locator, count) {
  await locator.nth(count - 1).waitFor({ state: 'attached' });
  assert.equal(await locator.count(), count);
}

/** Drag on the picture between points in fractions of it. */
export async function dragOnPicture(page, ...points) {
  const box = await page.locator('.bitmap').first().boundingBox();
  const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...at(point), { steps: 6 });
  await page.mouse.up();
}

/** Return the serious faults that axe finds on the page. */
export function seriousFaults(page) {
  return page.evaluate(async (source) => {
    if (!window.axe) new Function(source)();
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.filter((one) => ['serious', 'critical'].includes(one.impact)).map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((own) => own.html.slice(0, 160)).join(' | ')}`);
  }, AXE);
}

/** Replace the graph through the page's own editor of YAML. */
export async function setYaml(page, text) {
  await tab(page, 'YAML');
  await page.getByRole('textbox', { name: 'The graph as YAML' }).fill(text);
}

/** Return a graph of `count` nodes: many codes that are mixed two by two, until one is left. */
export function manyNodes(count) {
  const lines = ['version: 1', 'seed: 1', 'models: {main: landscape}', 'nodes:'];
  const samples = count / 2;
  let row = Array.from({ length: samples }, (_, index) => `z${index}`);
  row.forEach((name, index) => lines.push(`  ${name}: {op: sample, seed: ${index}}`));
  let made = 0;
  while (row.length > 1) {
    const next = [];
    for (let index = 0; index + 1 < row.length; index += 2) {
      next.push(`m${made}`);
      lines.push(`  m${made++}: {op: lerp, a: ${row[index]}, b: ${row[index + 1]}, t: 0.5}`);
    }
    if (row.length % 2) next.push(row.at(-1));
    row = next;
  }
  return [...lines, `  image: {op: decode, of: ${row[0]}}`, 'outputs: [image]', ''].join('\n');
}

/**
 * Save the graph under a name, run the file from the command line with an empty cache, and compare its picture with the page.
 *
 * The page draws anew only what an edit changes. Other batches compute sums in another order, so a value halfway between
 * two levels may round to the other one.
 */
export async function assertFileMatches(page, studio, name) {
  await page.locator('.canvas').focus();
  await page.keyboard.press('Control+s');
  await page.getByRole('textbox', { name: 'Name .yaml' }).fill(name);
  await page.getByRole('dialog', { name: 'Save the graph' }).getByRole('button', { name: 'Save' }).click();
  const notice = page.locator('.notice', { hasText: 'Saved as' });
  await notice.waitFor();
  const path = /Saved as (\S+)/.exec(await notice.innerText())?.[1];
  const environment = { ...process.env, PYTHONPATH: process.env.STUDIO_PATH ?? ROOT, XDG_CACHE_HOME: join(studio.folder, 'no-cache') };
  const run = execFileSync(process.env.PYTHON ?? 'python', ['-m', 'fgraph', path], { cwd: studio.folder, encoding: 'utf8', env: environment });
  const [picture] = /\S+\.png/.exec(run) ?? [];
  const bytes = readFileSync(resolve(studio.folder, picture)).toString('base64');
  const { size, expected, levels, share } = await page.evaluate(async (content) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
    const read = (one) => one.getContext('2d').getImageData(0, 0, one.width, one.height).data;
    const shown = document.querySelector('.bitmap');
    const [a, b] = [read(shown), read(canvas)];
    const apart = Array.from(a, (value, at) => Math.abs(value - b[at]));
    return {
      size: [shown.width, shown.height], expected: [bitmap.width, bitmap.height],
      levels: Math.max(...apart.filter(Boolean), 0), share: apart.filter(Boolean).length / apart.length,
    };
  }, bytes);
  assert.deepEqual(size, expected);
  assert.ok(levels <= 1 && share <= 0.01, `${100 * share}% of the values differ, by ${levels} levels at most`);
}

/** Drop a file on the page. */
export function drop(page, name, bytes) {
  return page.evaluate(([own, content]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], own));
    for (const type of ['dragover', 'drop']) document.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  }, [name, Buffer.from(bytes).toString('base64')]);
}
