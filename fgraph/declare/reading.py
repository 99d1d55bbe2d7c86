"""A file, YAML text or a mapping, with overrides -> GraphSpec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fgraph._errors import Fault, nearest
from fgraph.declare.checking import check
from fgraph.declare.document import Document, parse
from fgraph.declare.files import place_files
from fgraph.declare.overrides import apply, parse_overrides
from fgraph.declare.source import DocumentPath, Places, Source, in_order
from fgraph.declare.spec import GraphSpec
from fgraph.registry import Registry


def read(
    source: Path | str | Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    ops: Registry,
    trace: Source | None = None,
) -> tuple[GraphSpec, list[Fault]]:
    """Read a graph; nothing is raised, all faults are returned together, in the order of the file.

    Args:
        source: a path, a string that is one existing path, YAML text, or a mapping (plain, or of OmegaConf).
        overrides: changes in Hydra's grammar, such as `nodes.fade.start=0.4`; a leading `graph.` is ignored.
        ops: the node classes there are.
        trace: where the parts of a mapping came from, if that is known (see `trace_files`).

    Returns:
        The spec of all nodes that are sound, and the faults.
    """
    document, file = _open(source, trace)
    changes = parse_overrides(overrides, document) if overrides else []
    composed = file is not None and isinstance(document.data, dict) and "defaults" in document.data
    if composed and file is not None:
        from fgraph.declare.composition import compose  # loads Hydra: only where a file asks for it

        changes = compose(file, document, changes)
    apply(changes, document)
    if composed or changes or document.interpolates:
        from fgraph.declare.interpolation import resolve  # loads OmegaConf

        resolve(document)
    place_files(document, ops)
    spec = check(document, ops)
    return spec, in_order(document.faults)


def trace_files(files: Sequence[tuple[Path | str, DocumentPath]]) -> Source:
    """Where the parts of a composed mapping came from: files, each with the path its root has in the whole.

    Later files win, as in Hydra. The first one is `file` of the source.
    """
    places = Places(str(files[0][0]) if files else None)
    for file, under in files:
        places.include(parse(Path(file).read_text(encoding="utf-8"), str(file)).places, under)
    return places.freeze()


def _open(source: Path | str | Mapping[str, Any], trace: Source | None) -> tuple[Document, Path | None]:
    """The document as written, and the file it stands in."""
    if isinstance(source, Mapping):
        places = Places()
        if trace is not None:
            places = Places(trace.file, dict(trace.lines), dict(trace.origins))
        return Document(_plain(source), places, interpolates=_interpolates(source)), None
    if isinstance(source, str) and not _is_file(source) and _is_text(source):
        return parse(source), None
    file = Path(source)
    document = Document(places=Places(str(file)))
    try:
        return parse(file.read_text(encoding="utf-8-sig"), str(file)), file
    except FileNotFoundError:
        beside = [other.name for other in file.parent.glob("*.y*ml")] if file.parent.is_dir() else []
        document.report("there is no such file", hint=nearest(file.name, beside))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        document.report(f"this file cannot be read: {reason}")
    return document, None


def _is_file(text: str) -> bool:
    try:
        return "\n" not in text and Path(text).is_file()
    except (OSError, ValueError):  # too long, or with a zero byte: no path
        return False


def _is_text(source: str) -> bool:
    return not source.strip() or "\n" in source or ":" in source


def _plain(data: Any) -> Any:
    """A copy in plain mappings and lists; leaves stay as they are."""
    if hasattr(data, "_get_flag"):  # a DictConfig, whose interpolation may reach beyond the graph
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException

        try:
            return OmegaConf.to_container(data, resolve=True)
        except OmegaConfBaseException:
            return OmegaConf.to_container(data, resolve=False)  # `resolve` reports what leads nowhere
    if isinstance(data, Mapping):
        return {str(key): _plain(value) for key, value in data.items()}
    return [_plain(value) for value in data] if isinstance(data, list) else data


def _interpolates(data: Any) -> bool:
    """Whether a string in a mapping is to be resolved: asked first, for OmegaConf takes a tenth of a second to load."""
    if isinstance(data, str):
        return "${" in data or data == "???"
    if isinstance(data, Mapping):
        return any(map(_interpolates, data.values()))
    return isinstance(data, list) and any(map(_interpolates, data))
