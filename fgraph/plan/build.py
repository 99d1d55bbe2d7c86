"""From a Program to a Plan: batching into steps, lifetimes of buffers."""

from __future__ import annotations

import numpy as np

from fgraph.ir.ops import Join
from fgraph.ir.program import Operand, Program, as_index
from fgraph.plan.schedule import schedule
from fgraph.plan.steps import Gather, Result, Step

Place = tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.int64]]]


def build_steps(program: Program) -> tuple[tuple[Step, ...], tuple[Result, ...]]:
    """The steps that run a program, and where its outputs stand at the end."""
    batches = schedule(program)
    places = _places(program, batches)
    steps = [_step(program, batch, places) for batch in batches]
    results = tuple(
        Result(
            output.graph,
            output.name,
            output.kind,
            {name: _gather([operand], places) for name, operand in output.tensors.items()},
            output.model,
            output.space,
        )
        for output in program.outputs
    )
    return _with_lifetimes(steps, results), results


def _places(program: Program, batches: list[list[int]]) -> list[Place]:
    """For each value, the buffer and the row within it where each of its rows will stand."""
    places: dict[int, Place] = {}
    for step, batch in enumerate(batches):
        start = 0
        for number in batch:
            rows = program.instructions[number].rows
            places[number] = (np.full(rows, step), np.arange(start, start + rows))
            start += rows
    for number, instruction in enumerate(program.instructions):
        if isinstance(instruction.op, Join):
            parts = [(places[one.value][0][one.index], places[one.value][1][one.index]) for one in instruction.operands]
            places[number] = (np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]))
    return [places[number] for number in range(len(program.instructions))]


def _gather(operands: list[Operand], places: list[Place]) -> Gather:
    buffers = np.concatenate([places[one.value][0][one.index] for one in operands])
    rows = np.concatenate([places[one.value][1][one.index] for one in operands])
    return Gather(as_index(buffers), as_index(rows))


def _step(program: Program, batch: list[int], places: list[Place]) -> Step:
    members = [program.instructions[number] for number in batch]
    first = members[0]
    arity = range(len(first.operands))
    return Step(
        op=first.op,
        inputs=tuple(_gather([member.operands[port] for member in members], places) for port in arity),
        input_types=tuple(program.instructions[operand.value].type for operand in first.operands),
        params=tuple(param for member in members for param in member.params),
        rows=sum(member.rows for member in members),
        type=first.type,
        frees=(),
        origins=as_index(np.concatenate([member.origins for member in members])),
    )


def _with_lifetimes(steps: list[Step], results: tuple[Result, ...]) -> tuple[Step, ...]:
    last = {number: number for number in range(len(steps))}
    for number, step in enumerate(steps):
        for gather in step.inputs:
            for buffer in gather.sources:
                last[buffer] = number
    kept = {buffer for result in results for gather in result.tensors.values() for buffer in gather.sources}
    frees: dict[int, list[int]] = {}
    for buffer, number in last.items():
        if buffer not in kept:
            frees.setdefault(number, []).append(buffer)
    return tuple(
        Step(
            step.op, step.inputs, step.input_types, step.params, step.rows, step.type,
            tuple(frees.get(number, ())), step.origins,
        )
        for number, step in enumerate(steps)
    )  # fmt: skip
