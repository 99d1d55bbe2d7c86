"""Reading a drawing back: its boxes, its lines, and their positions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from xml.etree import ElementTree

SPACE = "{http://www.w3.org/2000/svg}"
_TIP = "{http://www.w3.org/1999/xlink}title"
_SAMPLES = 16  # of a curve
_INSIDE = 1.5  # points: a line that enters a box by less only touches it

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    name: str
    classes: frozenset[str]
    tip: str
    texts: list[str]
    left: float
    top: float
    right: float
    bottom: float
    frame: float  # width of its line
    fill: str

    def holds(self, point: Point) -> bool:
        x, y = point
        return self.left + _INSIDE < x < self.right - _INSIDE and self.top + _INSIDE < y < self.bottom - _INSIDE


@dataclass(frozen=True)
class Line:
    start: str  # name of a box
    end: str
    tip: str
    colour: str
    dashed: bool
    points: list[Point]


@dataclass(frozen=True)
class Drawing:
    boxes: dict[str, Box]
    lines: list[Line]
    notes: list[str]  # texts outside of boxes
    grounds: list[str]  # titles of shaded areas


def read_drawing(svg: str) -> Drawing:
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SPACE}svg"
    groups = [(str(one.get("class")).split(), one) for one in root.iter(f"{SPACE}g") if one.get("class")]
    boxes = {box.name: box for box in (_box(names, one) for names, one in groups if names[0] == "node")}
    lines = [_line(one, boxes) for names, one in groups if names[0] == "edge"]
    (graph,) = (one for names, one in groups if names == ["graph"])
    notes = ["".join(one.itertext()).strip() for one in graph.findall(f"{SPACE}text")]
    grounds = [text for names, one in groups if names[0] == "cluster" for text in _texts(one)]
    return Drawing(boxes, lines, notes, grounds)


def tangles(drawing: Drawing) -> list[str]:
    """Return the faults of a drawing: boxes that overlap, and lines through boxes that they do not belong to."""
    boxes = list(drawing.boxes.values())
    over = [
        f"{a.name} lies over {b.name}"
        for number, a in enumerate(boxes)
        for b in boxes[:number]
        if a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom
    ]
    through = {
        f"{line.start} -> {line.end} runs through {box.name}"
        for line in drawing.lines
        for box in boxes
        if box.name not in (line.start, line.end) and any(map(box.holds, line.points))
    }
    return over + sorted(through)


def _box(names: list[str], group: ElementTree.Element) -> Box:
    shapes = [one for one in group.iter() if one.tag in (f"{SPACE}path", f"{SPACE}polygon")]
    points = [point for one in shapes for point in _points(one)]
    assert points, f"the box {group.findtext(f'{SPACE}title')} is empty"
    xs, ys = zip(*points, strict=True)
    frame = max(float(one.get("stroke-width") or 1) for one in shapes)
    (link,) = group.iter(f"{SPACE}a")
    return Box(
        _title(group), frozenset(names[1:]), str(link.get(_TIP)), _texts(group),
        min(xs), min(ys), max(xs), max(ys), frame, str(shapes[0].get("fill")),
    )  # fmt: skip


def _line(group: ElementTree.Element, boxes: dict[str, Box]) -> Line:
    path = next(group.iter(f"{SPACE}path"))
    points = list(_curve(_points(path)))
    (link,) = group.iter(f"{SPACE}a")
    ends = re.fullmatch(r"(.+?)(?::e)?->(.+?)(?::w)?", _title(group))
    assert ends
    assert {ends[1], ends[2]} <= boxes.keys()
    stroke = str(path.get("stroke"))
    return Line(ends[1], ends[2], str(link.get(_TIP)), stroke, path.get("stroke-dasharray") is not None, points)


def _points(shape: ElementTree.Element) -> list[Point]:
    numbers = [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", shape.get("d") or shape.get("points") or "")]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _curve(points: list[Point]) -> Iterator[Point]:
    """Return points on a path of cubic curves, from their ends and handles."""
    for start, stop in pairwise(range(0, len(points), 3)):
        a, b, c, d = points[start : stop + 1]
        for step in range(_SAMPLES + 1):
            t = step / _SAMPLES
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            x, y = (sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) for axis in (0, 1))
            yield x, y


def _title(group: ElementTree.Element) -> str:
    return str(group.findtext(f"{SPACE}title")).replace("\u00a0", " ")


def _texts(group: ElementTree.Element) -> list[str]:
    return ["".join(one.itertext()).replace("\u00a0", " ").strip() for one in group.iter(f"{SPACE}text")]
