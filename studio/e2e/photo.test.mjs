/** A photograph: dropped, framed, its points moved by hand, encoded, edited by a slider, pasted, downloaded. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import { drop, finalPicture, number, openPage, ROOT, startBrowser, startStudio, textHas, textOf } from './studio.mjs';

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
  await number(page.locator('.chosen-face .handle'), 4);
});

test('points are moved by hand, and by the keys', async () => {
  for (const [index, point] of POINTS.entries()) await drag(handle(index), ...(await placeOf(point)));
  await handle(3).focus();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('tab', { name: 'YAML' }).click();
  const expected = POINTS.map(([x, y], index) => [x + (index === 3 ? 1 : 0), y]);
  await page.waitForFunction((places) => {
    const text = document.querySelector('.yaml textarea')?.value ?? '';
    const found = JSON.parse(/align: ffhq.*points: (\[\[.*?\]\])/.exec(text)?.[1] ?? '[]');
    return found.length === places.length && found.every(([x, y], index) => Math.hypot(x - places[index][0], y - places[index][1]) < 3);
  }, expected).catch(async () => assert.fail(`${await textOf(page)}\nhas not the points ${JSON.stringify(expected)}`));
  await page.getByRole('tab', { name: 'Photograph' }).click();
});

test('a named slider edits the photograph, and the quality of the inversion is shown', async () => {
  await page.getByRole('textbox', { name: 'steps' }).fill('10');
  await page.keyboard.press('Enter');
  const slider = page.locator('.photo').getByRole('slider', { name: 'glasses', exact: true });
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

/** Draw two heads in a room, and write a graph that edits the first of them, with the points of both in a file. */
const PAIR = `
import json, sys
from pathlib import Path
from PIL import Image
import graphs
folder = Path(sys.argv[1])
head = Image.open(Path(next(iter(graphs.__path__))) / "pictures" / "avatar.png").convert("RGB").resize((240, 240))
room = Image.linear_gradient("L").resize((900, 400)).convert("RGB")
points = [[89, 128], [151, 128], [95, 184], [145, 184]]
places = [(100, 60), (560, 100)]
for place in places:
    room.paste(head, place)
room.save(folder / "pair.png")
faces = [[[x + left, y + top] for x, y in points] for left, top in places]
(folder / "pair.json").write_text(json.dumps({"pair.png": faces}))
(folder / "pair.yaml").write_text("""version: 1
models: {main: avatar}
nodes:
  photo: {op: photo, file: pair.png, align: ffhq, landmarks: pair.json}
  code: {op: encode, of: photo}
  edit: {op: direction, kind: named, of: code, name: avatar.long_hair, strength: 2}
  inverted: {op: decode, of: code}
  edited: {op: decode, of: edit}
  pasted: {op: paste, of: edited, onto: photo, inverted: inverted}
outputs: [pasted, photo]
""")
`;

/** Print how many pixels of the left and of the right half of a picture differ from another one. */
const HALVES = `
import sys
import numpy as np
from PIL import Image
before, after = (np.asarray(Image.open(path).convert("RGB"), dtype=int) for path in sys.argv[1:3])
changed = (before != after).any(axis=2)
print(changed[:, :450].sum(), changed[:, 450:].sum())
`;

test('all faces of a photograph are cut out and edited, and the points of each move by hand', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pair-'));
  python(PAIR, folder);
  const own = await startStudio(['pair.yaml'], folder);
  const { page: pair, context } = await openPage(browser, own.address);
  try {
    await finalPicture(pair);
    await pair.getByRole('tab', { name: 'Photograph' }).click();
    const changed = async () => {
      const [download] = await Promise.all([pair.waitForEvent('download'), pair.getByRole('button', { name: 'Download' }).click()]);
      const made = join(folder, 'made.png');
      writeFileSync(made, readFileSync(await download.path()));
      return python(HALVES, join(folder, 'pair.png'), made).trim().split(' ').map(Number);
    };
    const [left, right] = await changed();
    assert.ok(left > 1000 && right === 0, `${left} pixels of the first face changed, ${right} of the second`);
    await pair.getByRole('button', { name: 'All faces' }).click();
    await number(pair.locator('.chosen-face .handle'), 8);
    await pair.locator('[data-handle="point-4"]').focus();
    await pair.keyboard.press('ArrowLeft');
    await textHas(pair, /photo:.*\[648, 228\].*face: all/);
    await pair.getByRole('tab', { name: 'Photograph' }).click();
    assert.ok((await changed()).every((count) => count > 1000), 'both faces are edited');
    await pair.getByRole('button', { name: 'Face 2', exact: true }).click();
    await pair.locator('.chosen-face').nth(1).waitFor({ state: 'detached' });
    const [first, second] = await changed();
    assert.ok(first === 0 && second > 1000, `${first} pixels of the first face changed, ${second} of the second`);
  } finally {
    await context.close();
    await own.remove();
  }
});
