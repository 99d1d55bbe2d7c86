"""Where each part of a document stands: file, line, or the override that gave it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from fgraph._errors import Fault

DocumentPath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """Where a document came from.

    `lines` maps a path in the document, such as `("nodes", "mix", "mask")`, to its 1-based line. `origins` names
    what gave a path that does not stand in `file`: another file, or an override.
    """

    file: str | None = None
    lines: Mapping[DocumentPath, int] = field(default_factory=dict, repr=False)
    origins: Mapping[DocumentPath, str] = field(default_factory=dict, repr=False)

    def place(self, *path: str | int) -> tuple[str | None, int | None]:
        """File (or override) and line of this path, or of its closest known ancestor."""
        for known in _ancestors(path):
            if known in self.lines or known in self.origins:
                return self.origins.get(known, self.file), self.lines.get(known)
        return self.file, None

    def fault(self, message: str, *path: str | int, hint: str | None = None) -> Fault:
        """A fault at this path."""
        file, line = self.place(*path)
        return Fault(message, dotted(path), file, line, hint)


@dataclass
class Places:
    """The places of a document while it is read; `freeze` makes a `Source` of them."""

    file: str | None = None
    lines: dict[DocumentPath, int] = field(default_factory=dict)
    origins: dict[DocumentPath, str] = field(default_factory=dict)

    def override(self, path: DocumentPath, origin: str) -> None:
        """Say that an override gave this path and all below it."""
        for known in [*self.lines, *self.origins]:
            if known[: len(path)] == path:
                self.lines.pop(known, None)
                self.origins.pop(known, None)
        self.origins[path] = origin

    def include(self, other: Source | Places, under: DocumentPath = ()) -> None:
        """Add the places of another document whose root stands at `under` of this one."""
        for path, line in other.lines.items():
            whole = (*under, *path)
            self.lines[whole] = line
            origin = other.origins.get(path, other.file)
            if origin is not None and origin != self.file:
                self.origins[whole] = origin
            else:
                self.origins.pop(whole, None)

    def alias(self, path: DocumentPath, name: DocumentPath) -> None:
        """Give a path the place of another: the outputs of a list are looked up by name."""
        if path in self.lines:
            self.lines.setdefault(name, self.lines[path])
        if path in self.origins:
            self.origins.setdefault(name, self.origins[path])

    def freeze(self) -> Source:
        """The places, as they stay."""
        return Source(self.file, self.lines, self.origins)


def dotted(path: Iterable[str | int]) -> str:
    """A path as a user reads it: `nodes.mix.of[1]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def in_order(faults: Iterable[Fault]) -> list[Fault]:
    """Faults in the order of the file; those without a line come last."""
    return sorted(faults, key=lambda fault: (fault.line is None, fault.file or "", fault.line or 0))


def _ancestors(path: DocumentPath) -> Iterator[DocumentPath]:
    for length in range(len(path), -1, -1):
        yield path[:length]
