"""The stack machine that executes a pickle's opcodes: its stack, its memo, and the values that it may build.

The machine has no import and no attribute access, and calls nothing except the stand-ins that it is given. It stores
long strings as a `Span` instead of reading them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused, brief
from fgraph.stylegan.checkpoints.pickles.span import FileSource, Span
from fgraph.stylegan.checkpoints.pickles.stand_ins import Factory, StandIn, Unknown, as_key, make_stand_in

MAX_MEMO = 500_000  # values in the memo
MAX_TEXT = 64 << 10  # bytes of a string that is read: longer ones are source code, or store bytes
MAX_TEXTS = 64 << 20  # bytes of all strings
SMALL = 4096  # bytes of a bytes object that is read
MAX_CALLS = 64 << 20  # estimated bytes of the arguments of all calls, which calls may copy
_ITEM = 64  # bytes of an item of a list or tuple, in that sum
_LONGEST_NAME = 256  # letters of the module or the name of a global
_PROTOCOLS = range(2, 6)

Globals = Mapping[tuple[str, str], Any]


class Machine:
    """The state of one execution; each opcode calls a method."""

    def __init__(self, source: FileSource, known: Globals, persistent: Callable[[Any], Any] | None = None) -> None:
        self._source, self._read = source, source.read
        self._known = known
        self._persistent = persistent
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self._left = MAX_TEXTS
        self._calls_left = MAX_CALLS

    def result(self) -> Any:
        """Return the one value that is left at the end."""
        if len(self.stack) != 1 or self.marks:
            raise PickleRefused("it ends before it is whole")
        return self.stack.pop()

    # -- the stack -----------------------------------------------------------------------------------------------

    def push(self, value: Any) -> None:
        """Push a value onto the stack."""
        self.stack.append(value)

    def pop(self) -> Any:
        """Pop the top of the stack, unless a mark protects it."""
        if self.marks and len(self.stack) <= self.marks[-1]:
            raise PickleRefused("it is damaged: a value is missing")
        return self.stack.pop()

    def top(self, kind: type) -> Any:
        """Return the top of the stack, which must be of exactly this type."""
        if self.marks and len(self.stack) <= self.marks[-1]:
            raise PickleRefused("it is damaged: a value is missing")
        if type(self.stack[-1]) is not kind:
            raise PickleRefused(f"it is damaged: found {brief(self.stack[-1])}, expected a {kind.__name__}")
        return self.stack[-1]

    def mark(self) -> None:
        """Push the current height of the stack onto the marks."""
        self.marks.append(len(self.stack))

    def cut(self) -> list[Any]:
        """Pop everything above the last mark."""
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    # -- arguments -----------------------------------------------------------------------------------------------

    def byte(self) -> int:
        """Read a number of one byte that follows the opcode."""
        return self._read(1)[0]

    def number(self, width: int, signed: bool = False) -> int:
        """Read a little-endian number of `width` bytes that follows the opcode."""
        return int.from_bytes(self._read(width), "little", signed=signed)

    def long(self) -> None:
        """Push an integer of a stated width, at most 16 bytes."""
        length = self.byte()
        if length > 16:
            raise PickleRefused(f"it has a number of {length} bytes")
        self.push(int.from_bytes(self._read(length), "little", signed=True))

    def real(self) -> None:
        """Push a big-endian double."""
        self.push(struct.unpack(">d", self._read(8))[0])

    def text(self, width: int) -> None:
        """Push a string, whose length is a number of `width` bytes; a long one, which may be bytes, becomes a span."""
        length = self.number(width)
        if length > MAX_TEXT:
            noted = self._source.skip_span(length)
            if isinstance(noted, Span):
                self.push(Span(noted.path, noted.start, noted.length, utf8=True))
                return
        else:
            noted = self._read(length)
        self._take(length)
        try:
            self.push(noted.decode("utf-8", "surrogatepass"))
        except UnicodeError as error:
            raise PickleRefused("it has a string that is not text") from error

    def _take(self, length: int) -> None:
        """Count the length of a string against the limit."""
        self._left -= length
        if self._left < 0:
            raise PickleRefused("its strings take more bytes than those of any checkpoint")

    def data(self, width: int) -> None:
        """Push bytes, whose length is a number of `width` bytes; a long value becomes a span."""
        length = self.number(width)
        if length > SMALL:
            self.push(self._source.skip_span(length))
            return
        self._take(length)
        self.push(self._read(length))

    def protocol(self) -> None:
        """Check the protocol of the pickle."""
        if (found := self.byte()) not in _PROTOCOLS:
            raise PickleRefused(f"it is of pickle protocol {found}; 2 to 5 are read")

    def line(self) -> str:
        """Read text up to the end of the line."""
        found = self._source.line(_LONGEST_NAME + 1)
        if not found.endswith(b"\n"):
            raise PickleRefused(f"it names something of more than {_LONGEST_NAME} letters")
        return found[:-1].decode("latin-1")

    # -- building ------------------------------------------------------------------------------------------------

    def tuple_of(self, count: int) -> None:
        """Replace the last `count` values by a tuple of them."""
        start = len(self.stack) - count
        if start < (self.marks[-1] if self.marks else 0):
            raise PickleRefused("it is damaged: a value is missing")
        self.stack[start:] = [tuple(self.stack[start:])]

    def append_items(self, items: list[Any]) -> None:
        """Append values to the list on top of the stack."""
        if not self._keep(items):
            self.top(list).extend(items)

    def set_items(self, items: list[Any]) -> None:
        """Put pairs into the dict on top of the stack."""
        if len(items) % 2:
            raise PickleRefused("it is damaged: a key has no value")
        if self._keep(items):
            return
        target = self.top(dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[as_key(key)] = value

    def add_items(self) -> None:
        """Add values to the set on top of the stack."""
        items = self.cut()
        if not self._keep(items):
            self.top(set).update(as_key(item) for item in items)

    def _keep(self, items: list[Any]) -> bool:
        """Give items to a stand-in on top of the stack; return False if the top is something else."""
        if self.marks and len(self.stack) <= self.marks[-1]:
            return False
        if not self.stack or type(self.stack[-1]) is not StandIn:
            return False
        self.stack[-1].items.extend(items)
        return True

    def remember(self, place: int) -> None:
        """Store the top of the stack in the memo."""
        if place > MAX_MEMO:
            raise PickleRefused(f"the memo number {place} is out of range")
        self.memo[place] = self.stack[-1]

    def recall(self, place: int) -> None:
        """Push a value of the memo."""
        if place not in self.memo:
            raise PickleRefused(f"the memo number {place} is out of range")
        self.push(self.memo[place])

    # -- stand-ins -----------------------------------------------------------------------------------------------

    def find(self, module: Any, name: Any) -> None:
        """Push the stand-in of a global. A global that no table contains is never imported: it stays a name."""
        if type(module) is not str or type(name) is not str:
            raise PickleRefused("it names something by values that are not text")
        if max(len(module), len(name)) > _LONGEST_NAME:
            raise PickleRefused(f"it names something of more than {_LONGEST_NAME} letters")
        known = self._known.get((module, name))
        self.push(Unknown(f"{module}.{name}") if known is None else known)

    def stack_global(self) -> None:
        """Push the stand-in of a global whose names are on the stack."""
        name, module = self.pop(), self.pop()
        self.find(module, name)

    def call(self) -> None:
        """Call a stand-in. A call of an unknown name, or of an object of an unknown class, makes a stand-in."""
        arguments, factory = self.pop(), self.pop()
        if (made := make_stand_in(factory, arguments)) is not None:
            self.push(made)
            return
        if type(factory) is not Factory or type(arguments) is not tuple:
            raise PickleRefused(f"it calls {brief(factory)}")
        self._calls_left -= sum(map(_weight, arguments))
        if self._calls_left < 0:  # one value in the memo can be an argument many times
            raise PickleRefused("its calls have more arguments than those of any checkpoint")
        try:
            self.push(factory.make(*arguments))
        except TypeError as error:
            raise PickleRefused(f"it calls {factory.name} with wrong arguments") from error

    def call_with_names(self) -> None:
        """Call an unknown name with a tuple and a dict of arguments."""
        named, arguments, factory = self.pop(), self.pop(), self.pop()
        if (made := make_stand_in(factory, (arguments, named))) is None:
            raise PickleRefused(f"it calls {brief(factory)} with arguments by name")
        self.push(made)

    def build(self) -> None:
        """Give a state to a stand-in that accepts one."""
        state = self.pop()
        if not self.stack or type(self.stack[-1]) is not StandIn:
            if self.stack and type(self.stack[-1]) is dict:
                return  # the `_metadata` of a state dict
            raise PickleRefused("it changes an object that it may only name")
        self.stack[-1].accept(state)

    def persistent(self) -> None:
        """Push the stand-in of a persistent id."""
        if self._persistent is None:
            raise PickleRefused("it refers to something outside it")
        self.push(self._persistent(self.pop()))


def _weight(value: Any) -> int:
    """Estimate the bytes of a copy of an argument."""
    if type(value) in (str, bytes):
        return len(value)
    return _ITEM * len(value) if type(value) in (list, tuple) else 0
