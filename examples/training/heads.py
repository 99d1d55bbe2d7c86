"""A painter of heads in batches: hair, ears, eyes, glasses, noses, mouths, beards, collars, before a plain ground.

A picture is a function of 47 normally distributed numbers. Nearly all of them move, widen or colour one part, so that a
generator learns them soon (ADR 27).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from scene import Numbers, lay
from shapes import Canvas, Style, rgb, ring, scale
from torch import Tensor

NUMBERS = 47
SKIN = ((255, 226, 200), (244, 200, 164), (220, 168, 126), (178, 122, 84), (126, 82, 56), (88, 58, 44))
HAIR = (
    (40, 32, 34), (92, 58, 38), (146, 92, 50), (226, 184, 104), (200, 92, 50), (214, 112, 142), (120, 96, 172),
    (196, 196, 204),
)  # fmt: skip
GROUND = (
    (250, 214, 165), (255, 238, 190), (216, 240, 208), (176, 216, 208), (190, 222, 242), (214, 208, 246),
    (250, 204, 216), (248, 190, 160),
)  # fmt: skip
CLOTHES = (
    (64, 92, 152), (48, 56, 72), (94, 74, 122), (196, 72, 82), (226, 130, 90), (240, 196, 92), (88, 150, 108),
    (236, 236, 240),
)  # fmt: skip
IRIS = ((62, 40, 30), (116, 82, 42), (84, 130, 84), (74, 132, 190))
LIPS, TEETH, INSIDE, FRAME, WHITE = (190, 84, 86), (252, 250, 246), (92, 34, 42), (36, 36, 44), (255, 255, 255)


@dataclass(frozen=True)
class Head:
    """The facts that the parts of heads share: shares of the side [rows, 1, 1, 1], colours [rows, 3, 1, 1]."""

    wide: Tensor
    high: Tensor
    jaw: Tensor
    skin: Tensor
    hair: Tensor
    turn: Tensor  # how far the features are to the side
    eyes: Tensor  # half the distance of the eyes


def face_depth(canvas: Canvas, head: Head) -> Tensor:
    """Return the depth inside the face: round above, narrower below."""
    down = ((canvas.y - 0.5) / head.high).clamp(0, 1)
    wide = head.wide * (1 - head.jaw * down.square())
    return canvas.ellipse(0.5, 0.5, wide, head.high, 2.3)


def paint_behind(canvas: Canvas, head: Head, numbers: Numbers) -> Canvas:
    """Paint hair behind the head, the neck, and clothes with a collar."""
    long = numbers.between(-0.35, 0.42).clamp_min(0)
    wide = head.wide * numbers.between(1.08, 1.35)
    hair = canvas.ellipse(0.5, 0.42 + long / 2, wide, 0.27 + long / 2, 2.8)
    canvas = canvas.fill(head.hair * 0.85 - 0.12, torch.where(long > 0.01, hair, hair - 1), outlined=True)
    clothes = ring(numbers.take(2), CLOTHES)
    canvas = canvas.fill(head.skin * 0.9 - 0.1, canvas.ellipse(0.5, 0.84, 0.10, 0.20, 4), outlined=True)
    shoulders = canvas.ellipse(0.5, 1.08, numbers.between(0.30, 0.42), 0.22, 3)
    neck = canvas.ellipse(0.5, 0.87, 0.098, numbers.between(0.02, 0.12), 2)
    return canvas.fill(clothes, torch.minimum(shoulders, -neck), outlined=True)


def paint_face(canvas: Canvas, head: Head, numbers: Numbers) -> Canvas:
    """Paint ears and the face, darker towards one side, with red cheeks."""
    for side in (-1, 1):
        ear = canvas.ellipse(0.5 + side * head.wide * 0.98 - head.turn * 0.3, 0.52, 0.045, 0.065)
        canvas = canvas.fill(head.skin * 0.95 - 0.06, ear, outlined=True)
    canvas = canvas.fill(head.skin, face_depth(canvas, head), outlined=True)
    shade = ((canvas.x - 0.5 - head.turn) / head.wide * 0.5).clamp(0, 0.5) * 0.22 * canvas.style.shade
    canvas = canvas.fill(head.skin - 0.55, face_depth(canvas, head), shade)
    blush = numbers.between(-0.3, 0.5).clamp_min(0)
    for side in (-1, 1):
        cheek = canvas.ellipse(0.5 + head.turn + side * head.eyes * 1.25, 0.62, 0.055, 0.035)
        canvas = canvas.fill(lay(head.skin, rgb(LIPS), torch.tensor(0.7)), cheek, blush)
    return canvas


def paint_beard(canvas: Canvas, head: Head, numbers: Numbers) -> Canvas:
    """Paint a beard over the lower face, and a moustache; at most half of the heads have them."""
    full, lip = numbers.between(-1.5, 0.6).clamp_min(0), numbers.between(-0.08, 0.03)
    face = face_depth(canvas, head) + full * 0.03
    low = canvas.y - 0.60 - 0.06 * (1 - ((canvas.x - 0.5 - head.turn) / head.wide).square())
    mouth = canvas.ellipse(0.5 + head.turn, 0.695, 0.065, 0.035)
    canvas = canvas.fill(head.hair * 0.95, torch.minimum(torch.minimum(face, low), -mouth), (full * 6).clamp_max(1))
    moustache = canvas.stroke(0.5 + head.turn, torch.tensor(0.655), 0.085, torch.tensor(-0.015), lip.clamp_min(0))
    return canvas.fill(head.hair, moustache, (lip * 100).clamp(0, 1))


def paint_mouth(canvas: Canvas, head: Head, numbers: Numbers) -> Canvas:
    """Paint lips that bend up or down, and open to show teeth."""
    x, wide = 0.5 + head.turn, numbers.between(0.055, 0.11)
    smile, gap = numbers.between(-0.018, 0.045), numbers.between(-0.035, 0.045).clamp_min(0)
    across = ((canvas.x - x) / wide).clamp(-1, 1)
    top = 0.70 - smile * across.square()
    inside = torch.minimum(canvas.y - top, top + gap * 1.6 * (1 - across.square()) - canvas.y)
    within = (1 - ((canvas.x - x) / wide).abs()) * wide
    inside = torch.minimum(inside, within)
    canvas = canvas.fill(rgb(INSIDE), inside, outlined=True)
    canvas = canvas.fill(rgb(TEETH), torch.minimum(inside, top + gap * 0.55 - canvas.y), (gap * 80).clamp_max(1))
    lip = lay(head.skin, rgb(LIPS), numbers.between(0.35, 1.0)) - 0.12
    lower = top + gap * 1.6 * (1 - across.square())
    for edge, thick in ((top, 0.011), (lower, 0.014)):
        canvas = canvas.fill(lip, torch.minimum(thick - (canvas.y - edge).abs(), within))
    return canvas


def paint_eyes(canvas: Canvas, head: Head, numbers: Numbers) -> Canvas:
    """Paint two equal eyes that look at one point, with brows, lids and lashes."""
    wide, opened = numbers.between(0.05, 0.066) * canvas.style.eyes, numbers.between(0.4, 0.95)
    gaze_x, gaze_y = numbers.between(-0.018, 0.018), numbers.between(-0.010, 0.010)
    iris = scale(numbers.between(0, 1), IRIS)
    height, bend, angle, thick = (
        numbers.between(0.075, 0.115), numbers.between(0.0, 0.03), numbers.between(-0.02, 0.02),
        numbers.between(0.008, 0.02),
    )  # fmt: skip
    for side in (-1, 1):
        x = 0.5 + head.turn + side * head.eyes
        white = canvas.ellipse(x, 0.515, wide, wide * opened)
        canvas = canvas.fill(rgb(WHITE), white, outlined=True)
        ball = torch.minimum(canvas.ellipse(x + gaze_x, 0.515 + gaze_y, 0.5 * wide, 0.5 * wide), white)
        canvas = canvas.fill(iris, ball)
        pupil = torch.minimum(canvas.ellipse(x + gaze_x, 0.515 + gaze_y, 0.25 * wide, 0.25 * wide), white)
        canvas = canvas.fill(rgb(FRAME), pupil)
        lid = canvas.stroke(x, 0.515 - wide * opened, wide * 1.1, -wide * opened * 0.9, 0.010)
        canvas = canvas.fill(rgb(FRAME), lid)
        slope = (canvas.x - x) / 0.06 * angle * side
        brow = canvas.stroke(x, 0.515 - height + slope, 0.068, -bend, thick)
        canvas = canvas.fill(head.hair * 0.8 - 0.15, brow)
    return canvas


def paint_nose(canvas: Canvas, head: Head, numbers: Numbers) -> Canvas:
    """Paint a nose: its shadow below, and a light ridge."""
    wide, low = numbers.between(0.018, 0.04), numbers.between(0.60, 0.64)
    x = 0.5 + head.turn * 1.5
    canvas = canvas.fill(head.skin - 0.22, canvas.ellipse(x, low, wide, 0.018))
    return canvas.fill(head.skin + 0.05, canvas.ellipse(x, low - 0.012, wide * 0.75, 0.02))


def paint_glasses(canvas: Canvas, head: Head, numbers: Numbers) -> Canvas:
    """Paint glasses in two of five heads, round or square, clear or dark."""
    on = (numbers.take(1)[:, :, None, None] * 12 - 5).sigmoid()
    size, dark = numbers.between(0.07, 0.088), numbers.between(-0.5, 0.4).clamp_min(0.06)
    for side in (-1, 1):
        lens = canvas.ellipse(0.5 + head.turn + side * head.eyes, 0.52, size, size * 0.85, 3)
        canvas = canvas.fill(rgb(FRAME), lens, on * dark)
        canvas = canvas.fill(rgb(FRAME), 0.008 - (lens - 0.004).abs(), on)
    bridge = canvas.stroke(0.5 + head.turn, torch.tensor(0.505), head.eyes - size * 0.9, torch.tensor(-0.012), 0.008)
    return canvas.fill(rgb(FRAME), bridge, on)


def paint_hair(canvas: Canvas, head: Head, numbers: Numbers) -> Canvas:
    """Paint hair above the forehead, of random fullness, length and parting, or a cap."""
    full, low, part = numbers.between(0.0, 0.09), numbers.between(-0.10, 0.04), numbers.between(-0.12, 0.12)
    top = canvas.ellipse(0.5 - head.turn * 0.3, 0.44, head.wide * 1.06 + full * 0.4, 0.24 + full, 2.4)
    across = ((canvas.x - 0.5 - head.turn * 0.5 - part) / head.wide).clamp(-1, 1)
    line = 0.35 + low - 0.10 * torch.exp(-(across * 3).square()) + 0.11 * across.square()
    bald = numbers.between(-0.25, 1.0)
    canvas = canvas.fill(head.hair, torch.minimum(top, line - canvas.y), (bald * 8).clamp(0, 1), outlined=True)
    shine = canvas.stroke(0.47, 0.29 - full * 0.6, head.wide * 0.55, torch.tensor(-0.04), 0.012)
    canvas = canvas.fill(head.hair + 0.25, torch.minimum(shine, line - 0.02 - canvas.y), (bald * 8).clamp(0, 1) * 0.6)
    cap, colour = (numbers.take(1)[:, :, None, None] * 14 - 14).sigmoid(), ring(numbers.take(2), CLOTHES)
    dome = torch.minimum(canvas.ellipse(0.5, 0.42, head.wide * 1.12, 0.29, 2.4), 0.37 - canvas.y)
    canvas = canvas.fill(colour, dome, cap, outlined=True)
    return canvas.fill(colour - 0.2, canvas.ellipse(0.5, 0.36, head.wide * 1.16, 0.032, 4), cap)


def choose_head(numbers: Numbers) -> Head:
    """Choose the face, its colours, and where it looks."""
    skin = scale(numbers.between(0, 1), SKIN)
    return Head(
        numbers.between(0.185, 0.235), numbers.between(0.26, 0.31), numbers.between(0.05, 0.35), skin,
        ring(numbers.take(2), HAIR), numbers.between(-0.018, 0.018), numbers.between(0.082, 0.096),
    )  # fmt: skip


class Heads:
    """The first style: flat colours, soft shadows."""

    numbers = NUMBERS
    named: ClassVar[dict[str, int]] = {  # the places of numbers that change one thing
        "skin": 0, "long_hair": 13, "beard": 20, "smile": 25, "open_mouth": 26, "glasses": 37, "cap": 44,
    }  # fmt: skip
    style = Style()

    def paint(self, z: Tensor, size: int, noise: Sequence[Tensor] = ()) -> Tensor:
        """Paint pictures [rows, 3, size, size] in [-1, 1] from z [rows, 47], and noise maps if the style reads them."""
        numbers = Numbers(z)
        head, ground = choose_head(numbers), ring(numbers.take(2), GROUND)
        right, down, tilt = numbers.between(-0.015, 0.015), numbers.between(-0.01, 0.01), numbers.between(-0.05, 0.05)
        at = (torch.arange(size) + 0.5) / size
        x, y = at[None, None, None, :] - right, at[None, None, :, None] - down
        turned_x = 0.5 + (x - 0.5) * torch.cos(tilt) + (y - 0.75) * torch.sin(tilt)
        turned_y = 0.75 + (y - 0.75) * torch.cos(tilt) - (x - 0.5) * torch.sin(tilt)
        picture = ground - 0.16 * (at[None, None, :, None] - 0.3) + torch.zeros(1, 1, 1, size)
        picture = self.style.apply(picture)
        canvas = Canvas(picture, turned_x, turned_y, self.style)
        for paint in (
            paint_behind, paint_face, paint_beard, paint_nose, paint_mouth, paint_eyes, paint_glasses, paint_hair,
        ):  # fmt: skip
            canvas = paint(canvas, head, numbers)
        return (self.style.stroke(canvas.picture, noise[-1]) if noise else canvas.picture).clamp(-1, 1)


class Toons(Heads):
    """The second style: outlines, strong colours, large eyes."""

    style = Style(line=0.011, colour=1.45, shade=0.0, eyes=1.35)


class Sketches(Heads):
    """The third style: ink and pencil strokes on paper; the strokes come from noise."""

    noise = True
    style = Style(line=0.008, colour=0.5, paper=0.35, shade=2.0, grain=0.10)
