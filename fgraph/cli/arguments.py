"""The grammar of the command line: `fgraph [MODE] [GRAPH|FILE] [key=value ...]` -> arguments of Hydra.

Hydra knows flags and overrides only. A positional argument becomes an override here, and a graph file gets a name by
which Hydra finds it. No import of this module is slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fgraph._errors import FgraphError, nearest
from fgraph._paths import expanded
from fgraph.cli.modes import COMMANDS, MODES, POSITIONAL

GRAPHS = Path(__file__).resolve().parents[2] / "graphs" / "graph"  # the bundled ones
_VALUED = (  # flags of Hydra that take a value
    "--package", "-p", "--config-path", "-cp", "--config-name", "-cn", "--config-dir", "-cd", "--cfg", "-c",
    "--experimental-rerun",
)  # fmt: skip
_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")
_WORDS = frozenset(("null", "true", "false", "nan", "inf"))  # words that Hydra does not read as text
_GRAPH_FILE = (".yaml", ".yml")
_PICTURE = re.compile(r".*\.(png|webp|jpe?g|tiff?)(#\d+)?", re.IGNORECASE | re.DOTALL)  # or a cell: sheet.png#3


@dataclass(frozen=True)
class Arguments:
    """The arguments for Hydra, and the graph files that they choose: name -> file."""

    hydra: list[str]
    files: dict[str, Path] = field(default_factory=dict)


def read_arguments(given: Sequence[str]) -> Arguments:
    """Turn positional arguments and paths of graph files into overrides.

    Raises:
        FgraphError: there is no such file, graph or command, or there are too many positional arguments.
    """
    flags, names, overrides = _sort(given)
    mode = names.pop(0) if names and names[0] in MODES else None
    settings = POSITIONAL[mode or _mode_of(overrides)]
    if len(names) > len(settings):
        wanted = " and ".join(f"{one}=" for one in settings)
        raise FgraphError(
            f"found '{names[len(settings)]}' after the value of {wanted}: settings are given as key=value"
        )
    files = _GraphFiles(elsewhere=any(flag.startswith(("--config-dir", "-cd")) for flag in flags))
    if mode is None and names and settings == ("graph",):
        _check_name(names[0], files)
    chosen = [f"mode={mode}"] if mode else []
    chosen += [_assign(key, name, files) for key, name in zip(settings, names, strict=False)]
    return Arguments([*flags, *chosen, *(_place(override, files) for override in overrides)], files.paths)


def quoted(value: str) -> str:
    r"""Quote text for Hydra's grammar, unless it is plain.

    >>> quoted("photos/one.png"), quoted("it's.png")
    ('photos/one.png', "'it\\'s.png'")
    """
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    escaped = re.sub(r"(\\*)('|\Z)", lambda found: found[1] * 2 + ("\\'" if found[2] else ""), value)
    return "'" + escaped.replace("${", r"\${") + "'"


def unquoted(value: str) -> str:
    """Return text without the quotes around it."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def _sort(given: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Return flags with their values, names, and overrides."""
    flags: list[str] = []
    names: list[str] = []
    overrides: list[str] = []
    rest = iter(given)
    for argument in rest:
        if argument.startswith("-"):
            flags.append(argument)
            if argument in _VALUED:
                flags += [value for value in [next(rest, None)] if value is not None]
        elif flags[-1:] in (["--info"], ["-i"]) and not names and "=" not in argument:
            flags.append(argument)  # its value is optional
        elif "=" in argument or argument[:1] in ("~", "+"):
            overrides.append(argument)
        elif argument:
            names.append(argument)
    return flags, names, overrides


def _mode_of(overrides: Iterable[str]) -> str:
    modes = [override.removeprefix("mode=") for override in overrides if override.startswith("mode=")]
    return modes[-1] if modes and modes[-1] in MODES else "run"


@dataclass(frozen=True)
class _GraphFiles:
    """The graph files of a call, each under a name of its own."""

    elsewhere: bool  # whether Hydra looks for graphs in a folder of the user as well
    paths: dict[str, Path] = field(default_factory=dict)

    def name(self, value: str) -> str:
        """Return the name of a graph file; return another value as it is, for Hydra's search path."""
        path = expanded(value)
        if not path.is_file():
            if path.name == value and (self.elsewhere or (GRAPHS / value).is_file()):
                return value
            beside = [other.name for other in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
            hint = nearest(path.name, beside)
            raise FgraphError(f"there is no graph file '{value}'" + (f" ({hint})" if hint else ""))
        stem = re.sub(r"[^A-Za-z0-9_-]+", "_", path.stem)[:80]
        number, name = 1, stem
        while name in self.paths and not self.paths[name].samefile(path):
            number += 1
            name = f"{stem}_{number}"
        self.paths[name] = path
        return name


def is_graph_file(value: str) -> bool:
    """Return whether a value names a graph file, by its ending."""
    return value.lower().endswith(_GRAPH_FILE)


def _check_name(name: str, files: _GraphFiles) -> None:
    """Refuse a word that is neither a file nor a bundled graph, unless the user has a folder of graphs."""
    if files.elsewhere or "/" in name or is_graph_file(name) or _PICTURE.fullmatch(name):
        return
    graphs = [path.stem for path in GRAPHS.glob("*.yaml")]
    if name not in graphs:
        hint = (
            nearest(name, [*graphs, *COMMANDS, *MODES]) or "'fgraph list' shows the graphs, 'fgraph help' the commands"
        )
        raise FgraphError(f"there is no command or graph '{name}' ({hint})")


def _assign(key: str, name: str, files: _GraphFiles) -> str:
    """Return the override for a positional argument."""
    if key != "graph":
        return f"{key}={quoted(name)}"
    if is_graph_file(name):
        return f"graph={files.name(name)}"
    return f"from={name}" if _PICTURE.fullmatch(name) else f"graph={name}"


def _place(override: str, files: _GraphFiles) -> str:
    """Replace graph files in `graph=` or `from=` by their names."""
    key, _, value = override.partition("=")
    parts = _split(value) if key == "graph" else [unquoted(value)]
    if key not in ("graph", "from") or not any(map(is_graph_file, parts)):
        return override
    return "graph=" + ",".join(files.name(part) if is_graph_file(part) else part for part in parts)


def _split(values: str) -> list[str]:
    """Split the values of a sweep at commas outside of quotes, and remove the quotes."""
    found: list[str] = re.findall(r"""(?:[^,'"]|'[^']*'|"[^"]*"|['"])+""", values)
    return [unquoted(part.strip()) for part in found]
