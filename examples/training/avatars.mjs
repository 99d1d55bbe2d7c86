// Draws avatars with DiceBear, cropped to the head, as PNG files:
//
//     npm install
//     node avatars.mjs avataaars 10000 DIR [SIZE] [FIRST]
//     node avatars.mjs toonHead 10000 DIR [SIZE] [FIRST]
//
// Designs: avataaars by Pablo Stanley (free for personal and commercial use), ToonHead by Johan Melin (CC BY 4.0).
// DiceBear's code is MIT, resvg-js MPL-2.0. The seed of picture i is `STYLE-i`, counted from FIRST (0), so that the same
// call draws the same set, and FIRST=10000 draws heads that the bundled models have not seen.
import { createAvatar } from '@dicebear/core';
import { avataaars, toonHead } from '@dicebear/collection';
import { Resvg } from '@resvg/resvg-js';
import fs from 'node:fs';
import path from 'node:path';

const backgroundColor = [
  'b6e3f4', 'c0aede', 'd1d4f9', 'ffd5dc', 'ffdfbf', '9fd8cb', 'f4d06f', '8aa6c1', 'e8998d', '6b9080', '3d5a80', '2b2d42',
];
const hairColor = ['a55728', '2c1b18', 'b58143', 'd6b370', '724133', '4a312c', 'f59797', 'ecdcbf', 'c93305', 'e8e1e1'];

// crop: left, top and side of the square that is kept, as fractions of the drawing. Both styles then stand alike.
const STYLES = {
  avataaars: {
    style: avataaars,
    crop: [0.14, 0.02, 0.72],
    options: {
      accessoriesProbability: 35,
      facialHairProbability: 20,
      mouth: ['default', 'disbelief', 'eating', 'grimace', 'sad', 'screamOpen', 'serious', 'smile', 'tongue', 'twinkle'],
      eyes: ['default', 'happy', 'side', 'surprised', 'wink', 'squint', 'closed', 'eyeRoll'],
    },
  },
  toonHead: { style: toonHead, crop: [0.14, 0.09, 0.72], options: { beardProbability: 20, hairColor } },
};

function draw({ style, crop, options }, seed, size) {
  const svg = createAvatar(style, { seed, backgroundColor, ...options }).toString();
  const side = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)[1]);
  const [left, top, kept] = crop.map((fraction) => fraction * side);
  const cropped = svg.replace(/viewBox="[^"]*"/, `viewBox="${left} ${top} ${kept} ${kept}"`);
  const font = { loadSystemFonts: false };
  return new Resvg(cropped, { font, fitTo: { mode: 'width', value: size } }).render().asPng();
}

const [name, count, folder, size = '128', first = '0'] = process.argv.slice(2);
if (!(name in STYLES) || !(Number(count) > 0) || !folder || !(Number(first) >= 0)) {
  console.error(`usage: node avatars.mjs ${Object.keys(STYLES).join('|')} COUNT DIR [SIZE] [FIRST]`);
  process.exit(2);
}
fs.mkdirSync(folder, { recursive: true });
for (let i = Number(first); i < Number(first) + Number(count); i++) {
  const file = path.join(folder, `${String(i).padStart(5, '0')}.png`);
  fs.writeFileSync(file, draw(STYLES[name], `${name}-${i}`, Number(size)));
}
console.log(`${folder}: ${count} avatars of style ${name}, ${size} pixels`);
