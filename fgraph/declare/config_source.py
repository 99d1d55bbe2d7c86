"""A source of configuration files for Hydra that does not trust them.

A folder of the search path can contain anything, and Hydra lets its files set, run and read anything. This source reads
files within bounds, refuses those that reach beyond the graph, and passes no header to Hydra. It hides configurations
that would replace bundled ones: those without a group, and those of Hydra's groups.
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

# By path, not as pkg://graphs: a folder `graphs` of the user must not replace the bundled one.
BUNDLED = Path(__file__).resolve().parents[2] / "graphs"
_lock = RLock()


class GraphFileSource(FileConfigSource):
    """A folder of untrusted configuration files."""

    shows_root = False  # whether configurations without a group are visible

    def __init__(self, provider: str, path: str) -> None:
        super().__init__(provider, path)
        self._is_bundled = Path(self.path).resolve() == BUNDLED

    def is_group(self, config_path: str) -> bool:
        """Return whether a visible folder of this name exists."""
        return self._is_visible(config_path, is_group=True) and bool(super().is_group(config_path))

    def is_config(self, config_path: str) -> bool:
        """Return whether a visible file of this name exists."""
        return self._is_visible(config_path, is_group=False) and bool(super().is_config(config_path))

    def load_config(self, config_path: str) -> ConfigResult:
        """Read a file.

        Raises:
            GraphError: the file is not YAML, or contains what a graph file must not.
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
    """A folder whose graph file is the primary configuration."""

    shows_root = True


@contextmanager
def checked_sources(*, shows_root: bool = False) -> Iterator[None]:
    """Make Hydra use `GraphFileSource` for the sources that it creates within the block."""
    with _lock:
        Plugins.instance()  # registers Hydra's own sources on the first call
        types: dict[str, Any] = SourcesRegistry.instance().types
        scheme = GraphFileSource.scheme()
        earlier = types[scheme]
        types[scheme] = _PrimaryFileSource if shows_root else GraphFileSource
        try:
            yield
        finally:
            types[scheme] = earlier
