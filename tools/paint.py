"""Paint the pictures in graphs/pictures/: a small landscape, and a room with a portrait that hangs askew.

python tools/paint.py [FOLDER]
"""

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIZE = 64
SCALE = 4  # the picture is drawn larger, then averaged down, for smooth edges
SKY = ((126, 170, 208), (236, 214, 190))  # zenith, horizon
HILLS = ((150, 168, 182), (104, 134, 136), (62, 98, 92), (34, 62, 58))  # far to near
FOLDER = Path(__file__).resolve().parent.parent / "graphs" / "pictures"
ROOM = (640, 480)
PORTRAIT = (400, 190, 150, 8)  # centre x and y, side, degrees counter-clockwise

Floats = NDArray[np.float64]


def paint_sky(size: int) -> Floats:
    """Return a vertical gradient with a low sun, [size, size, 3]."""
    height = np.linspace(0, 1, size)[:, None, None] ** 0.8
    sky = (1 - height) * np.array(SKY[0]) + height * np.array(SKY[1])
    y, x = np.mgrid[:size, :size] / size
    glow = np.exp(-((x - 0.68) ** 2 + (y - 0.34) ** 2) / 0.012)[:, :, None]
    painted: Floats = sky + np.zeros((size, size, 1)) + glow * (255 - sky) * 0.8
    return painted


def draw_ridge(size: int, level: float, roughness: float, random: np.random.Generator) -> Floats:
    """Return the height of a ridge over each column, as a fraction from the top: a sum of sines, finer ones weaker."""
    x = np.linspace(0, 1, size)
    ridge = np.full(size, level)
    for octave in range(1, 7):
        phase, bend = random.uniform(0, 2 * np.pi, 2)
        ridge += roughness / octave**1.3 * np.sin(2 * np.pi * octave * x + phase + 0.5 * np.sin(2 * np.pi * x + bend))
    return ridge


def paint(size: int = SIZE, seed: int = 5) -> Image.Image:
    """Paint hills behind hills under a morning sky."""
    random = np.random.default_rng(seed)
    large = size * SCALE
    canvas = paint_sky(large)
    y = np.linspace(0, 1, large)[:, None]
    for number, colour in enumerate(HILLS):
        level = 0.46 + 0.14 * number
        ridge = draw_ridge(large, level, 0.035 + 0.006 * number, random)
        depth = np.clip((y - ridge) / 0.3, 0, 1)[:, :, None]  # mist rises from the foot of each hill
        hill = (1 - 0.35 * depth) * np.array(colour) + 0.35 * depth * np.array(SKY[1])
        canvas = np.where((y > ridge)[:, :, None], hill, canvas)
    small = canvas.reshape(size, SCALE, size, SCALE, 3).mean(axis=(1, 3))
    return Image.fromarray(np.clip(np.rint(small), 0, 255).astype(np.uint8))


def draw_portrait(seed: int = 4) -> Image.Image:
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
    turned = large.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    turned = turned.resize((turned.width // SCALE, turned.height // SCALE), Image.Resampling.BOX)
    room.paste(turned, (PORTRAIT[0] - turned.width // 2, PORTRAIT[1] - turned.height // 2), turned)
    return room


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    paint().save(folder / "landscape.png")
    paint_room(draw_portrait()).save(folder / "room.png", optimize=True)
    (folder / "room.json").write_text(json.dumps({"room.png": landmarks()}) + "\n", encoding="utf-8")
    print(folder)
