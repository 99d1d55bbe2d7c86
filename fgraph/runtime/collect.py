"""Collection of results: the parts of outputs are assembled as they arrive."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from fgraph import _results as results
from fgraph._errors import MemoryBudgetError
from fgraph._ports import Kind
from fgraph._sizes import in_words
from fgraph.dragging.settings import ENDINGS, REMEDIES
from fgraph.ir.ops.dragging import ABSENT
from fgraph.ir.program import Output, Program
from fgraph.photographs import Photographs
from fgraph.plan import StepResult
from fgraph.runtime.host_copies import HostCopy, begin_copy, overlaps

Arrays = dict[str, NDArray[Any]]
_UNDER_WAY = 1  # results that are copied while the next one is computed; each takes its memory on the host twice


class Collector:
    """Arrays of the outputs of a program, which are filled part by part."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._arrays: list[Arrays] = [{} for _ in program.outputs]
        self._copies: deque[tuple[StepResult, dict[str, HostCopy]]] = deque()  # copies from a device in progress

    def take(self, result: StepResult, tensors: Mapping[str, Tensor]) -> None:
        """Start to copy a result, or a part of one. Meanwhile, store earlier copies in their arrays."""
        self._copies.append((result, {name: begin_copy(tensor) for name, tensor in tensors.items()}))
        most = _UNDER_WAY if any(overlaps(tensor.device) for tensor in tensors.values()) else 0
        while len(self._copies) > most:
            self._store(*self._copies.popleft())

    def _store(self, result: StepResult, parts: Mapping[str, HostCopy]) -> None:
        """Store a result, or a part of one, in its array."""
        arrays = self._arrays[result.place]
        for name, part in parts.items():
            made = part()
            operand = result.output.tensors[name]
            if result.region is None and np.array_equal(result.rows, np.arange(operand.rows)):
                arrays[name] = made
                continue
            if name not in arrays:
                kind = self._program.instructions[operand.value].type
                arrays[name] = _allocate((operand.rows, *kind.shape), result.output.name)
            top, left, bottom, right = result.region or (0, 0, *made.shape[-2:])
            arrays[name][result.rows, :, top:bottom, left:right] = made

    def finish(self) -> list[results.Results]:
        """Return name -> result for each graph."""
        while self._copies:
            self._store(*self._copies.popleft())
        found = [results.Results() for _ in range(self._program.graphs)]
        for output, arrays in zip(self._program.outputs, self._arrays, strict=True):
            found[output.graph][output.name] = to_result(output, arrays)
        return found


def _allocate(shape: tuple[int, ...], output: str) -> NDArray[np.float32]:
    """Return an empty array for an output, which stays in memory outside the budget of the plan.

    Raises:
        MemoryBudgetError: there isn't that much memory.
    """
    try:
        return np.empty(shape, np.float32)
    except (MemoryError, ValueError) as error:  # ValueError: the number of bytes overflows in numpy
        size = in_words(4 * math.prod(shape))
        raise MemoryBudgetError(
            f"output '{output}' has the shape {list(shape)} and takes {size}, more than this machine has free: run "
            "fewer rows at a time, or write large images piece by piece with output.formats=[tiff] or save_large"
        ) from error


def to_result(output: Output, arrays: Arrays) -> results.Result:
    """Return an output as the user sees it."""
    if output.kind is Kind.IMAGE:
        return results.Image(arrays["pixels"])
    if output.pasting is not None:
        return Photographs(
            arrays["patch"], output.pasting, {name: one for name, one in arrays.items() if name != "patch"}
        )
    if output.kind is Kind.MASK:
        return results.MaskImage(arrays["mask"])
    if output.kind is Kind.LATENT:
        return results.Latents(arrays["code"], str(output.space), str(output.model), _drags(arrays))
    return results.FeatureMaps(arrays)


def _drags(arrays: Arrays) -> tuple[results.DragReport, ...]:
    """Return how the rows of a drag ended, if the codes are the result of one."""
    if "ending" not in arrays:
        return ()
    rows = zip(arrays["ending"], arrays["trail"], strict=True)
    found: list[results.DragReport] = []
    for (number, steps, distance), trail in rows:
        ending, there = ENDINGS[int(number)], trail[0, :, 0] != ABSENT
        found.append(results.DragReport(ending, int(steps), float(distance), trail[:, there], REMEDIES.get(ending)))
    return tuple(found)
