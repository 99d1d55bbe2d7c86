"""Places of the parts of a document: file, line, or override."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from fgraph._errors import Fault

DocumentPath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class SourceMap:
    """The places of the parts of a document.

    `lines` maps a path in the document, such as `("nodes", "mix", "mask")`, to its 1-based line. `sources` maps a path
    that is not from `file` to its source: another file, or an override.
    """

    file: str | None = None
    lines: Mapping[DocumentPath, int] = field(default_factory=dict, repr=False)
    sources: Mapping[DocumentPath, str] = field(default_factory=dict, repr=False)

    def place(self, *path: str | int) -> tuple[str | None, int | None]:
        """Return file (or override) and line of a path, or of its closest known ancestor."""
        for known in _ancestors(path):
            if known in self.lines or known in self.sources:
                return self.sources.get(known, self.file), self.lines.get(known)
        return self.file, None

    def fault(self, message: str, *path: str | int, hint: str | None = None) -> Fault:
        """Return a fault at a path."""
        file, line = self.place(*path)
        return Fault(message, dotted(path), file, line, hint)


@dataclass
class SourceMapBuilder:
    """The places of a document that is being read; `freeze` returns them as a `SourceMap`."""

    file: str | None = None
    lines: dict[DocumentPath, int] = field(default_factory=dict)
    sources: dict[DocumentPath, str] = field(default_factory=dict)

    def override(self, path: DocumentPath, origin: str) -> None:
        """Record that an override set this path and everything below it."""
        for known in [*self.lines, *self.sources]:
            if known[: len(path)] == path:
                self.lines.pop(known, None)
                self.sources.pop(known, None)
        self.sources[path] = origin

    def include(self, other: SourceMap | SourceMapBuilder, under: DocumentPath = ()) -> None:
        """Add the places of another document, whose root has the path `under` in this one."""
        for path, line in other.lines.items():
            whole = (*under, *path)
            self.lines[whole] = line
            origin = other.sources.get(path, other.file)
            if origin is not None and origin != self.file:
                self.sources[whole] = origin
            else:
                self.sources.pop(whole, None)

    def alias(self, path: DocumentPath, name: DocumentPath) -> None:
        """Copy the place of a path to another one: outputs of a list are found by name."""
        if path in self.lines:
            self.lines.setdefault(name, self.lines[path])
        if path in self.sources:
            self.sources.setdefault(name, self.sources[path])

    def freeze(self) -> SourceMap:
        """Return the places as a `SourceMap`."""
        return SourceMap(self.file, self.lines, self.sources)


def dotted(path: Iterable[str | int]) -> str:
    """Format a path: `nodes.mix.of[1]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def in_order(faults: Iterable[Fault]) -> list[Fault]:
    """Sort faults by file and line; those without a line come last."""
    return sorted(faults, key=lambda fault: (fault.line is None, fault.file or "", fault.line or 0))


def _ancestors(path: DocumentPath) -> Iterator[DocumentPath]:
    for length in range(len(path), -1, -1):
        yield path[:length]
