/** Measure a studio in Chromium: node e2e/speed.mjs GRAPH GESTURES prints JSON.
 *
 * A gesture is one pointer event that moves the slider `stop`. A picture counts when it is painted: after the frame in
 * which the page drew it. Times are in seconds.
 */

import { readFileSync } from 'node:fs';

import { finalPicture, openPage, startBrowser, startStudio } from './studio.mjs';

const REST = 1500; // milliseconds before the gestures, in which the studio prepares for edits
const LEAST = 300_000; // milliseconds that a picture may take
const TICKS = 100; // of /proc, a second

/** Return the seconds that the processor worked for a process, on all cores together. */
function processor(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1).trim().split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Make the page note when the hand moved a slider, and when each picture was painted. */
const watch = (page) => page.evaluate(() => {
  const seen = { pointer: 0, moved: 0, pictures: [] };
  window.seen = seen;
  document.addEventListener('pointermove', (event) => { seen.pointer = event.timeStamp; }, true);
  document.addEventListener('input', () => { seen.moved = seen.pointer; }, true);
  new MutationObserver(() => {
    const { revision, stage } = document.querySelector('.bitmap')?.dataset ?? {};
    requestAnimationFrame(() => setTimeout(() => seen.pictures.push({ revision: Number(revision), stage, time: performance.now() })));
  }).observe(document.querySelector('.canvas'), { subtree: true, attributes: true, attributeFilter: ['data-revision', 'data-stage'] });
});

/** Move the slider `count` times, and wait for the finished picture each time. */
async function gestures(page, count, pid) {
  const slider = page.getByRole('slider', { name: 'stop slider' }).first();
  const box = await slider.boundingBox();
  const at = (part) => [box.x + 8 + part * (box.width - 16), box.y + box.height / 2];
  const found = [];
  await page.mouse.move(...at(0.5));
  const start = await finalPicture(page);
  await page.mouse.down();
  await page.waitForTimeout(REST);
  let shown = Math.max(start, await finalPicture(page));
  for (let number = 0; number < count; number++) {
    const worked = processor(pid);
    await page.evaluate(() => { window.seen.pictures = []; });
    await page.mouse.move(...at(0.55 + 0.01 * (number % 30)));
    const times = await page.waitForFunction((before) => {
      const { moved, pictures } = window.seen;
      const own = pictures.filter((one) => one.revision > before);
      const final = own.find((one) => one.stage === 'final');
      return final ? { first: (own[0].time - moved) / 1000, final: (final.time - moved) / 1000, revision: final.revision } : null;
    }, shown, { timeout: LEAST });
    const { first, final, revision } = await times.jsonValue();
    shown = revision;
    found.push({ first, final, processor: processor(pid) - worked });
  }
  await page.mouse.up();
  return found;
}

const [graph, count] = process.argv.slice(2);
const browser = await startBrowser();
const began = performance.now();
const studio = await startStudio([graph, 'device=cpu', 'port=0']);
try {
  const { page } = await openPage(browser, studio.address);
  await page.waitForFunction(() => document.querySelector('.bitmap[data-stage="final"]'), null, { timeout: LEAST });
  const seconds = (performance.now() - began) / 1000;
  const worked = processor(studio.pid);
  await watch(page);
  const moves = Number(count) > 0 ? await gestures(page, Number(count), studio.pid) : [];
  process.stdout.write(`${JSON.stringify({ browser: browser.version(), begun: { seconds, processor: worked }, gestures: moves })}\n`);
} finally {
  await browser.close();
  await studio.remove();
}
