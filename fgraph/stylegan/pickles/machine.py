"""A machine that runs the opcodes of a pickle and can do nothing else.

It knows the opcodes that write plain data; a global is looked up in the exact table it was given, whose values are
stand-ins of ours. There is no import, no attribute access and no call of anything but those stand-ins. Limits: see
`MAX_OPCODES` and those below; long byte strings are not read but noted as a `Span`.

Opcodes: `pickletools` of the standard library, protocols 2 to 5.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from fgraph.stylegan.pickles.refusal import Refused, brief
from fgraph.stylegan.pickles.span import FileSource, Span, unpack
from fgraph.stylegan.pickles.stand_ins import Factory, Record

MAX_OPCODES = 500_000  # a checkpoint of a 1024-pixel model, with its discriminator and optimiser, has 60,000
MAX_TEXT = 64 << 10  # bytes of a string that is read at once: longer ones are sources, or stand for bytes
MAX_TEXTS = 64 << 20  # of all strings
SMALL = 4096  # bytes strings up to this length are read at once
_MAX_KEY = 1 << 32  # of an integer as key
_PROTOCOLS = range(2, 6)

Globals = Mapping[tuple[str, str], Any]


class Machine:
    """Runs one pickle; `run` returns its value."""

    def __init__(self, source: FileSource, known: Globals, persistent: Callable[[Any], Any] | None = None) -> None:
        self._source = source
        self._known = known
        self._persistent = persistent
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self._left = MAX_TEXTS

    def run(self) -> Any:
        """Run the opcodes up to STOP.

        Raises:
            Refused: the pickle is damaged, is no plain data, or goes beyond a limit.
        """
        read, actions = self._source.read, _ACTIONS
        for _ in range(MAX_OPCODES):
            code = read(1)
            if code == b".":
                if len(self._stack) != 1 or self._marks:
                    raise Refused("it ends before it is whole")
                return self._stack.pop()
            action = actions.get(code)
            if action is None:
                raise Refused(f"the pickle opcode {code!r} is not allowed")
            try:
                action(self)
            except (IndexError, OverflowError, MemoryError) as error:
                raise Refused(f"it is damaged at the opcode {code!r}") from error
        raise Refused(f"it has more than {MAX_OPCODES} opcodes, which no checkpoint needs")

    # -- the stack -----------------------------------------------------------------------------------------------

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self._stack.append(value)

    def pop(self) -> Any:
        """Take the top of the stack, which a mark protects."""
        if self._marks and len(self._stack) <= self._marks[-1]:
            raise Refused("it is damaged: a value is missing")
        return self._stack.pop()

    def top(self, kind: type) -> Any:
        """The value on top of the stack, of this very type."""
        if self._marks and len(self._stack) <= self._marks[-1]:
            raise Refused("it is damaged: a value is missing")
        if type(self._stack[-1]) is not kind:
            raise Refused(f"it is damaged: {brief(self._stack[-1])} stands where a {kind.__name__} belongs")
        return self._stack[-1]

    def mark(self) -> None:
        """Note this height of the stack."""
        self._marks.append(len(self._stack))

    def cut(self) -> list[Any]:
        """Take what stands above the last mark."""
        start = self._marks.pop()
        items = self._stack[start:]
        del self._stack[start:]
        return items

    # -- arguments -----------------------------------------------------------------------------------------------

    def number(self, code: str) -> int:
        """A little-endian number that follows the opcode."""
        return unpack(code, self._source.read({"B": 1, "H": 2, "i": 4, "I": 4, "Q": 8}[code]))

    def long(self) -> None:
        """A number of any width, which here is 16 bytes."""
        length = self.number("B")
        if length > 16:
            raise Refused(f"it has a number of {length} bytes")
        self.push(int.from_bytes(self._source.read(length), "little", signed=True))

    def real(self) -> None:
        """A number with a fraction, big-endian."""
        self.push(struct.unpack(">d", self._source.read(8))[0])

    def text(self, code: str) -> None:
        """A string; a long one, which may stand for bytes, is noted."""
        length = self.number(code)
        if length > MAX_TEXT:
            span = self._source.skip(length)
            self.push(Span(span.path, span.start, span.length, utf8=True))
            return
        self._left -= length
        if self._left < 0:
            raise Refused("its strings are longer than those of any checkpoint")
        try:
            self.push(self._source.read(length).decode("utf-8", "surrogatepass"))
        except UnicodeError as error:
            raise Refused("it has a string that is no text") from error

    def data(self, code: str) -> None:
        """Bytes: a few are read, more are noted."""
        length = self.number(code)
        self.push(self._source.read(length) if length <= SMALL else self._source.skip(length))

    def protocol(self) -> None:
        """The protocol of the pickle."""
        if (found := self.number("B")) not in _PROTOCOLS:
            raise Refused(f"it is of pickle protocol {found}; 2 to 5 are read")

    def line(self) -> str:
        """Text up to the end of the line."""
        found = bytearray()
        while (byte := self._source.read(1)) != b"\n":
            found += byte
            if len(found) > 256:
                raise Refused("it names something of more than 256 letters")
        return found.decode("latin-1")

    # -- building ------------------------------------------------------------------------------------------------

    def tuple_of(self, count: int) -> None:
        """The last so many values as a tuple."""
        items = [self.pop() for _ in range(count)]
        self.push(tuple(reversed(items)))

    def append_items(self, items: list[Any]) -> None:
        """Put values at the end of the list on top of the stack."""
        self.top(list).extend(items)

    def set_items(self, items: list[Any]) -> None:
        """Put pairs into the dict on top of the stack."""
        if len(items) % 2:
            raise Refused("it is damaged: a key has no value")
        target = self.top(dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[_as_key(key)] = value

    def add_items(self) -> None:
        """Put values into the set on top of the stack."""
        items = self.cut()
        self.top(set).update(_as_key(item) for item in items)

    def remember(self, place: int) -> None:
        """Note the top of the stack in the memo."""
        if place > MAX_OPCODES:
            raise Refused(f"the memo number {place} is out of range")
        self._memo[place] = self._stack[-1]

    def recall(self, place: int) -> None:
        """Put a noted value on the stack."""
        if place not in self._memo:
            raise Refused(f"the memo number {place} is out of range")
        self.push(self._memo[place])

    # -- stand-ins -----------------------------------------------------------------------------------------------

    def find(self, module: Any, name: Any) -> None:
        """What stands for a global."""
        if type(module) is not str or type(name) is not str or (module, name) not in self._known:
            shown = f"{module}.{name}"[:200] if type(module) is str and type(name) is str else "something"
            raise Refused(f"it names '{shown}', which is not allowed")
        self.push(self._known[module, name])

    def stack_global(self) -> None:
        """A global whose names stand on the stack."""
        name, module = self.pop(), self.pop()
        self.find(module, name)

    def call(self) -> None:
        """Call a stand-in."""
        arguments, factory = self.pop(), self.pop()
        if type(factory) is not Factory or type(arguments) is not tuple:
            raise Refused(f"it calls {brief(factory)}")
        try:
            self.push(factory.make(*arguments))
        except TypeError as error:
            raise Refused(f"it calls {factory.name} with other arguments than it takes") from error

    def build(self) -> None:
        """Hand a state to a stand-in that waits for one."""
        state = self.pop()
        if not self._stack or type(self._stack[-1]) is not Record:
            if self._stack and type(self._stack[-1]) is dict:
                return  # the `_metadata` of a state dict
            raise Refused("it changes something that it may only name")
        self._stack[-1].accept(state)

    def persistent(self) -> None:
        """What stands for a persistent id."""
        if self._persistent is None:
            raise Refused("it refers to something outside it")
        self.push(self._persistent(self.pop()))


def _as_key(key: Any) -> Any:
    """A key, if it is of a plain kind: hashing anything deeper could be made to take for ever."""
    if type(key) is str or (type(key) is int and 0 <= key < _MAX_KEY):
        return key
    raise Refused(f"it has {brief(key)} as a key")


_ACTIONS: dict[bytes, Callable[[Machine], object]] = {
    b"\x80": Machine.protocol,
    b"\x95": lambda m: m.number("Q"),  # a frame, which only helps readers
    b"(": Machine.mark,
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"J": lambda m: m.push(m.number("i")),
    b"G": Machine.real,
    b"K": lambda m: m.push(m.number("B")),
    b"M": lambda m: m.push(m.number("H")),
    b"\x8a": Machine.long,
    b"\x8c": lambda m: m.text("B"),
    b"X": lambda m: m.text("I"),
    b"\x8d": lambda m: m.text("Q"),
    b"C": lambda m: m.data("B"),
    b"B": lambda m: m.data("I"),
    b"\x8e": lambda m: m.data("Q"),
    b"\x96": lambda m: m.data("Q"),
    b")": lambda m: m.push(()),
    b"\x85": lambda m: m.tuple_of(1),
    b"\x86": lambda m: m.tuple_of(2),
    b"\x87": lambda m: m.tuple_of(3),
    b"t": lambda m: m.push(tuple(m.cut())),
    b"]": lambda m: m.push([]),
    b"}": lambda m: m.push({}),
    b"\x8f": lambda m: m.push(set()),
    b"\x90": Machine.add_items,
    b"a": lambda m: m.append_items([m.pop()]),
    b"e": lambda m: m.append_items(m.cut()),
    b"s": lambda m: m.set_items([m.pop(), m.pop()][::-1]),
    b"u": lambda m: m.set_items(m.cut()),
    b"c": lambda m: m.find(m.line(), m.line()),
    b"\x93": Machine.stack_global,
    b"R": Machine.call,
    b"\x81": Machine.call,
    b"b": Machine.build,
    b"Q": Machine.persistent,
    b"h": lambda m: m.recall(m.number("B")),
    b"j": lambda m: m.recall(m.number("I")),
    b"\x94": lambda m: m.remember(len(m._memo)),
    b"q": lambda m: m.remember(m.number("B")),
    b"r": lambda m: m.remember(m.number("I")),
}
