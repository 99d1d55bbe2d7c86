"""Hydra's source of configuration files, with every file but the bundled ones read and checked by us.

A folder of the search path may hold anything, and Hydra would let a file of it set, run and read anything. Here a file
is read within bounds, is refused if it reaches beyond the graph, and hands no header to Hydra. Configurations that
would stand in for our own, those of no group and those of Hydra's groups, are invisible.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult
from omegaconf import OmegaConf

from fgraph._errors import GraphError
from fgraph.declare.graph_file import read_graph_file
from fgraph.declare.interpolation import check_interpolations

# By path, not as pkg://graphs: a folder of the user's named `graphs` must not stand in for ours.
BUNDLED = Path(__file__).resolve().parents[2] / "graphs"
_lock = RLock()


class GraphFileSource(FileConfigSource):
    """A folder of configuration files that anybody may have written."""

    shows_root = False  # whether configurations of no group are visible

    def __init__(self, provider: str, path: str) -> None:
        super().__init__(provider, path)
        self._is_bundled = Path(self.path).resolve() == BUNDLED

    def is_group(self, config_path: str) -> bool:
        """Return whether there is such a folder to choose from."""
        return self._is_visible(config_path, is_group=True) and bool(super().is_group(config_path))

    def is_config(self, config_path: str) -> bool:
        """Return whether there is such a file to choose."""
        return self._is_visible(config_path, is_group=False) and bool(super().is_config(config_path))

    def load_config(self, config_path: str) -> ConfigResult:
        """Read a file.

        Raises:
            GraphError: it is no YAML, or says more than a graph file may.
        """
        if self._is_bundled:
            return super().load_config(config_path)
        file = Path(self.path, self._normalize_file_name(config_path))
        document = read_graph_file(file)
        check_interpolations(document)
        if not document.faults and not isinstance(document.data, dict | None):
            document.report("expected a mapping at the root of the file")
        if document.faults:
            raise GraphError(document.faults)
        return ConfigResult(
            config=OmegaConf.create(document.data or {}),
            path=f"{self.scheme()}://{self.path}",
            provider=self.provider,
            header={"package": None},
        )

    def _is_visible(self, config_path: str, is_group: bool) -> bool:
        parts = config_path.split("/") if config_path else []
        if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
            return False
        if self._is_bundled:
            return True
        return parts[:1] != ["hydra"] and (is_group or len(parts) > 1 or self.shows_root)


class _PrimaryFileSource(GraphFileSource):
    """The same, where the graph file itself is the primary configuration."""

    shows_root = True


@contextmanager
def checked_sources(*, shows_root: bool = False) -> Iterator[None]:
    """Have Hydra read files by `GraphFileSource` where it makes sources meanwhile."""
    with _lock:
        Plugins.instance()  # registers Hydra's own, once
        types: dict[str, Any] = SourcesRegistry.instance().types
        scheme = GraphFileSource.scheme()
        earlier = types[scheme]
        types[scheme] = _PrimaryFileSource if shows_root else GraphFileSource
        try:
            yield
        finally:
            types[scheme] = earlier
