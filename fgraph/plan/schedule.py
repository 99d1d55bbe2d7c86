"""The schedule: the order of operations. Operations of equal key and equal signature are one step.

A key is (epoch, layer order, depth, phase). Layers run in layer order. An operation that is neither a layer nor an
operation on codes runs right after the last layer that it depends on; such operations run in the order of their depth.
An operation without operands runs just before its first reader. The epoch rises where a value depends on a value that
is later in layer order: the inversion of a decoded image, for example.
"""

from __future__ import annotations

from fgraph.ir.ops import Op
from fgraph.ir.program import Program

Key = tuple[int, int, int, int, int]  # epoch, resolution, place in it, depth, phase
_NEVER: Key = (-1, 0, 0, 0, 0)
_BEFORE, _AT = 0, 1


def schedule_keys(program: Program) -> list[Key]:
    """Return the key of each instruction."""
    keys: list[Key] = []
    for instruction in program.instructions:
        read = {value for operand in instruction.operands for value in operand.read}
        read = read.union(*(_bases(program, value) for value in read))
        keys.append(_key(instruction.op, [keys[value] for value in read]))
    for number in reversed(range(len(keys))):
        if not program.instructions[number].operands:
            keys[number] = _NEVER  # set below, when its readers are known
    first = _first_readers(program, keys)
    return [first.get(number, (0, 0, 0, 0, _BEFORE)) if key == _NEVER else key for number, key in enumerate(keys)]


def _bases(program: Program, value: int) -> set[int]:
    """Return the values that hold the base rows of a value. A reader of the value also reads them."""
    instruction = program.instructions[value]
    return set(instruction.bases.values.tolist()) - {-1, value} if instruction.bases else set()


def _key(op: Op, read: list[Key]) -> Key:
    latest = max(read, default=_NEVER)
    if not read:
        return _NEVER
    if op.order is None:
        epoch, resolution, place, depth, _ = max(latest, (0, 0, 0, 0, 0))
        return (epoch, resolution, place, depth + 1, _AT)
    epoch = max(latest[0], 0)
    if (0, 0) < op.order <= latest[1:3]:
        epoch += 1  # a layer that reads the result of an equal or later layer runs in the next epoch
    if op.order == (0, 0):
        if latest[1:3] > op.order:
            return (epoch + 1, 0, 0, 0, _AT)
        return (epoch, 0, 0, latest[3] + 1, _AT)
    return (epoch, *op.order, 0, _AT)


def _first_readers(program: Program, keys: list[Key]) -> dict[int, Key]:
    """Return, for each instruction without operands, a key just before its first reader."""
    first: dict[int, Key] = {}
    for number in reversed(range(len(program.instructions))):
        instruction = program.instructions[number]
        key = keys[number]
        earlier = (*key[:4], _BEFORE)
        read = {value for operand in instruction.operands for value in operand.read}
        for value in read.union(*(_bases(program, one) for one in read)):
            if not program.instructions[value].operands:
                first[value] = min(first.get(value, earlier), earlier)
    return first
