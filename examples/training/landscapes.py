"""Paints landscapes in layers: sky, sun or moon, clouds, ridges, conifers, snow, water.

    python landscapes.py FILE.zip [--count 14000] [--size 128] [--seed 0]

Nothing in the pictures is photographed or collected: all of it is drawn from `--seed`. A picture takes about 20 ms at
128 pixels. Each is painted at twice its size and averaged down, which smooths edges.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from noise import Floats, noise_field, noise_line
from numpy.random import Generator
from PIL import Image

SCALE = 2  # painted so much larger, then averaged down
SNOW = np.array([245.0, 248.0, 252.0])
# top of the sky, horizon, far ridge, near ridge, sun or moon
PALETTES = (
    ((78, 140, 205), (214, 232, 240), (150, 178, 200), (38, 66, 52), (255, 250, 225)),  # clear day
    ((40, 86, 160), (160, 205, 235), (120, 150, 190), (30, 70, 40), (255, 255, 240)),  # deep blue
    ((246, 150, 96), (255, 224, 160), (214, 140, 130), (70, 36, 52), (255, 244, 200)),  # warm sunset
    ((88, 60, 120), (250, 160, 120), (170, 100, 130), (40, 22, 58), (255, 220, 170)),  # purple dusk
    ((16, 24, 58), (56, 84, 130), (44, 64, 104), (8, 14, 30), (235, 238, 250)),  # night
    ((120, 190, 190), (236, 244, 226), (140, 186, 178), (28, 78, 70), (255, 255, 245)),  # teal mist
    ((240, 190, 170), (252, 236, 220), (226, 176, 160), (120, 60, 66), (255, 250, 240)),  # pink dawn
    ((150, 160, 172), (214, 218, 222), (160, 166, 174), (58, 64, 70), (240, 240, 238)),  # overcast
    ((230, 140, 60), (255, 210, 120), (205, 120, 60), (84, 40, 20), (255, 240, 190)),  # desert
    ((30, 70, 90), (130, 190, 180), (70, 120, 130), (10, 34, 40), (230, 245, 240)),  # green night
)


@dataclass(frozen=True)
class Scene:
    """What all parts of one picture agree on. Heights and places are fractions of its side, from the top left."""

    side: int  # pixels
    top: Floats  # colours, [3]
    bottom: Floats
    far: Floats
    near: Floats
    sun: Floats
    horizon: float
    ranges: float  # the foot of the farthest ridge
    water: float  # where it begins; 2 without
    ridges: int
    snow: bool

    @property
    def x(self) -> Floats:
        """The place of each column, [1, side]."""
        return np.linspace(0, 1, self.side)[None, :]

    @property
    def y(self) -> Floats:
        """The place of each line, [side, 1]."""
        return np.linspace(0, 1, self.side)[:, None]


def lay(picture: Floats, colour: Floats, alpha: Floats) -> Floats:
    """`picture` [H, W, 3] with a colour, or another picture, over it at `alpha` [H, W]."""
    laid: Floats = picture * (1 - alpha[..., None]) + colour * alpha[..., None]
    return laid


def choose_scene(draw: Generator, side: int) -> Scene:
    """Two palettes mixed, each colour shifted a little."""
    one, other = (PALETTES[draw.integers(len(PALETTES))] for _ in range(2))
    share = draw.uniform(0, 0.25)
    mixed = [np.array(a) * (1 - share) + np.array(b) * share for a, b in zip(one, other, strict=True)]
    colours = [np.clip(colour + draw.normal(0, 9, 3), 0, 255) for colour in mixed]
    has_water, horizon = draw.random() < 0.4, draw.uniform(0.42, 0.68)
    return Scene(
        side,
        *colours,
        horizon=horizon,
        ranges=horizon - draw.uniform(0, 0.08),
        water=draw.uniform(0.66, 0.8) if has_water else 2.0,
        ridges=int(draw.integers(3, 6)),
        snow=bool(draw.random() < 0.35 and colours[0].mean() > 60),
    )


def paint_sky(scene: Scene, draw: Generator) -> Floats:
    """A gradient, with stars if it is dark, a sun or moon, and clouds."""
    fade = np.clip(scene.y / scene.horizon, 0, 1) ** draw.uniform(0.8, 1.6)
    sky = np.repeat(lay(np.broadcast_to(scene.top, (scene.side, 1, 3)), scene.bottom, fade), scene.side, axis=1)
    if scene.top.mean() < 70:
        count = draw.integers(20, 70)
        y, x = draw.integers(0, int(scene.horizon * scene.side), count), draw.integers(0, scene.side, count)
        sky[y, x] = np.clip(sky[y, x] + draw.uniform(60, 170, (count, 1)), 0, 255)
    if draw.random() < 0.75:
        sky = paint_sun(sky, scene, draw)
    return paint_clouds(sky, scene, draw) if draw.random() < 0.6 else sky


def paint_sun(sky: Floats, scene: Scene, draw: Generator) -> Floats:
    """A disk with a glow around it."""
    x, y, radius = draw.uniform(0.08, 0.92), draw.uniform(0.1, scene.horizon), draw.uniform(0.025, 0.075)
    distance = np.hypot(scene.x - x, scene.y - y)
    glow = np.exp(-((distance / (radius * draw.uniform(2.5, 5))) ** 2)) * draw.uniform(0.25, 0.6)
    disk = np.clip((radius - distance) * scene.side / 1.2 + 0.5, 0, 1)
    return lay(lay(sky, scene.sun, glow), scene.sun, disk)


def paint_clouds(sky: Floats, scene: Scene, draw: Generator) -> Floats:
    """Bands of noise, thinner towards the horizon."""
    thickness = noise_field(draw, scene.side, (draw.uniform(1.2, 3), draw.uniform(4, 9)))
    clouds = np.clip((thickness - draw.uniform(0.05, 0.45)) * 1.6, 0, 1)
    clouds *= np.clip(1 - scene.y / scene.horizon, 0, 1) ** 0.5
    bright = scene.top.mean() > 90
    colour = np.full(3, 255.0) * 0.55 + scene.bottom * 0.45 if bright else scene.bottom * 0.7
    return lay(sky, colour, clouds * draw.uniform(0.35, 0.9))


def draw_ridge(scene: Scene, draw: Generator, nearness: float, base: float) -> Floats:
    """The upper edge of a ridge over each column, [side]: peaks for most, a soft line for the nearest."""
    height = (0.22 * (1 - nearness) + 0.05 * nearness) * draw.uniform(0.5, 1.15)
    roughness = 0.5 * (1 - nearness) + 0.42 * nearness
    if nearness < 1 and draw.random() < 0.75:
        peaks = np.abs(noise_line(draw, scene.side, 6, roughness, draw.uniform(1.5, 3.5)))
        edge: Floats = base - height * 0.6 * peaks
        return edge - height * 0.35 * noise_line(draw, scene.side, 5, 0.5, draw.uniform(1, 3))
    edge = base - height * 0.5 * noise_line(draw, scene.side, 5, 0.45, draw.uniform(1, 2.5))
    return edge


def plant_conifers(edge: Floats, scene: Scene, draw: Generator, nearness: float) -> Floats:
    """The edge with triangles on it."""
    edge, side = edge.copy(), scene.side
    tallest = 0.05 + 0.10 * nearness * draw.uniform(0.5, 1.3)
    for _ in range(int(draw.integers(6, 40) * (1.6 - nearness))):
        x, height = draw.uniform(-0.03, 1.03), tallest * draw.uniform(0.5, 1.2)
        width = height * draw.uniform(0.22, 0.34)
        columns = np.arange(max(0, int((x - width) * side)), min(side, int((x + width) * side) + 1))
        if columns.size:
            tip = edge[min(side - 1, max(0, int(x * side)))] - height
            tree = tip + height * np.abs(columns / side - x) / width + 0.004 * np.sin(columns * 2.1)
            edge[columns] = np.minimum(edge[columns], tree)
    return edge


def paint_ridge(picture: Floats, scene: Scene, draw: Generator, nearness: float) -> Floats:
    """One ridge: mist at its foot, light on its slopes, conifers and snow on some. `nearness` is 0 to 1."""
    base = scene.ranges + (min(0.97, scene.water + 0.01) - scene.ranges) * nearness**1.15
    edge = draw_ridge(scene, draw, nearness, base)
    colour = np.clip(scene.far * (1 - nearness) + scene.near * nearness + draw.normal(0, 4, 3), 0, 255)
    if nearness > 0.45 and draw.random() < 0.55:
        edge = plant_conifers(edge, scene, draw, nearness)
    below = scene.y - edge[None]  # [side, side]
    covered = np.clip(below * scene.side + 0.5, 0, 1) * (scene.y < scene.water)
    mist = 0.35 * np.clip(below / 0.25, 0, 1) * (1 - nearness)
    slope = np.clip(np.gradient(edge) * scene.side * 0.12, -0.22, 0.22)
    light = np.clip(1 + slope[None] * (1 - nearness), 0.7, 1.3)[..., None]
    ground = lay(np.broadcast_to(colour, picture.shape), scene.bottom, mist) * light
    if scene.snow and nearness < 0.5:
        line = edge[None] + 0.035 + 0.02 * noise_line(draw, scene.side, 5, 0.6, 8)[None]
        snow = np.clip((line - scene.y) * scene.side * 0.35, 0, 1) * np.clip((base - 0.05 - edge[None]) * 20, 0, 1)
        ground = lay(ground, SNOW * light, 0.8 * snow)
    return lay(picture, ground, covered)


def paint_water(picture: Floats, scene: Scene, draw: Generator) -> Floats:
    """What stands above the water line, mirrored below it, darker and rippled."""
    picture = picture.copy()
    line = int(scene.water * scene.side)
    depth = np.arange(scene.side - line)
    mirrored = np.clip(line - 1 - (depth * draw.uniform(0.9, 1.6)).astype(int), 0, scene.side - 1)
    swing = np.linspace(0.5, 2.5, depth.size)
    ripples = (np.sin(depth * draw.uniform(0.8, 1.6) + draw.uniform(0, 6)) * swing).astype(int)
    tint = scene.top * 0.35 + scene.near * 0.65
    for y, share in enumerate(np.linspace(0.25, 0.55, depth.size)):
        picture[line + y] = np.roll(picture[mirrored[y]], ripples[y], axis=0) * (1 - share) + tint * share
    picture[line] = picture[line] * 0.6 + scene.bottom * 0.4
    return picture


def paint(draw: Generator, size: int) -> Floats:
    """One picture [size, size, 3] of 8-bit numbers."""
    scene = choose_scene(draw, size * SCALE)
    picture = paint_sky(scene, draw)
    for number in range(scene.ridges):
        picture = paint_ridge(picture, scene, draw, number / (scene.ridges - 1))
    if scene.water < 1:
        picture = paint_water(picture, scene, draw)
    vignette = 1 - 0.10 * ((scene.x - 0.5) ** 2 + (scene.y - 0.5) ** 2)
    picture = np.clip(picture * vignette[..., None] + draw.normal(0, 1.2, picture.shape), 0, 255)
    small: Floats = picture.reshape(size, SCALE, size, SCALE, 3).mean(axis=(1, 3))
    return small


def main() -> None:
    """Paint a data set into a zip."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path, metavar="FILE.zip")
    parser.add_argument("--count", type=int, default=14_000)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(arguments.target, "w", zipfile.ZIP_STORED) as archive:
        for number in range(arguments.count):
            picture = paint(np.random.default_rng([arguments.seed, number]), arguments.size)
            file = io.BytesIO()
            Image.fromarray(picture.astype(np.uint8)).save(file, format="PNG", compress_level=1)
            archive.writestr(f"{number:05}.png", file.getvalue())
    print(f"{arguments.target}: {arguments.count} landscapes of {arguments.size} pixels")


if __name__ == "__main__":
    main()
