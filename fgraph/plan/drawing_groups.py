"""Groups of steps that a drawing shows as one box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fgraph._graphviz import LARGEST, extent
from fgraph._ports import Kind
from fgraph.plan.steps import Step

_KINDS = {"activation": Kind.FEATURES, "noise": Kind.MASK, "mask": Kind.MASK, "rgb": Kind.IMAGE}


@dataclass
class StepGroup:
    """Steps that a drawing shows as one box."""

    steps: list[Step] = field(default_factory=list)
    reads: dict[str, bool] = field(default_factory=dict)  # name of a box -> whether rows of it are copied together
    place: int = 0  # how far down it stands

    @property
    def title(self) -> str:
        """The name of the layer, or of the operation."""
        return self.steps[0].op.label[0]

    @property
    def model(self) -> str:
        """The model whose layer the steps call; empty where they call none."""
        return self.steps[0].op.label[1]

    @property
    def kind(self) -> Kind:
        """What it makes; noise is told with masks, and what is no map with codes."""
        return _KINDS.get(self.steps[0].type.kind, Kind.LATENT)

    @property
    def flops(self) -> int:
        """Floating-point operations of all steps."""
        return sum(step.flops for step in self.steps)

    @property
    def sizes(self) -> list[str]:
        """How many rows are made of each size, the most first."""
        rows: dict[str, int] = {}
        for step in self.steps:
            size = " {}×{}".format(*step.row_type.size) if step.row_type.spatial else ""
            rows[size] = rows.get(size, 0) + step.rows
        most_first = sorted(rows.items(), key=lambda pair: -pair[1])
        return [f"{count:,} row{'s' if count > 1 else ''}{size}" for size, count in most_first]


def group_steps(steps: Sequence[Step]) -> tuple[dict[str, StepGroup], str]:
    """The boxes by name, each after those that it reads; and what shares a box, where there would be too many.

    Steps of one place in the schedule and one layer or operation are one box: so are tiles of several sizes, and what
    chunks repeat. Copies that chunks keep for others have none: what reads them is drawn to read what was copied.
    """
    reads = _reads(steps)
    what = [_what(step) for step in steps]
    keys = [(step.key[:4], bool(read), *one) for step, read, one in zip(steps, reads, what, strict=True)]
    boxes = _boxes(steps, reads, keys)
    if extent({name: box.reads for name, box in boxes.items()}) <= LARGEST:
        _place(boxes)
        return boxes, ""
    return _boxes(
        steps, reads, what
    ), "too many to draw in order: all calls of a layer, or of an operation, are one box"


def _reads(steps: Sequence[Step]) -> list[dict[int, bool]]:
    """The steps that each reads, and whether it copies rows of them; buffers of an earlier run are no steps."""
    found: list[dict[int, bool]] = []
    copied: dict[int, int] = {}  # a copy that is kept -> what it is of
    for number, step in enumerate(steps):
        reads: dict[int, bool] = {}
        for gather in step.inputs:
            for one in gather.sources:
                if one >= 0:
                    source = copied.get(one, one)
                    reads[source] = reads.get(source, False) or gather.copies_rows
        if step.is_spill:
            copied[number] = min(reads)
        found.append(reads)
    return found


def _what(step: Step) -> tuple[str, str, str]:
    return (*step.op.label, step.type.kind)


def _boxes(
    steps: Sequence[Step], reads: Sequence[Mapping[int, bool]], keys: Sequence[tuple[Any, ...]]
) -> dict[str, StepGroup]:
    """Steps of equal keys in one box, boxes in the order of their keys; a key ends with what a step is."""
    drawn = {key for step, key in zip(steps, keys, strict=True) if not step.is_spill}
    names = {key: f"{number} {key[-3]}" for number, key in enumerate(sorted(drawn))}
    boxes = {name: StepGroup() for name in names.values()}
    for step, sources, key in zip(steps, reads, keys, strict=True):
        if step.is_spill:
            continue
        box = boxes[names[key]]
        box.steps.append(step)
        for source, copied in sources.items():
            name = names[keys[source]]
            box.reads[name] = box.reads.get(name, False) or copied
    return boxes


def _place(boxes: Mapping[str, StepGroup]) -> None:
    """Each box stands below all that it reads; a map that reads nothing, beside its first reader."""
    first: dict[str, int] = {}
    for box in boxes.values():
        box.place = 1 + max((boxes[one].place for one in box.reads), default=-1)
        first |= {one: min(first.get(one, box.place), box.place) for one in box.reads}
    for name, place in first.items():
        if not boxes[name].reads and boxes[name].steps[0].type.spatial:
            boxes[name].place = place
