/** Measure how a graph of 200 nodes pans: frames a second while the mouse drags it, and without a drag. */

import { finalPicture, manyNodes, openPage, setYaml, startBrowser, startStudio } from './studio.mjs';

const NODES = 200;
const SECONDS = 3;

const count = (page) => page.evaluate((seconds) => new Promise((resolve) => {
  const began = performance.now();
  let frames = 0;
  const next = (now) => {
    frames++;
    if (now - began > 1000 * seconds) resolve((1000 * frames) / (now - began));
    else requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}), SECONDS);

async function pan(page) {
  const box = await page.locator('.react-flow__pane').boundingBox();
  const middle = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(...middle);
  await page.mouse.down({ button: 'left' });
  const counted = count(page);
  const end = performance.now() + 1000 * SECONDS;
  for (let step = 0; performance.now() < end; step++) await page.mouse.move(middle[0] + 150 * Math.sin(step / 8), middle[1] + 60 * Math.cos(step / 8));
  await page.mouse.up();
  return counted;
}

const studio = await startStudio(['blend_horizontal']);
const browser = await startBrowser();
try {
  const { page } = await openPage(browser, studio.address);
  await finalPicture(page);
  await setYaml(page, manyNodes(NODES));
  await page.getByRole('tab', { name: /^Graph/ }).click();
  await page.locator('.react-flow__node').nth(20).waitFor();
  await page.waitForTimeout(2000);
  const free = await count(page);
  const far = await pan(page);
  const shown = await page.locator('.react-flow__node').count();
  for (let step = 0; step < 6; step++) await page.locator('.react-flow__controls-zoomin').click();
  await page.waitForTimeout(800);
  const near = await pan(page);
  process.stdout.write(`${NODES} nodes, ${shown} in view: ${far.toFixed(0)} frames a second while panning, ${near.toFixed(0)} with a part in view, ${free.toFixed(0)} at rest\n`);
} finally {
  await browser.close();
  await studio.remove();
}
