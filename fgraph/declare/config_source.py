"""A source for Hydra that reads untrusted configuration files.

A folder of the search path can contain anything, and Hydra lets its files set, run and read anything. This source reads
files within bounds, refuses those that reach beyond the graph, and passes no header to Hydra. It hides configurations
that would replace bundled ones: those without a group, those of the group `hydra`, and among files that the user names
by path, those of the group `training`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any, ClassVar, TypeAlias

from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.core_plugins.importlib_resources_config_source import ImportlibResourcesConfigSource
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult
from omegaconf import OmegaConf

from fgraph._errors import GraphError
from fgraph.declare.config_copies import copy_node
from fgraph.declare.graph_file import read_graph_file
from fgraph.declare.interpolation import check_interpolations

# By path, not as pkg://graphs: a folder `graphs` of the user must not replace the bundled one.
BUNDLED = Path(__file__).resolve().parents[2] / "graphs"
NAMED = "named files"  # the provider, in Hydra's search path, of folders of files that the user names by path
GROUP = "graph"
_lock = RLock()
_parsed: dict[Hashable, ConfigResult] = {}
_Names: TypeAlias = list[str]  # the class below has a method called `list`


class GraphFileSource(FileConfigSource):
    """A folder of untrusted configuration files.

    A folder of files that the user names by path is the group `graph`, and its sub-folders are the other groups. If the
    folder itself is called `graph`, the other groups are beside it, as among the bundled graphs.
    """

    shows_root = False  # whether configurations without a group are visible
    files: ClassVar[Mapping[str, Path]] = {}  # the graph files that the user names by path, by the name of the graph

    def __init__(self, provider: str, path: str) -> None:
        super().__init__(provider, path)
        self._is_bundled = Path(self.path).resolve() == BUNDLED
        named = {name: file for name, file in self.files.items() if file.absolute().parent == Path(self.path)}
        self._named = named if provider == NAMED else None

    def is_group(self, config_path: str) -> bool:
        """Return whether a visible folder of this name exists."""
        if self._named is not None:
            visible = config_path == GROUP or self._path_of(config_path).is_dir()
            return visible and self._is_visible(config_path, is_group=True)
        return self._is_visible(config_path, is_group=True) and bool(super().is_group(config_path))

    def is_config(self, config_path: str) -> bool:
        """Return whether a visible file of this name exists."""
        return self._is_visible(config_path, is_group=False) and self._path_of(config_path, is_file=True).is_file()

    def list(self, config_path: str, results_filter: ObjectType | None) -> _Names:
        """Return the names in a group; among graphs in a named folder, only those that the user names."""
        if self._named is None:
            return super().list(config_path, results_filter)
        return sorted(self._named) if config_path == GROUP and results_filter is not ObjectType.GROUP else []

    def load_config(self, config_path: str) -> ConfigResult:
        """Read a file.

        Raises:
            GraphError: the file is not YAML, or contains something that a graph file must not contain.
        """
        if self._is_bundled:
            status = Path(self.path, self._normalize_file_name(config_path)).stat()
            key = self.provider, self.path, config_path, status.st_mtime_ns, status.st_size
            return _parse_once(key, partial(super().load_config, config_path))
        document = read_graph_file(self._path_of(config_path, is_file=True))
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

    def _path_of(self, config_path: str, is_file: bool = False) -> Path:
        """Return the path of a configuration or a group."""
        name = self._normalize_file_name(config_path) if is_file else config_path
        if self._named is None:
            return Path(self.path, name)
        return path_in_folder(Path(self.path), name, self._named)

    def _is_visible(self, config_path: str, is_group: bool) -> bool:
        parts = config_path.split("/") if config_path else []
        if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
            return False
        if self._is_bundled:
            return True
        hidden = ["hydra"] if self._named is None else ["hydra", "training"]
        return not set(parts[:1]) & set(hidden) and (is_group or len(parts) > 1 or self.shows_root)


class PackageSource(ImportlibResourcesConfigSource):
    """A package with configuration files, such as Hydra itself."""

    def load_config(self, config_path: str) -> ConfigResult:
        """Read a file."""
        return _parse_once((self.provider, self.path, config_path), partial(super().load_config, config_path))


def _parse_once(key: Hashable, load: Callable[[], ConfigResult]) -> ConfigResult:
    """Return a new copy of what `load` returns, which is called once for each key.

    Hydra reads all files for each config that it composes, and parsing YAML takes most of that time.
    """
    if key not in _parsed:
        _parsed[key] = load()
    result = _parsed[key]
    return replace(result, config=copy_node(result.config, None), header=dict(result.header))


def path_in_folder(folder: Path, name: str, files: Mapping[str, Path]) -> Path:
    """Return the path of a configuration or a group in a folder of files that the user names by path."""
    group, _, rest = name.partition("/")
    if group == GROUP:
        return files.get(rest.removesuffix(".yaml"), folder / rest)
    return (folder.parent if folder.name == GROUP else folder) / name


@contextmanager
def checked_sources(*, shows_root: bool = False, files: Mapping[str, Path] | None = None) -> Iterator[None]:
    """Make Hydra use `GraphFileSource` and `PackageSource` for the sources that it creates within the block.

    Args:
        shows_root: whether configurations without a group are visible.
        files: the graph files that the user names by path, by the name of the graph.
    """
    with _lock:
        Plugins.instance()  # registers Hydra's own sources on the first call
        types: dict[str, Any] = SourcesRegistry.instance().types
        earlier = types.copy()
        members = {"shows_root": shows_root, "files": dict(files or {})}
        types[GraphFileSource.scheme()] = type("CheckedFileSource", (GraphFileSource,), members)
        types[PackageSource.scheme()] = PackageSource
        try:
            yield
        finally:
            types.update(earlier)
