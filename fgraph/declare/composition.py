"""A graph file with a `defaults` list -> the document that Hydra composes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from fgraph._errors import GraphError
from fgraph.declare.document import Document, parse
from fgraph.declare.overrides import without_prefix
from fgraph.declare.source import SourceMapBuilder
from fgraph.declare.text_files import read_text

if TYPE_CHECKING:
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra.core.override_parser.types import Override


def compose(file: Path, document: Document, overrides: list[Override]) -> list[Override]:
    """Replace the content of the document by the composition; return the overrides that are not yet applied.

    `document` contains the parsed file, and receives data, places and faults. Overrides that choose from a group
    (`subgraph@nodes.left=other`) change the defaults list, and are applied here.
    """
    from hydra.errors import HydraException
    from hydra.types import RunMode

    with _hydra_1_3():
        loader = _loader(file)
        try:
            lines = [without_prefix(override.input_line or "") for override in overrides]
            listed = loader.compute_defaults_list(file.stem, lines, RunMode.RUN)
            rest = {override.input_line for override in listed.config_overrides}
            chosen = [line for line in lines if line not in rest]
            config = loader.load_configuration(file.stem, chosen, RunMode.RUN, from_shell=False)
        except (HydraException, OmegaConfBaseException) as error:
            document.report(f"the defaults list cannot be composed: {_reason(error)}", "defaults")
            document.data = None  # further faults cannot be found
            return []
        except GraphError as error:  # a fault in a file of the defaults list
            document.faults += error.faults
            document.data = None
            return []
        places = _trace(loader, listed.defaults, document.places)
    data: Any = OmegaConf.to_container(config, resolve=False)
    data.pop("hydra", None)
    document.data = data
    document.places = places
    return [override for override, line in zip(overrides, lines, strict=True) if line in rest]


def _loader(file: Path) -> ConfigLoaderImpl:
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.utils import create_config_search_path

    from fgraph.declare.config_source import BUNDLED, checked_sources

    folder = file.resolve().parent
    search = create_config_search_path(str(folder))
    schema = search.get_path().pop()  # Hydra requires its own source to be last
    if folder.name == "graph":  # a folder with the layout of the bundled graphs: graph/, subgraph/, model/
        search.append("beside", str(folder.parent))
    search.append("bundled", str(BUNDLED))
    search.append(schema.provider, schema.path)
    with checked_sources(shows_root=True):
        return ConfigLoaderImpl(search)


@contextmanager
def _hydra_1_3() -> Iterator[None]:
    """Compose by the rules of Hydra 1.3, whatever version base the application has set."""
    from hydra.version import VersionBase, setbase

    base = VersionBase.instance()
    before = base.version_base
    setbase("1.3")
    try:
        yield
    finally:
        base.version_base = before


def _trace(loader: ConfigLoaderImpl, defaults: Any, root: SourceMapBuilder) -> SourceMapBuilder:
    """Return the places of all merged files, in Hydra's order: the last one wins."""
    places = SourceMapBuilder(root.file)
    for default in defaults:
        result = loader.repository.load_config(default.config_path) if default.config_path else None
        file = _file(result.path, default.config_path) if result else None
        if file is None or str(default.package or "").startswith("hydra"):
            continue
        if root.file and file.samefile(root.file):
            places.include(root)
        else:
            under = tuple(default.package.split(".")) if default.package else ()
            places.include(parse(read_text(file), str(file)).places, under)
    return places


def _file(source: str, config_path: str) -> Path | None:
    """Return the file of a config from this source; None if it is not a file."""
    scheme, _, place = source.partition("://")
    name = config_path if config_path.endswith((".yaml", ".yml")) else f"{config_path}.yaml"
    path = Path(place if scheme == "file" and place else source, name)
    return path if scheme in ("file", source) and path.is_file() else None


def _reason(error: BaseException) -> str:
    message, _, _ = str(error or error.__cause__).partition("Config search path")
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return " ".join(lines) or type(error.__cause__ or error).__name__
