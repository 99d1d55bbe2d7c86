"""Graphs -> records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from fgraph._downloads import is_url
from fgraph._errors import ModelError
from fgraph._imaging.finding import locate
from fgraph._paths import expanded
from fgraph._seeds import derive_seed
from fgraph._version import __version__
from fgraph.declare import MAIN, Graph, GraphSpec
from fgraph.node import FILE
from fgraph.save.record import ModelRecord, Record
from fgraph.stylegan.checkpoints.encoder_file import find_encoder
from fgraph.stylegan.checkpoints.header import BUNDLED, DEFAULT_MODEL, read_model
from fgraph.stylegan.checkpoints.sources import file_digest

_MOST_FILES = 200  # of a folder that a node reads: the digest covers only this many files


def record_graph(graph: Graph, settings: Mapping[str, Any] | None = None) -> Record:
    """Make the record of a graph: its YAML, the seeds of its nodes, the digests of its models and other files.

    Args:
        graph: the graph.
        settings: settings outside the graph that the pixels depend on, such as the precision.
    """
    spec = graph.spec
    models = {name: _record_model(source) for name, source in {MAIN: DEFAULT_MODEL, **spec.models}.items()}
    files = {path: _digest_of(path) for path in sorted(_files(spec))}
    return Record(__version__, graph.to_yaml(), _seeds(spec), models, None, files, dict(settings or {}))


def _seeds(spec: GraphSpec) -> dict[str, Any]:
    """Return node id -> the seed of the node, given or derived from the graph's seed."""
    found: dict[str, Any] = {}
    for name, node, _ in spec.walk():
        if "seed" in type(node).model_fields:
            given = getattr(node, "seed")  # noqa: B009  # not every node has it
            found[name] = derive_seed(spec.seed, name) if given is None else given
    return found


def _files(spec: GraphSpec) -> set[str]:
    """Return the paths of files that nodes read, as the graph names them."""
    holders: list[BaseModel] = [spec.noise, *(node for _, node, _ in spec.walk())]
    return {path for holder in holders for path in _named(holder)}


def _named(holder: BaseModel) -> Iterator[str]:
    for name, field in type(holder).model_fields.items():
        value = getattr(holder, name)
        if isinstance(value, BaseModel):
            yield from _named(value)
        elif field.json_schema_extra == FILE:
            yield from value if isinstance(value, tuple) else [value] if isinstance(value, str) else []


def _digest_of(path: str) -> str:
    """Return the digest of a file or of the files in a folder; "" if it is missing, which `check` reports."""
    try:
        folder = expanded(path)
        if folder.is_dir():
            return _digest_of_folder(folder)
        is_encoder = path in BUNDLED or is_url(path)  # an encoder of the node `encode`; other nodes read only files
        return _digest(find_encoder(path) if is_encoder else locate(path))
    except (ValueError, OSError, ModelError):
        return ""


def _digest_of_folder(folder: Path) -> str:
    files = sorted(one for one in folder.iterdir() if one.is_file())[:_MOST_FILES]
    names = "\n".join(f"{one.name} {_digest(one)}" for one in files)
    return f"sha256:{hashlib.sha256(names.encode('utf-8', 'surrogateescape')).hexdigest()}"


def _record_model(source: Any) -> ModelRecord:
    if not isinstance(source, str | Path):  # a generator that the caller loaded
        return ModelRecord(str(getattr(source, "name", type(source).__name__)), "")
    try:
        return ModelRecord(str(source), read_model(source, _digest))
    except ModelError:  # the file was removed after the run, and its images are still saved
        return ModelRecord(str(source), "")


def _digest(path: Path) -> str:
    stat = path.stat()
    return _cached_digest(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)
def _cached_digest(path: Path, size: int, modified: int) -> str:
    """Return the SHA-256 of a file; size and time are part of the cache key, so that a changed file is read again."""
    return f"sha256:{file_digest(path)}"
