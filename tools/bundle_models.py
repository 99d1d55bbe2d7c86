"""Convert the generators that come with the package, and write a card with a sample grid for each.

    python tools/bundle_models.py landscape=landscape-64.pt avatar=avatar-64.pt

Each checkpoint, of any format, becomes `<name>.safetensors`, `<name>.md` and `<name>.webp`, in
`fgraph/stylegan/bundled`. If the model is in the folder of a training, its losses become `<name>-losses.svg`. The
figures on a card come from `examples/training/figures.json`, where `examples/training/quality.py` puts them for the
file written here: measure that file, then run this script again with `--cards`. Weights are stored in float16 if the
images of 64 seeds, in [-1, 1], differ by at most 1/255 from the images of the float32 original, otherwise in float32.
The largest difference is printed and put on the card.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from model_facts import FACTS, Facts, describe_training
from PIL import Image
from torch import Tensor

from fgraph.runtime.kernels.seeds import codes_of_seeds
from fgraph.stylegan.checkpoints.header import read_header
from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.loading import load_stylegan2

SEEDS = 64
GRID = 8  # rows and columns of the grid
PSI = 0.8
LIMIT = 1 / 255  # images span [-1, 1], so this is half a step of 8 bits
ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "fgraph" / "stylegan" / "bundled"
FIGURES = ROOT / "examples" / "training" / "figures.json"


def main() -> None:
    """Convert the checkpoints named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="name=checkpoint", help=f"names: {', '.join(FACTS)}")
    parser.add_argument("--cards", action="store_true", help="only write the cards of all models again")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write (default: the package)")
    arguments = parser.parse_args()
    for entry in arguments.models:
        name, _, path = entry.partition("=")
        if name not in FACTS or not path:
            parser.error(f"{entry!r} is not name=path with a name of {', '.join(FACTS)}")
        bundle(name, Path(path), arguments.folder)
    for name in FACTS if arguments.cards else ():
        if (arguments.folder / f"{name}.safetensors").exists():
            write_card(name, arguments.folder)


def bundle(name: str, source: Path, folder: Path) -> None:
    """Convert one checkpoint and write its card."""
    facts, loaded = FACTS[name], load_stylegan2(source)
    difference = half_difference(loaded)
    half = difference <= LIMIT
    stored = f"{'float16' if half else 'float32'} (images of {SEEDS} seeds in float16 differ by at most "
    stored += f"{difference * 255:.2f}/255, at a range of [-1, 1])"
    described = {"title": facts.title, "license": facts.license, "origin": facts.origin, "stored": stored}
    target = folder / f"{name}.safetensors"
    save_generator(replace(loaded, name=name, metadata={**loaded.metadata, **described}), target, half=half)
    draw_grid(load_stylegan2(target), folder / f"{name}.webp")
    if (curve := source.parent / "losses.svg").exists():
        shutil.copyfile(curve, folder / f"{name}-losses.svg")
    write_card(name, folder)
    print(f"{target}: {target.stat().st_size / 1e6:.2f} MB, {stored}")


def write_card(name: str, folder: Path) -> None:
    """Write the card of a model in the folder."""
    path = folder / f"{name}.md"
    model = load_stylegan2(folder / f"{name}.safetensors")
    if "stored" not in model.metadata and path.exists():  # an older file, for which only the card states it
        (stored,) = re.findall(r"\| Stored as \| (.*) \|", path.read_text("utf-8"))
        model = replace(model, metadata={**model.metadata, "stored": stored})
    known = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    figures = known.get(name, {})
    parts = [card(name, FACTS[name], model, describe_training(name, images_seen(folder)))]
    if (folder / f"{name}-losses.svg").exists():
        parts.append(
            f"## Curve\n\n![losses over images]({name}-losses.svg)\n\nThe losses of the last stage of the training.\n"
        )
    if figures.get("digest") == model.digest:
        parts += [describe_figures(name, known), describe_progress(name, known)]
    path.write_text("\n".join(filter(None, parts)), encoding="utf-8")


def images_seen(folder: Path) -> dict[str, int]:
    """Return the images of all stages of the training of each model in the folder, from the metadata of the files."""
    files = {name: folder / f"{name}.safetensors" for name in FACTS}
    return {name: int(read_header(str(file)).metadata["images_seen"]) for name, file in files.items() if file.exists()}


def describe_figures(name: str, known: dict[str, Any]) -> str:
    """Return the part of a model card that compares the model, and those before it, with the data."""
    figures = known[name]
    sizes = list(figures["swd model"])
    rows = [
        ("the model", figures, "model"),
        ("the former model", known.get(f"{name} former"), "model"),
        ("the first model", known.get(f"{name} first"), "model"),
        ("the data against itself", figures, "data"),
    ]
    lines = [
        f"| {label} | {' | '.join(str(found[f'swd {key}'][side]) for side in sizes)} | {found[f'swd mean {key}']} "
        f"| {found[f'frechet {key}']} | {found[f'precision {key}']} | {found[f'recall {key}']} |"
        for label, found, key in rows
        if found
    ]
    explanation = (
        f"Of {figures['images']:,} images of {figures['size']} pixels at psi {figures['truncation']:g}; by "
        "`examples/training/quality.py`, which says what they are. Of distances, lower is nearer. Features are those "
        "of EfficientNet-Lite0, so the Fréchet distance is not the FID of papers. It rates the model too well, because "
        "the model learned from features of that network. The former models are measured against the data that they "
        "learned from.\n"
    )
    if figures.get("noise"):
        explanation += f"\nOther noise changes an image by {figures['noise']} levels of 255 on average.\n"
    head = f"| | {' | '.join(f'SWD {side}' for side in sizes)} | SWD mean | Fréchet | precision | recall |"
    return "\n".join(["## Figures\n", head, f"| {' | '.join(['---'] * (len(sizes) + 5))} |", *lines, "", explanation])


def describe_progress(name: str, known: dict[str, Any]) -> str:
    """Return the part of a model card with the figures of the snapshots of its training, named `NAME after IMAGES`."""
    after = {int(key.rpartition(" ")[2]): found for key, found in known.items() if key.startswith(f"{name} after ")}
    if not after:
        return ""
    size = str(known[name]["size"])
    lines = [
        f"| {images:,} | {found['frechet model']} | {found['swd model'][size]} | {found['swd mean model']} "
        f"| {found['precision model']} | {found['recall model']} |"
        for images, found in sorted(after.items())
    ]
    head = f"| images of the last stage | Fréchet | SWD {size} | SWD mean | precision | recall |"
    return "\n".join(["## Snapshots of the training\n", head, "| --- | --- | --- | --- | --- | --- |", *lines, ""])


def half_difference(generator: StyleGAN2Generator) -> float:
    """Return the largest difference, over 64 seeds, between images of a generator and of its float16 file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "half.safetensors"
        save_generator(generator, path, half=True)
        return float((images(load_stylegan2(path), 1.0) - images(generator, 1.0)).abs().max())


@torch.inference_mode()
def images(generator: StyleGAN2Generator, psi: float) -> Tensor:
    """Return images [64, 3, size, size] in [-1, 1] of seeds 0 to 63, with constant noise."""
    w = generator.truncate(generator.map(codes_of_seeds(range(SEEDS), generator.table.z_dim)), psi)
    return generator.synthesise(generator.affine(w)).clamp(-1, 1)


def draw_grid(generator: StyleGAN2Generator, path: Path) -> None:
    """Write an 8 x 8 grid of samples."""
    size = generator.table.resolution
    pixels = ((images(generator, PSI) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    grid = pixels.reshape(GRID, GRID, size, size, 3).transpose(0, 2, 1, 3, 4).reshape(GRID * size, GRID * size, 3)
    Image.fromarray(np.ascontiguousarray(grid)).save(path, quality=90, method=6)


def card(name: str, facts: Facts, generator: StyleGAN2Generator, training: str) -> str:
    """Return the model card, in Markdown."""
    table = generator.table
    stored = generator.metadata.get("stored", "float16")
    channels = ", ".join(f"{resolution}: {count}" for resolution, count in table.channels)
    return f"""# {facts.title}

{facts.shows} Its name in graphs is `{name}`.

![64 samples]({name}.webp)

64 samples, none selected, psi {PSI}, constant noise.

| | |
| --- | --- |
| Architecture | StyleGAN2, skip generator, {table.size[0]} x {table.size[1]} |
| Channels | {channels} |
| Latents | z and w of {table.w_dim} dimensions, {table.mapping_layers} mapping layers, S of {table.style_length} |
| Stored as | {stored} |
| SHA-256 of the tensors | `{generator.digest}` |
| Licence of the weights | {facts.license} |

## Data

{facts.data} Licence: {facts.data_license}

## Training

{training}

## Limits

{facts.limits}
"""


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
