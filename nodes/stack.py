"""`stack`: the rows of several values as one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from fgraph import _limits
from fgraph.ir.program import Index, Operand, as_index
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs
from fgraph.lowering.values import Image, Latent, Mask, Value
from fgraph.node import Node, RowsPort


class Stack(Node):
    """The rows of several values, one after the other: codes, images or masks.

    Codes are converted to the latest of their spaces. Codes of two models are converted to S, and the first model draws
    them. Images must have the same size.
    """

    op: Literal["stack"] = "stack"
    collapses: ClassVar[bool] = True

    of: Annotated[tuple[RowsPort, ...], Field(min_length=1, max_length=_limits.PARTS)] = Field(
        description="the values, in order"
    )

    def output_kind(self, kinds: Mapping[str, Any]) -> Any:
        return kinds["of"]

    def row_count(self, rows: Mapping[str, tuple[int, ...]]) -> int:
        return sum(rows["of"])

    def lower(self, build: Build, inputs: Inputs) -> Value:
        values = inputs.values("of")
        counts = [slot.rows for slot in inputs.members[0].read["of"]]
        order = _order(counts, len(inputs.members))
        if len({type(value) for value in values}) > 1:
            raise ValueError("the values must be of one kind: all codes, all images or all masks")
        if isinstance(values[0], Mask):
            return Mask(tuple(one for value in values if isinstance(value, Mask) for one in value.exprs)).take(order)
        if isinstance(values[0], Image):
            return _stack_images([value for value in values if isinstance(value, Image)]).take(order)
        return _stack_codes(build, [value for value in values if isinstance(value, Latent)]).take(order)


def _order(counts: Sequence[int], members: int) -> Index:
    """Return the order of the rows of concatenated values: by member, then by value."""
    starts = np.cumsum([0, *(count * members for count in counts[:-1])])
    return as_index(
        np.concatenate([
            start + member * count + np.arange(count)
            for member in range(members)
            for start, count in zip(starts, counts, strict=True)
        ])
    )  # fmt: skip


def _stack_codes(build: Build, codes: Sequence[Latent]) -> Latent:
    first = codes[0]
    for other in codes[1:]:
        first, _ = build.together(first, other, first.space)
    promoted = [build.promote(one, first.space) for one in codes]
    keys = tuple(key for one in codes for key in one.keys)
    return Latent(first.space, Operand.joined([one.code for one in promoted]), first.model, keys)


def _stack_images(images: Sequence[Image]) -> Image:
    sizes = list(dict.fromkeys((image.height, image.width) for image in images))
    if len(sizes) > 1:
        (height, width), (other_height, other_width) = sizes[:2]
        raise ValueError(
            f"images must have the same size to be stacked; these have {height} x {width} and "
            f"{other_height} x {other_width} pixels"
        )
    crops = tuple(crop for image in images for crop in image.crops)
    whole = all(len(image.crops) == image.rows for image in images)
    return Image(Operand.joined([image.pixels for image in images]), *sizes[0], crops if whole else ())
