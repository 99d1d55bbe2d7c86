"""The allowed opcodes of a pickle, and the loop that executes them.

Allowed are the opcodes of protocols 2 to 5 that write plain data (see `pickletools` of the standard library). A global
is looked up in a given table, whose values are stand-ins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fgraph.stylegan.checkpoints.pickles.machine import Globals, Machine
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused
from fgraph.stylegan.checkpoints.pickles.span import FileSource
from fgraph.stylegan.checkpoints.pickles.stand_ins import StandIn

MAX_OPCODES = 500_000  # a checkpoint of a 1024-pixel model, with its discriminator and optimiser, has 60,000


def run_pickle(
    source: FileSource, known: Globals, persistent: Callable[[Any], Any] | None = None, limit: int = MAX_OPCODES
) -> Any:
    """Execute a pickle and return its value.

    Args:
        source: at the start of the pickle; afterwards, it is at its end.
        known: (module, name) -> the stand-in of that global.
        persistent: returns the stand-in of a persistent id; None if there may be none.
        limit: the most opcodes.

    Raises:
        PickleRefused: the pickle is damaged, holds more than plain data, or exceeds a limit.
    """
    machine = Machine(source, known, persistent)
    read, action_of = source.read, _ACTIONS.get
    for _ in range(limit):
        code = read(1)
        if code == b".":
            return machine.result()
        action = action_of(code)
        if action is None:
            raise PickleRefused(f"the pickle opcode {code!r} is not allowed")
        try:
            action(machine)
        except (IndexError, OverflowError, MemoryError) as error:
            raise PickleRefused(f"it is damaged at the opcode {code!r}") from error
    raise PickleRefused(f"it has more than {limit} opcodes, which no checkpoint needs")


_ACTIONS: dict[bytes, Callable[[Machine], object]] = {
    b"\x80": Machine.protocol,
    b"\x95": lambda m: m.number(8),  # a frame, which only helps readers
    b"(": Machine.mark,
    b"N": lambda m: m.stack.append(None),
    b"\x88": lambda m: m.stack.append(True),
    b"\x89": lambda m: m.stack.append(False),
    b"J": lambda m: m.stack.append(m.number(4, signed=True)),
    b"G": Machine.real,
    b"K": lambda m: m.stack.append(m.byte()),
    b"M": lambda m: m.stack.append(m.number(2)),
    b"\x8a": Machine.long,
    b"\x8c": lambda m: m.text(1),
    b"X": lambda m: m.text(4),
    b"\x8d": lambda m: m.text(8),
    b"C": lambda m: m.data(1),
    b"B": lambda m: m.data(4),
    b"\x8e": lambda m: m.data(8),
    b"\x96": lambda m: m.data(8),
    b")": lambda m: m.stack.append(()),
    b"\x85": lambda m: m.tuple_of(1),
    b"\x86": lambda m: m.tuple_of(2),
    b"\x87": lambda m: m.tuple_of(3),
    b"t": lambda m: m.stack.append(tuple(m.cut())),
    b"]": lambda m: m.stack.append([]),
    b"}": lambda m: m.stack.append({}),
    b"\x8f": lambda m: m.stack.append(set()),
    b"\x90": Machine.add_items,
    b"\x91": lambda m: m.stack.append(StandIn("builtins.frozenset", tuple(m.cut()))),
    b"0": lambda m: m.pop(),
    b"1": lambda m: m.cut(),
    b"a": lambda m: m.append_items([m.pop()]),
    b"e": lambda m: m.append_items(m.cut()),
    b"s": lambda m: m.set_items([m.pop(), m.pop()][::-1]),
    b"u": lambda m: m.set_items(m.cut()),
    b"c": lambda m: m.find(m.line(), m.line()),
    b"\x93": Machine.stack_global,
    b"R": Machine.call,
    b"\x81": Machine.call,
    b"\x92": Machine.call_with_names,
    b"b": Machine.build,
    b"Q": Machine.persistent,
    b"h": lambda m: m.recall(m.byte()),
    b"j": lambda m: m.recall(m.number(4)),
    b"\x94": lambda m: m.remember(len(m.memo)),
    b"q": lambda m: m.remember(m.byte()),
    b"r": lambda m: m.remember(m.number(4)),
}
