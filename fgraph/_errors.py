"""The tree of errors: one base class, and one class for each stage that can fail.

    FgraphError
    ├── GraphError      the graph is wrong; `faults` lists everything found (declare, digraph, stacks)
    ├── ModelError      a model can't be found, read or understood (stylegan)
    ├── MemoryBudgetError   the plan needs more memory than it was given (plan)
    ├── RunError        a step failed while it ran (runtime)
    ├── SaveError       a result can't be written (save)
    └── SkippedError    some of many pictures couldn't be used; the others are done (inversion)

Any other exception is a bug in fgraph.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable
from dataclasses import dataclass

_MOST_SHOWN = 100  # faults in a message
_MOST_HINTS = 20  # most hints for one graph
_MOST_COMPARED = 1000  # names for one hint
_MOST_BITS = 1000  # most bits of a whole number that is shown


class FgraphError(Exception):
    """Base of every error that a user's input can cause; control characters in its message are escaped."""

    def __init__(self, *parts: object) -> None:
        super().__init__(*(escape_controls(part) if isinstance(part, str) else part for part in parts))


class ModelError(FgraphError):
    """A model can't be found, read or understood."""


class MemoryBudgetError(FgraphError):
    """The plan needs more memory than its budget allows; `needed` is the least number of bytes it needs, if known."""

    def __init__(self, *parts: object, needed: int | None = None) -> None:
        self.needed = needed
        super().__init__(*parts)


class RunError(FgraphError):
    """A step of a plan failed while it ran."""


class SaveError(FgraphError):
    """A result can't be written."""


class SkippedError(FgraphError):
    """Some of many pictures couldn't be used; the others are done."""


@dataclass(frozen=True)
class Fault:
    """One fault of a graph: its place, what was found, what was expected, and the cure."""

    message: str
    where: str = ""  # "nodes.mix.mask", "outputs", ...
    file: str | None = None
    line: int | None = None  # 1-based
    hint: str | None = None

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        if self.file:
            place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        where = f"{self.where}: " if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return escape_controls(f"{place}{where}{self.message}{hint}", keep="")  # a fault is one line of a list


class GraphError(FgraphError):
    """A graph is wrong; `faults` lists everything found, in the order of the file."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        count = len(self.faults)
        title = "the graph has a fault" if count == 1 else f"the graph has {count} faults"
        shown = [str(fault) for fault in self.faults[:_MOST_SHOWN]]
        shown += [f"... and {count - _MOST_SHOWN} more"] if count > _MOST_SHOWN else []
        super().__init__("\n  ".join([f"{title}:", *shown]))


def escape_controls(text: str, keep: str = "\n\t") -> str:
    r"""Escape the characters that a terminal obeys or that change the order of text, except those in `keep`.

    >>> escape_controls("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in keep else repr(one)[1:-1] for one in text)


class _Brief(reprlib.Repr):
    """A `repr` that shows the start of containers, to some depth."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = self.maxfrozenset = 16
        self.maxstring = self.maxother = 80

    def repr_int(self, x: int, level: int) -> str:
        """Return the digits; Python refuses to write very many."""
        return str(x) if x.bit_length() < _MOST_BITS else f"a number of {x.bit_length()} bits"

    def repr_instance(self, x: object, level: int) -> str:
        """Return the text of a plain value, or only the class of another object, which can hold anything."""
        return repr(x)[:80] if isinstance(x, bool | float | bytes | None) else type(x).__name__


_BRIEF = _Brief()


def show(name: object, most: int = 80) -> str:
    r"""Return a name or another value from a file for a message: on one line, escaped, with at most `most` characters.

    The time is bounded for any value: a pickle of some bytes can hold a list that has 2**60 lists in it.

    >>> show("b8.conv0"), show("a\nb"), show("x" * 100, 5)
    ('b8.conv0', 'a\\nb', 'xx...')
    """
    text = _BRIEF.repr(name) if isinstance(name, int | list | tuple | dict | set | frozenset) else str(name)
    text = text if len(text) <= most else f"{text[: most - 3]}..."
    return escape_controls(text, keep="")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the known name nearest to `name`, or None if none is near.

    Of many known names, only those of about the same length and with the same first letter are compared.
    """
    names = sorted(known)
    if len(names) > _MOST_COMPARED:
        alike = [one for one in names if one[:1] == name[:1] and abs(len(one) - len(name)) <= 2]
        names = alike[:_MOST_COMPARED]
    match = difflib.get_close_matches(name, names, n=1, cutoff=0.55)
    return f"did you mean '{match[0]}'?" if match else None


class Hints:
    """Hints for the misspelt names of one graph.

    Only the first faults get one: each hint compares a name with all known ones, and a graph can have as many faults as
    names.
    """

    def __init__(self) -> None:
        self.remaining = _MOST_HINTS

    def nearest(self, name: str, known: Iterable[str]) -> str | None:
        """Return a hint as the function `nearest` does, or None after `_MOST_HINTS` calls."""
        if not self.remaining:
            return None
        self.remaining -= 1
        return nearest(name, known)
