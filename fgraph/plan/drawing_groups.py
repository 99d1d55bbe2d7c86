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
    reads: dict[str, bool] = field(default_factory=dict)  # name of a group -> whether its rows are copied together
    level: int = 0  # counted from the top

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
        """The kind that gives the colour: noise is drawn as a mask, and every value without pixels as codes."""
        return _KINDS.get(self.steps[0].type.kind, Kind.LATENT)

    @property
    def flops(self) -> int:
        """FLOPs of all steps."""
        return sum(step.flops for step in self.steps)

    @property
    def sizes(self) -> list[str]:
        """The number of rows of each size, the most frequent first."""
        rows: dict[str, int] = {}
        for step in self.steps:
            size = " {}×{}".format(*step.row_type.size) if step.row_type.spatial else ""
            rows[size] = rows.get(size, 0) + step.rows
        most_first = sorted(rows.items(), key=lambda pair: -pair[1])
        return [f"{count:,} row{'s' if count > 1 else ''}{size}" for size, count in most_first]


def group_steps(steps: Sequence[Step]) -> tuple[dict[str, StepGroup], str]:
    """Group steps for a drawing.

    Steps of one layer or operation at one place of the schedule are one group: tiles of several sizes, and repetitions
    by chunks. Spills have no group: a step that reads a spill is drawn as a reader of the value that the spill copies.

    Returns:
        The groups by name, each after the groups that it reads; and a note for the drawing if there are so many groups
        that all calls of a layer become one, otherwise "".
    """
    reads = _reads(steps)
    labels = [_label(step) for step in steps]
    keys = [(step.key[:4], bool(read), *one) for step, read, one in zip(steps, reads, labels, strict=True)]
    boxes = _boxes(steps, reads, keys)
    if extent({name: box.reads for name, box in boxes.items()}) <= LARGEST:
        _assign_levels(boxes)
        return boxes, ""
    return _boxes(
        steps, reads, labels
    ), "too many to draw in order: all calls of a layer, or of an operation, are one box"


def _reads(steps: Sequence[Step]) -> list[dict[int, bool]]:
    """Return the steps that each step reads, and whether it copies rows of them; a baseline is not a step."""
    found: list[dict[int, bool]] = []
    copied: dict[int, int] = {}  # spill -> the step that it copies
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


def _label(step: Step) -> tuple[str, str, str]:
    return (*step.op.label, step.type.kind)


def _boxes(
    steps: Sequence[Step], reads: Sequence[Mapping[int, bool]], keys: Sequence[tuple[Any, ...]]
) -> dict[str, StepGroup]:
    """Return groups of steps of equal keys, in the order of the keys; a key ends with label, model and kind."""
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


def _assign_levels(boxes: Mapping[str, StepGroup]) -> None:
    """Put each group below all groups that it reads, and a map that reads nothing beside its first reader."""
    first: dict[str, int] = {}
    for box in boxes.values():
        box.level = 1 + max((boxes[one].level for one in box.reads), default=-1)
        first |= {one: min(first.get(one, box.level), box.level) for one in box.reads}
    for name, level in first.items():
        if not boxes[name].reads and boxes[name].steps[0].type.spatial:
            boxes[name].level = level
