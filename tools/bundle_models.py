"""Convert the generators that come with the package, and write a card with a sample grid for each.

    python tools/bundle_models.py landscape=landscape-64.pt avatar=avatar-64.pt

Each checkpoint (rosinality format) becomes `<name>.safetensors`, `<name>.md` and `<name>.png` in
`fgraph/stylegan/bundled`. Weights are stored in float16 where the images of 64 seeds, in [-1, 1], stay within 1/255 of
those of the float32 original, else in float32; the largest difference is printed and put on the card.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from fgraph.stylegan.checkpoint import load_generator, save_generator
from fgraph.stylegan.generator import Generator

SEEDS = 64
GRID = 8  # by 8 samples
PSI = 0.8
LIMIT = 1 / 255  # images span [-1, 1], so this is half a step of 8 bits
FOLDER = Path(__file__).resolve().parent.parent / "fgraph" / "stylegan" / "bundled"


@dataclass(frozen=True)
class Facts:
    """What a card says that cannot be read from the checkpoint."""

    title: str
    license: str
    origin: str
    shows: str
    data: str
    data_license: str
    training: str
    limits: str


_TRAINED = (
    "On a CPU, one thread: batch 16, Adam 2e-3 (beta 0, 0.99), non-saturating logistic loss, lazy R1 every 16 steps, "
    "style mixing 0.7, horizontal flips, moving average of the weights with a half-life of 5,000 images. Grown: "
    "trained at 32 pixels, then with one block more in generator and discriminator."
)

FACTS = {
    "landscape": Facts(
        title="Layered landscapes, 64 pixels",
        license="Apache-2.0",
        origin="trained for fgraph on its own procedural paintings",
        shows="Landscapes in layers: sky, sun or moon, clouds, ridges, conifers, water.",
        data="14,000 pictures of a procedural painter written for this project; nothing was photographed or collected.",
        data_license="Apache-2.0, as the project.",
        training=f"{_TRAINED} R1 gamma 0.2, then 0.5. Images seen: 107,728, of which some 43,000 at 32 pixels.",
        limits=(
            "Made to show edits quickly, not to look real: skies, ridges and conifers are clear, fine texture is "
            "streaky, water and sharp peaks are rare, and the sun or moon is a soft patch."
        ),
    ),
    "avatar": Facts(
        title="Drawn avatars, 64 pixels",
        license="Apache-2.0 (weights); avatar design by Pablo Stanley, free for personal and commercial use",
        origin="trained for fgraph on avatars drawn by DiceBear, style avataaars by Pablo Stanley",
        shows="Drawn heads, seen from the front, on a plain background.",
        data="10,000 avatars drawn by DiceBear 9 in the style avataaars, cropped to the head.",
        data_license=(
            'Design by Pablo Stanley, "free for personal and commercial use" as DiceBear states it; '
            "the code of DiceBear is MIT."
        ),
        training=(
            f"{_TRAINED} R1 gamma 0.2, then 0.5. Images seen: 42,416 at 32 pixels, then the stage at "
            "64 pixels, of about 120,000."
        ),
        limits=(
            "The discriminator lost its old fromRGB layer when it was grown, which left speckles on hair and faces and "
            "uneven eyes; raising gamma to 4 did not cure that. Colours, hair and the shape of the head are reliable. "
            "The faces are drawings of nobody."
        ),
    ),
}


def main() -> None:
    """Convert the checkpoints named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="name=checkpoint.pt", help=f"names: {', '.join(FACTS)}")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write (default: the package)")
    arguments = parser.parse_args()
    for entry in arguments.models:
        name, _, path = entry.partition("=")
        if name not in FACTS or not path:
            parser.error(f"{entry!r} is not name=path with a name of {', '.join(FACTS)}")
        bundle(name, Path(path), arguments.folder)


def bundle(name: str, source: Path, folder: Path) -> None:
    """Convert one checkpoint and write its card."""
    facts = FACTS[name]
    loaded = load_generator(source)
    described = {"title": facts.title, "license": facts.license, "origin": facts.origin}
    generator = replace(loaded, name=name, metadata={**loaded.metadata, **described})
    difference = half_difference(generator)
    half = difference <= LIMIT
    target = folder / f"{name}.safetensors"
    save_generator(generator, target, half=half)
    draw_grid(load_generator(target), folder / f"{name}.png")
    stored = f"{'float16' if half else 'float32'} (images of {SEEDS} seeds in float16 differ by at most "
    stored += f"{difference * 255:.2f}/255, at a range of [-1, 1])"
    (folder / f"{name}.md").write_text(card(name, facts, load_generator(target), stored), encoding="utf-8")
    print(f"{target}: {target.stat().st_size / 1e6:.2f} MB, {stored}")


def half_difference(generator: Generator) -> float:
    """The largest difference, over 64 seeds, between images of a generator and of its float16 file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "half.safetensors"
        save_generator(generator, path, half=True)
        return float((images(load_generator(path), 1.0) - images(generator, 1.0)).abs().max())


@torch.inference_mode()
def images(generator: Generator, psi: float) -> Tensor:
    """Images [64, 3, size, size] in [-1, 1] of seeds 0 to 63, with constant noise."""
    z = torch.cat(
        [torch.randn(1, generator.table.z_dim, generator=torch.Generator().manual_seed(i)) for i in range(SEEDS)]
    )
    w = generator.truncate(generator.map(z), psi)
    return generator.synthesise(generator.affine(w)).clamp(-1, 1)


def draw_grid(generator: Generator, path: Path) -> None:
    """Write an 8 x 8 grid of samples."""
    size = generator.table.size
    pixels = ((images(generator, PSI) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    grid = pixels.reshape(GRID, GRID, size, size, 3).transpose(0, 2, 1, 3, 4).reshape(GRID * size, GRID * size, 3)
    # A palette of 256 colours keeps the package small.
    Image.fromarray(np.ascontiguousarray(grid)).quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def card(name: str, facts: Facts, generator: Generator, stored: str) -> str:
    """The model card, in Markdown."""
    table = generator.table
    channels = ", ".join(f"{resolution}: {count}" for resolution, count in table.channels)
    return f"""# {facts.title}

{facts.shows} Its name in graphs is `{name}`.

![64 samples]({name}.png)

64 samples, psi {PSI}, constant noise, in 256 colours.

| | |
| --- | --- |
| Architecture | StyleGAN2, skip generator, {table.size} x {table.size} |
| Channels | {channels} |
| Latents | z and w of {table.w_dim} dimensions, {table.mapping_layers} mapping layers, S of {table.style_length} |
| Stored as | {stored} |
| SHA-256 of the tensors | `{generator.digest}` |
| Licence of the weights | {facts.license} |

## Data

{facts.data} Licence: {facts.data_license}

## Training

{facts.training}

## Limits

{facts.limits}
"""


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
