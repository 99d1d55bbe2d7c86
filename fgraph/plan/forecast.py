"""How long a plan will take: its steps, and what a device was found to do.

A convolution takes its multiply-adds by the rate measured nearest to its channels and pixels; everything else, what it
reads and writes by the bandwidth, or what it draws. Every call has an overhead. Loading torch and models is not in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fgraph.ir.costs import DeviceProfile, conv_flops, rate
from fgraph.ir.ops import (
    Affine,
    BaselineRows,
    Conv,
    Draw,
    DrawMask,
    Filtered,
    Invert,
    Join,
    MapZ,
    NoiseField,
    Op,
    Picture,
    ToRGB,
)
from fgraph.ir.program import Instruction, Program
from fgraph.ir.types import Type
from fgraph.plan.gather import Gather
from fgraph.plan.steps import Result, Step

_DRAWN = (Draw, DrawMask, NoiseField, Picture)
_MIDDLING = (64, 4096)  # channels and pixels that stand for all layers of an inversion
_PASSES = 80  # of a mix, over as many numbers, take as long as filtering and activating them does on a CPU
_CALLS_OF_A_LAYER = 4  # in an inversion: forward, twice that backward, the optimiser


@dataclass(frozen=True)
class Forecast:
    """Seconds of a plan, and of the same graphs one operation and one row at a time."""

    seconds: float
    row_by_row: float


def forecast(steps: Sequence[Step], results: Sequence[Result], raw: Program, profile: DeviceProfile) -> Forecast:
    """Sum up what every step, and every row of the program as it was lowered, takes."""
    planned = sum(step_seconds(step, profile) for step in steps)
    planned += sum(_copy_seconds(gather, 3, profile) for result in results for gather in result.tensors.values())
    return Forecast(planned, sum(_one_by_one(raw, instruction, profile) for instruction in raw.instructions))


def step_seconds(step: Step, profile: DeviceProfile) -> float:
    """Seconds of one step, with what it copies together."""
    pairs = zip(step.inputs, step.input_types, strict=True)
    copied = sum(_copy_seconds(gather, kind.shape[0], profile) for gather, kind in pairs)
    distinct = len(set(step.params)) if step.params else step.rows
    return copied + op_seconds(step.op, step.row_inputs, step.row_type, (step.rows, distinct), profile)


def op_seconds(op: Op, inputs: Sequence[Type], output: Type, rows: tuple[int, int], profile: DeviceProfile) -> float:
    """Seconds of one call over `rows`: how many there are, and how many of them differ in their parameters."""
    count, distinct = rows
    if isinstance(op, Join | BaselineRows):
        return 0.0
    moved = count * (output.numbers + sum(one.numbers for one in inputs)) * _width(profile) / profile.bandwidth
    if isinstance(op, _DRAWN):
        return distinct * (profile.overhead + output.numbers * profile.drawn) + moved
    if isinstance(op, Conv):
        moved = conv_seconds(op, inputs[0], count, profile)
    elif isinstance(op, Filtered):
        moved = filtered_seconds(op, inputs[0], count, profile)
    elif isinstance(op, ToRGB):
        moved = count * inputs[0].numbers * _width(profile) / profile.rgb
    elif isinstance(op, MapZ | Affine):
        moved += _linear_seconds(op, op.flops(tuple(inputs), output), count, profile)
    elif isinstance(op, Invert):
        moved = _inversion_seconds(op, op.flops(tuple(inputs), output) * count, inputs[0], profile)
    return profile.overhead + moved


def _linear_seconds(op: MapZ | Affine, flops: int, count: int, profile: DeviceProfile) -> float:
    weights = flops / 2 * _width(profile) / profile.bandwidth  # each is read once a call, and used once a row
    calls = op.depth if isinstance(op, MapZ) else 1
    return calls * profile.overhead + max(weights, flops * count / max(one.flops for one in profile.plain))


def _inversion_seconds(op: Invert, flops: int, image: Type, profile: DeviceProfile) -> float:
    layers = 3 * round(math.log2(min(image.size)) - 1)
    calls = op.settings.steps * layers * _CALLS_OF_A_LAYER
    return calls * profile.overhead + flops / rate(profile.plain, *_MIDDLING)


def conv_seconds(op: Conv, source: Type, rows: int, profile: DeviceProfile) -> float:
    """Seconds of a convolution layer without the overhead of its call; `source` is a row of what it reads."""
    channels, height, width = source.shape
    positions = rows * height * width
    flops = conv_flops(channels, op.layer.out_channels, positions)
    rates = profile.doubling if op.layer.up == 2 else profile.plain
    return flops / rate(rates, math.sqrt(channels * op.layer.out_channels), positions)


def filtered_seconds(op: Filtered, source: Type, rows: int, profile: DeviceProfile) -> float:
    """Seconds of a StyleGAN3 layer: its convolution by its rate, and its maps where they are filtered."""
    layer, positions = op.layer, rows * source.size[0] * source.size[1]
    flops = 2 * layer.taps**2 * layer.in_channels * layer.out_channels * positions
    inner = rows * layer.out_channels * source.size[0] * source.size[1] * layer.up_factor**2
    products = flops / rate(profile.plain, math.sqrt(source.shape[0] * layer.out_channels), positions)
    return products + _PASSES * inner * _width(profile) / profile.bandwidth


def _width(profile: DeviceProfile) -> int:
    return 8 if profile.precision == "float64" else 4


def _copy_seconds(gather: Gather, channels: int, profile: DeviceProfile) -> float:
    if not gather.copies_rows:
        return 0.0
    height, width = gather.tile if gather.size is not None else (1, 1)
    calls = len(gather.copies) if gather.way == "tiles" else len(gather.sources)
    moved = 2 * gather.count * channels * height * width * _width(profile)
    return moved / profile.bandwidth + calls * profile.overhead / 10  # one copy, where a call is ten operations or so


def _one_by_one(raw: Program, instruction: Instruction, profile: DeviceProfile) -> float:
    types = [raw.instructions[operand.value].type for operand in instruction.operands]
    return instruction.rows * op_seconds(instruction.op, types, instruction.type, (1, 1), profile)
