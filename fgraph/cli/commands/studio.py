"""`fgraph studio`: a page in the browser on which a graph is edited and seen. Also as `mode=studio`."""

from __future__ import annotations

import argparse
import gc
import hashlib
import os
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_path

from fgraph._atomic import save_error
from fgraph._collector import settle_collector
from fgraph._errors import FgraphError
from fgraph._options import RunOptions
from fgraph._paths import expanded
from fgraph._temporary import claimed
from fgraph.cli.arguments import unquoted
from fgraph.cli.modes import STUDIO_SETTINGS
from fgraph.cli.signals import Interrupts
from fgraph.cli.terminal import say, warn

if TYPE_CHECKING:
    from fgraph.studio.opening import OpenedGraph

_ENDINGS = (".yaml", ".yml")
_RISK = """\
warning: other machines can reach this studio, and the connection is not encrypted: anyone who can read the network
traffic can take it over, and then read the pictures that its graphs name. Give certificate= and key=, or use an SSH
tunnel."""


def main(arguments: Sequence[str], interrupts: Interrupts) -> int:
    """Serve the studio until an interrupt.

    Raises:
        FgraphError: a setting is wrong, there is no such graph, or the address cannot be used.
    """
    parser = argparse.ArgumentParser(
        "fgraph studio", description="Edit a graph and see its picture, on a page in the browser."
    )
    parser.add_argument("graph", nargs="?", help="a bundled graph, a graph file, or a picture that fgraph wrote")
    parser.add_argument("settings", nargs="*", help=f"key=value: {', '.join(STUDIO_SETTINGS)}")
    parser.add_argument("--no-open", action="store_true", help="open no browser")
    parser.add_argument("--remote", action="store_true", help="let other machines in, with host=0.0.0.0")
    chosen = parser.parse_intermixed_args(arguments)
    settings = _read_settings([*([chosen.graph] if chosen.graph else []), *chosen.settings])
    interrupts.describe = lambda: "the studio has ended; fgraph studio continues where it was"
    _serve(settings, remote=chosen.remote, opens=not chosen.no_open)
    return 0


def _read_settings(given: Sequence[str]) -> dict[str, str]:
    """Return the settings by name; a positional argument is `graph` or `from`.

    Raises:
        FgraphError: a setting is not known, or there are several graphs.
    """
    found: dict[str, str] = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals:
            key, value = "graph", one
        if key not in STUDIO_SETTINGS:
            raise FgraphError(f"the studio has no setting '{key}': use {', '.join(STUDIO_SETTINGS)}")
        if key in found:
            raise FgraphError(f"{key}= is given twice")
        found[key] = unquoted(value)
    if "graph" in found and "from" in found:
        raise FgraphError("from= brings the graph of the picture: leave graph= out")
    return found


def _serve(settings: dict[str, str], *, remote: bool, opens: bool) -> None:
    gc.disable()  # until there is a picture: while modules are imported, the collector finds nothing to free
    from fgraph.studio.first_picture import FirstPicture
    from fgraph.studio.server import LOOPBACK, Address, run
    from fgraph.studio.studio import Studio

    address = Address(
        settings.get("host", LOOPBACK),
        _number(settings.get("port")),
        tuple(settings.get("names", "").split(",")) if settings.get("names") else (),
        expanded(settings["certificate"]) if "certificate" in settings else None,
        expanded(settings["key"]) if "key" in settings else None,
    )
    if not address.is_local and not remote:
        raise FgraphError(f"host={address.host} lets other machines in: add --remote if that is what you want")
    if not address.is_local and address.scheme == "http":
        warn(_RISK)
    folder = expanded(settings.get("folder", "outputs/studio")).absolute()
    options = RunOptions.of(
        device=settings.get("device", "auto"), precision=settings.get("precision", RunOptions().precision)
    )

    def ready(url: str) -> None:
        say(f"the studio is at {url}")
        say("Ctrl-C ends it")
        if opens and not _open_browser(url):
            warn("no browser was found on this machine: open the address yourself")

    with _claimed_history(folder) as history:
        studio = Studio(folder, history, options, _folders(settings.get("models")), FirstPicture(settle_collector))
        studio.open(_opened(settings))
        run(studio, address, ready)


@contextmanager
def _claimed_history(folder: Path) -> Iterator[Path | None]:
    """Claim the history of a folder, and yield its path; None if another studio uses it, or it cannot be written."""
    history = _history_of(folder)
    with ExitStack() as stack:
        try:
            free = stack.enter_context(claimed(history, "studio"))
        except OSError as error:
            warn(f"the history of the studio is not kept: {save_error(history, error)}")
            free = False
        else:
            if not free:
                warn(f"another studio keeps the history of {folder}, and this one keeps none: choose another folder=")
        yield history if free else None


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or int(text) > 65535:
        raise FgraphError(f"port is a number up to 65535, not {text}")
    return int(text)


def _folders(text: str | None) -> tuple[Path, ...]:
    """Return the folders with models.

    Raises:
        FgraphError: one is not a folder.
    """
    folders = tuple(expanded(one) for one in (text or "").split(",") if one)
    for folder in folders:
        if not folder.is_dir():
            raise FgraphError(f"models={folder}: there is no such folder")
    return folders


def _history_of(folder: Path) -> Path:
    """Return the path of the history of a folder."""
    return user_data_path("fgraph") / "studio" / hashlib.sha256(str(folder).encode()).hexdigest()[:16]


def _opened(settings: dict[str, str]) -> OpenedGraph | None:
    from fgraph.studio.opening import open_bundled, open_file

    if "from" in settings:
        return open_file(expanded(settings["from"]))
    name = settings.get("graph")
    if name is None:
        return None
    is_file = name.lower().endswith(_ENDINGS) or os.sep in name or "." in name
    return open_file(expanded(name)) if is_file else open_bundled(name)


def _open_browser(url: str) -> bool:
    has_display = os.name == "nt" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not has_display and os.uname().sysname != "Darwin":
        return False
    return webbrowser.open(url)
