"""Paint the pictures in graphs/pictures/ and bench/quality/data/landscapes/, which no model has seen.

python tools/paint.py

A landscape and a head by the painters of the bundled models, a room with a tilted portrait, and the eight
landscapes of the benchmarks.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fgraph._imaging.encode import to_pixels
from fgraph.training.painters import PaintedBatches, load_painter

SIZE = 64
SCALE = 4  # the room is drawn larger, then averaged down, for smooth edges
SEED = 77  # of pictures that no training has used
LANDSCAPE, HEAD, MEASURED = 3, 2, range(100, 108)  # numbers of paintings
ROOT = Path(__file__).resolve().parent.parent
FOLDER, MEASURED_FOLDER = ROOT / "graphs" / "pictures", ROOT / "bench" / "quality" / "data" / "landscapes"
ROOM = (640, 480)
PORTRAIT = (400, 190, 150, 8)  # centre x and y, side, degrees counter-clockwise

Floats = NDArray[np.float64]


def paint(painter: str, number: int) -> Image.Image:
    """Return picture `number` of a painter of examples/training."""
    painted = PaintedBatches(load_painter(ROOT / "examples" / "training" / painter), SIZE, SEED, flip=False)
    return Image.fromarray(to_pixels(painted.take(number, 1, "picture")[0].numpy()))


def draw_portrait(seed: int = 34) -> Image.Image:
    """Return a face as the bundled model draws it."""
    import fgraph

    graph = {"code": {"op": "sample", "seed": seed, "truncation": 0.7}, "image": {"op": "decode", "of": "code"}}
    made: fgraph.Image = fgraph.run({"models": {"main": "avatar"}, "nodes": graph, "outputs": ["image"]})["image"]
    return made.to_pil()


def portrait_corners() -> Floats:
    """Return the corners of the portrait in the room: upper left, lower left, lower right, upper right, [4, 2]."""
    x, y, side, degrees = PORTRAIT
    angle = np.radians(degrees)
    across = np.array([np.cos(angle), -np.sin(angle)]) * side / 2
    down = np.array([np.sin(angle), np.cos(angle)]) * side / 2
    signs = ((-1, -1), (-1, 1), (1, 1), (1, -1))
    corners: Floats = np.array([np.array([x, y]) + i * across + j * down for i, j in signs])
    return corners


def landmarks() -> list[list[float]]:
    """Return the eyes and the corners of the mouth for which FFHQ's square of a face is the portrait."""
    upper_left, lower_left, _, upper_right = portrait_corners()
    places = ((0.375, 0.475), (0.625, 0.475), (0.4, 0.725), (0.6, 0.725))
    found = (upper_left + x * (upper_right - upper_left) + y * (lower_left - upper_left) for x, y in places)
    return [[round(float(one), 2) for one in point] for point in found]


def paint_room(portrait: Image.Image) -> Image.Image:
    """Paint a wall with a framed portrait, above a sideboard with a vase."""
    width, height = ROOM
    light = np.linspace(232, 206, height * SCALE)[:, None, None] + np.array([0, -6, -22])
    canvas = Image.fromarray(np.broadcast_to(light, (height * SCALE, width * SCALE, 3)).astype(np.uint8))
    pen = ImageDraw.Draw(canvas)

    def box(corners: tuple[float, ...], colour: str) -> None:
        pen.rectangle([one * SCALE for one in corners], fill=colour)

    box((0, 400, width, height), "#6d5541")
    box((60, 340, 580, 352), "#4d3524")
    box((76, 352, 564, 452), "#7d5a3c")
    for left in (86, 246, 406):
        box((left, 362, left + 148, 442), "#8d6a49")
        pen.ellipse([one * SCALE for one in (left + 68, 396, left + 80, 408)], fill="#4d3524")
    pen.ellipse([one * SCALE for one in (150, 268, 206, 340)], fill="#3f6f7c")
    box((166, 250, 190, 280), "#3f6f7c")
    for x, y in ((150, 190), (178, 170), (206, 196)):
        pen.line([one * SCALE for one in (178, 255, x, y)], fill="#4f7a3e", width=3 * SCALE)
        pen.ellipse([one * SCALE for one in (x - 14, y - 14, x + 14, y + 14)], fill="#d9824a")
    for rim, colour in ((26, "#4a3423"), (20, "#a5834f"), (8, "#f3efe4")):
        grown = portrait_corners() * SCALE
        grown = grown.mean(axis=0) + (grown - grown.mean(axis=0)) * (1 + 2 * rim / PORTRAIT[2])
        pen.polygon([(float(x), float(y)) for x, y in grown], fill=colour)
    room = canvas.resize(ROOM, Image.Resampling.BOX)
    side, degrees = PORTRAIT[2:]
    large = portrait.convert("RGBA").resize((side * SCALE, side * SCALE), Image.Resampling.BICUBIC)
    rotated = large.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    rotated = rotated.resize((rotated.width // SCALE, rotated.height // SCALE), Image.Resampling.BOX)
    room.paste(rotated, (PORTRAIT[0] - rotated.width // 2, PORTRAIT[1] - rotated.height // 2), rotated)
    return room


if __name__ == "__main__":
    paint("landscapes.py:Landscapes", LANDSCAPE).save(FOLDER / "landscape.png")
    paint("heads.py:Heads", HEAD).save(FOLDER / "avatar.png")
    paint_room(draw_portrait()).save(FOLDER / "room.png", optimize=True)
    (FOLDER / "room.json").write_text(json.dumps({"room.png": landmarks()}) + "\n", encoding="utf-8")
    for place, number in enumerate(MEASURED):
        paint("landscapes.py:Landscapes", number).save(MEASURED_FOLDER / f"{place}.png")
