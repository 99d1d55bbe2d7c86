"""The models that can be chosen: the bundled ones, and those in folders that the command names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from fgraph._errors import FgraphError
from fgraph.declare import MAIN, GraphSpec
from fgraph.studio.messages import ModelEntry
from fgraph.stylegan.checkpoints.header import BUNDLED, DEFAULT_MODEL, ModelHeader, find_model, read_header

_ENDINGS = (".safetensors", ".pt", ".pth", ".ckpt", ".pkl", ".pdparams")
_MOST = 200  # files of a folder


def model_entries(folders: Sequence[Path] = ()) -> list[ModelEntry]:
    """Return the models; files that hold none are left out. Only headers are read."""
    return [entry for source in [*BUNDLED, *_files(folders)] for entry in _entry(source)]


def with_headers(spec: GraphSpec) -> GraphSpec:
    """Return a graph with the headers of its model files in place of their names, so that none is read for each edit.

    A model that cannot be read keeps its name, which `check` reports.
    """
    models = {MAIN: DEFAULT_MODEL, **spec.models}
    return replace(spec, models={name: _header(one) if isinstance(one, str) else one for name, one in models.items()})


def _header(source: str) -> ModelHeader | str:
    try:
        stat = find_model(source).stat()
        return _cached_header(source, stat.st_mtime_ns, stat.st_size)
    except (FgraphError, OSError):
        return source


@lru_cache(maxsize=16)
def _cached_header(source: str, modified: int, size: int) -> ModelHeader:
    return read_header(source)


def _files(folders: Sequence[Path]) -> Iterator[str]:
    for folder in folders:
        found = sorted(one for one in folder.iterdir() if one.suffix.lower() in _ENDINGS and one.is_file())
        yield from (str(one) for one in found[:_MOST])


def _entry(source: str) -> Iterator[ModelEntry]:
    try:
        table = read_header(source).table
    except FgraphError:
        return
    yield ModelEntry(name=source, size=table.size, kind=table.architecture, w_dim=table.w_dim, num_ws=table.num_ws)
