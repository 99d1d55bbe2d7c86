"""A file, YAML text or a mapping, with overrides -> GraphSpec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fgraph._errors import Fault
from fgraph.declare.checking import check
from fgraph.declare.document import DEEPEST, Document
from fgraph.declare.files import place_files
from fgraph.declare.graph_file import parse_graph, read_graph_file
from fgraph.declare.interpolation import resolve
from fgraph.declare.overrides import apply, parse_overrides
from fgraph.declare.restrictions import check_data
from fgraph.declare.source import DocumentPath, SourceMap, SourceMapBuilder, in_order
from fgraph.declare.spec import GraphSpec
from fgraph.registry import Registry


def read(
    source: Path | str | Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    ops: Registry,
    trace: SourceMap | None = None,
) -> tuple[GraphSpec, list[Fault]]:
    """Read a graph; return its faults together, in the order of the file, and raise nothing.

    Args:
        source: a path, a string that is one existing path, YAML text, or a mapping (plain, or of OmegaConf).
        overrides: changes in Hydra's grammar, such as `nodes.fade.start=0.4`; a leading `graph.` is ignored.
        ops: all node classes.
        trace: the places of the parts of a mapping, if known; see `trace_files`.

    Returns:
        The spec of all valid nodes, and the faults.
    """
    document = read_document(source, overrides, trace=trace)
    place_files(document, ops)
    spec = check(document, ops)
    return spec, in_order(document.faults)


def read_document(
    source: Path | str | Mapping[str, Any], overrides: Sequence[str] = (), *, trace: SourceMap | None = None
) -> Document:
    """Read a graph as plain data, composed, with overrides applied and interpolations resolved.

    The arguments are those of `read`. Faults are in the document.
    """
    document, file = _open(source, trace)
    changes = parse_overrides(overrides, document) if overrides else []
    composed = file is not None and isinstance(document.data, dict) and "defaults" in document.data
    if composed and file is not None:
        from fgraph.declare.composition import compose  # loads Hydra: only for files with a defaults list

        changes = compose(file, document, changes)
    apply(changes, document)
    if composed or changes or document.interpolates:
        resolve(document)
    return document


def trace_files(files: Sequence[tuple[Path | str, DocumentPath]]) -> SourceMap:
    """Return the places of the parts of a composed mapping.

    Args:
        files: each file, with the path of its root in the mapping. Later files win, as in Hydra. The first one becomes
            `file` of the source.
    """
    places = SourceMapBuilder(str(files[0][0]) if files else None)
    for file, under in files:
        places.include(read_graph_file(Path(file)).places, under)
    return places.freeze()


def _open(source: Path | str | Mapping[str, Any], trace: SourceMap | None) -> tuple[Document, Path | None]:
    """Return the parsed document, and its file, if it has one."""
    if isinstance(source, Mapping):
        places = SourceMapBuilder()
        if trace is not None:
            places = SourceMapBuilder(trace.file, dict(trace.lines), dict(trace.sources))
        document = Document(places=places)
        try:
            document.data, document.interpolates = _plain(source)
        except RecursionError:
            document.report(f"mappings and lists are nested more than {DEEPEST} deep")
        check_data(document)
        return document, None
    if isinstance(source, str) and not _is_file(source) and _is_text(source):
        return parse_graph(source), None
    file = Path(source)
    return read_graph_file(file), file


def _is_file(text: str) -> bool:
    try:
        return "\n" not in text and Path(text).is_file()
    except (OSError, ValueError):  # not a path: too long, or with a zero byte
        return False


def _is_text(source: str) -> bool:
    return not source.strip() or "\n" in source or ":" in source


def _plain(data: Mapping[str, Any]) -> tuple[Any, bool]:
    """Return a copy in plain mappings and lists, and whether it has interpolations to resolve.

    Raises:
        RecursionError: the nesting is deeper than `DEEPEST`.
    """
    if not hasattr(data, "_get_flag"):
        copied = _copied(data, DEEPEST)
        return copied, _interpolates(copied)
    from omegaconf import OmegaConf  # for a DictConfig, whose interpolations can reach beyond the graph
    from omegaconf.errors import OmegaConfBaseException

    try:
        return _copied(OmegaConf.to_container(data, resolve=True, throw_on_missing=True), DEEPEST), False
    except OmegaConfBaseException:  # `resolve` reports the interpolation
        return _copied(OmegaConf.to_container(data, resolve=False), DEEPEST), True


def _copied(data: Any, left: int) -> Any:
    """Copy mappings and lists, but not leaves."""
    if not isinstance(data, Mapping | list):
        return data
    if left == 0:
        raise RecursionError
    if isinstance(data, Mapping):
        return {str(key): _copied(value, left - 1) for key, value in data.items()}
    return [_copied(value, left - 1) for value in data]


def _interpolates(data: Any) -> bool:
    """Return whether a text in plain data has an interpolation."""
    if isinstance(data, str):
        return "${" in data or data == "???"
    if isinstance(data, dict):
        return any(map(_interpolates, data.values()))
    return isinstance(data, list) and any(map(_interpolates, data))
