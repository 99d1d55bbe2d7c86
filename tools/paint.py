"""Paint the small landscape that graphs/graph/invert.yaml inverts.

python tools/paint.py [FILE]
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = 64
SCALE = 4  # drawn larger, then averaged down: smooth edges
SKY = ((126, 170, 208), (236, 214, 190))  # zenith, horizon
HILLS = ((150, 168, 182), (104, 134, 136), (62, 98, 92), (34, 62, 58))  # far to near
TARGET = Path(__file__).resolve().parent.parent / "graphs" / "pictures" / "landscape.png"

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


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.parent.mkdir(parents=True, exist_ok=True)
    paint().save(target)
    print(target)
