/** A photograph: dropped, framed, its points moved by hand, encoded, edited by a slider, pasted, downloaded. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import { drop, finalPicture, openPage, ROOT, startBrowser, startStudio } from './studio.mjs';

const PYTHON = process.env.PYTHON ?? 'python';
const python = (code, ...given) => execFileSync(PYTHON, ['-c', code, ...given], { encoding: 'utf8', env: { ...process.env, PYTHONPATH: ROOT } });

/** Write a drawn head in a plain room, 900 x 600, as a JPEG that a camera held sideways, with a profile. */
const DRAW = `
import sys
from pathlib import Path
from PIL import Image, ImageCms
import graphs
head = Image.open(Path(next(iter(graphs.__path__))) / "pictures" / "avatar.png").convert("RGB")
room = Image.linear_gradient("L").resize((900, 600)).convert("RGB")
room.paste(head.resize((320, 320), Image.Resampling.BICUBIC), (440, 150))
exif = Image.Exif()
exif[0x010F], exif[0x0112] = "A camera", 6
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
room.transpose(Image.Transpose.ROTATE_90).save(sys.argv[1], quality=95, exif=exif, icc_profile=profile)
`;

/** Compare a download with the photograph and with what the saved graph makes: outside of a square nothing differs. */
const COMPARE = `
import sys
import numpy as np
from PIL import Image
before, after, alone = (Image.open(path) for path in sys.argv[1:4])
assert after.size == before.size == (600, 900), after.size
assert dict(after.getexif()) == dict(before.getexif())
assert after.info["icc_profile"] == before.info["icc_profile"]
upright = [np.asarray(one.transpose(Image.Transpose.ROTATE_270), dtype=int) for one in (before, after, alone)]
assert (upright[1] == upright[2]).all(), "the saved graph makes other pixels"
changed = (upright[0] != upright[1]).any(axis=2)
rows, columns = np.nonzero(changed)
print(rows.min(), rows.max(), columns.min(), columns.max(), changed.sum())
`;

let studio, browser, page, faults, file;

before(async () => {
  studio = await startStudio(['blend_horizontal']);
  browser = await startBrowser();
  ({ page, faults } = await openPage(browser, studio.address));
  await finalPicture(page);
  file = join(studio.folder, 'head.jpg');
  python(DRAW, file);
});

after(async () => {
  await browser?.close();
  await studio?.remove();
});

const yaml = () => page.evaluate(() => document.querySelector('.yaml textarea')?.value ?? '');
const handle = (index) => page.locator(`[data-handle="point-${index}"]`);
const drag = async (locator, x, y) => {
  const box = await locator.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(x, y, { steps: 5 });
  await page.mouse.up();
};
/** Return the place of a pixel of the photograph on the page. */
const placeOf = async ([x, y]) => {
  const box = await page.locator('.bitmap[data-stage="photograph"]').boundingBox();
  return [box.x + ((x + 0.5) / 900) * box.width, box.y + ((y + 0.5) / 600) * box.height];
};
const POINTS = [[559, 320], [641, 320], [567, 395], [633, 395]]; // in the drawn head
const SQUARE = { top: 163, bottom: 492, left: 436, right: 764 }; // of these points: 164 pixels around (600, 327.5)
const AWAY = 8; // pixels that the hand may be off, as the square is four eye distances wide

test('a dropped photograph is opened, upright, and its face is framed', async () => {
  await drop(page, 'head.jpg', readFileSync(file));
  await page.getByRole('button', { name: 'Edit the photograph' }).click();
  const shown = page.locator('.bitmap[data-stage="photograph"]');
  await shown.waitFor();
  const box = await shown.boundingBox();
  assert.ok(Math.abs(box.width / box.height - 1.5) < 0.02);
  await page.locator('.photo [role="status"]', { hasText: /face|points/i }).first().waitFor();
  await page.getByRole('button', { name: 'Points by hand' }).click();
  await page.locator('.chosen-face').waitFor();
  assert.equal(await page.locator('.chosen-face .handle').count(), 4);
});

test('points are moved by hand, and by the keys', async () => {
  for (const [index, point] of POINTS.entries()) await drag(handle(index), ...(await placeOf(point)));
  await handle(3).focus();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('tab', { name: 'YAML' }).click();
  await page.waitForFunction(() => /align: ffhq/.test(document.querySelector('.yaml textarea')?.value ?? ''));
  const found = JSON.parse(/points: (\[\[.*?\]\])/.exec(await yaml())[1]);
  for (const [index, [x, y]] of found.entries()) assert.ok(Math.hypot(x - POINTS[index][0] - (index === 3 ? 1 : 0), y - POINTS[index][1]) < 3, `${x}, ${y}`);
  await page.getByRole('tab', { name: 'Photograph' }).click();
});

test('a named slider edits the photograph, and the quality of the inversion is shown', async () => {
  await page.getByRole('textbox', { name: 'steps' }).fill('10');
  await page.keyboard.press('Enter');
  const slider = page.locator('.photo').getByRole('slider', { name: 'smile', exact: true });
  await slider.fill('0.8');
  await slider.blur();
  await page.locator('.bitmap[aria-label^="pasted"][data-stage="final"]').waitFor({ timeout: 60_000 });
  await page.locator('.photo', { hasText: /inversion: \d+\.\d dB/ }).waitFor();
});

test('the download has the size and the metadata of the photograph, and the saved graph makes the same pixels', async () => {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
  await page.locator('.canvas').focus();
  await page.keyboard.press('Control+s');
  await page.getByRole('dialog', { name: 'Save the graph' }).getByRole('button', { name: 'Save' }).click();
  const notice = page.locator('.notice', { hasText: 'Saved as' });
  await notice.waitFor();
  const graph = /Saved as (\S+)/.exec(await notice.innerText())[1];
  const run = execFileSync(PYTHON, ['-m', 'fgraph', graph], { cwd: studio.folder, encoding: 'utf8', env: { ...process.env, PYTHONPATH: ROOT } });
  const [alone] = /\S+pasted\.png/.exec(run);
  const made = join(studio.folder, 'made.png');
  writeFileSync(made, readFileSync(await download.path()));
  const [top, bottom, left, right, count] = python(COMPARE, file, made, resolve(studio.folder, alone)).trim().split(' ').map(Number);
  assert.ok(count > 1000, `${count} pixels changed`);
  const inside = top >= SQUARE.top - AWAY && bottom <= SQUARE.bottom + AWAY && left >= SQUARE.left - AWAY && right <= SQUARE.right + AWAY;
  assert.ok(inside, `changed: ${top} to ${bottom}, ${left} to ${right}`);
});

test('the code is that of the encoder alone, or found without one', async () => {
  await page.getByRole('checkbox', { name: 'refine' }).click();
  await page.getByRole('tab', { name: 'YAML' }).click();
  await page.waitForFunction(() => !/op: invert/.test(document.querySelector('.yaml textarea')?.value ?? 'op: invert'));
  await page.getByRole('tab', { name: 'Photograph' }).click();
  await page.getByRole('checkbox', { name: 'refine' }).click();
  await page.getByRole('checkbox', { name: 'encode', checked: true, disabled: false }).click();
  await page.getByRole('tab', { name: 'YAML' }).click();
  await page.waitForFunction(() => /op: invert/.test(document.querySelector('.yaml textarea')?.value ?? '') && !/op: encode/.test(document.querySelector('.yaml textarea')?.value ?? ''));
  assert.deepEqual(faults, []);
});
