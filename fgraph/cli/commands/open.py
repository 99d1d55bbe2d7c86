"""`fgraph open`: the last result, in the viewer of the system."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from fgraph._errors import FgraphError
from fgraph._paths import expanded
from fgraph.cli.signals import Interrupts
from fgraph.cli.terminal import say, warn
from fgraph.save.manifest import MANIFEST, listed_files

_SHOWN = (".png", ".webp", ".jpg", ".gif", ".mp4", ".html", ".svg")  # endings that a viewer opens, best first
_DEPTH = 4  # outputs/sweep/TIME/NUMBER


def main(arguments: Sequence[str], interrupts: Interrupts) -> int:
    """Open a result, and print its path."""
    parser = argparse.ArgumentParser("fgraph open", description="Show the last result in the viewer of the system.")
    parser.add_argument("path", nargs="?", default="outputs", help="a file, or a folder of results; default: outputs")
    parser.add_argument("--print", action="store_true", dest="only_print", help="print the path, and open nothing")
    chosen = parser.parse_args(arguments)
    path = find_result(expanded(chosen.path))
    say(path)
    if not chosen.only_print and not open_file(path):
        warn("no viewer was found on this machine: open the file yourself")
    return 0


def find_result(path: Path) -> Path:
    """Return the newest result in a folder, or the path itself if it is a file.

    Raises:
        FgraphError: there is no result.
    """
    if path.is_file():
        return path
    found = max(_results(path, _DEPTH), key=_modified, default=None)
    if found is None:
        raise FgraphError(f"there is no result in '{path}': run a graph first, as in fgraph panorama")
    return found


def open_file(path: Path) -> bool:
    """Open a file in the viewer of the system; return whether there is one."""
    if sys.platform == "win32":
        os.startfile(path)
        return True
    command = "open" if sys.platform == "darwin" else "xdg-open"
    has_display = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not has_display or shutil.which(command) is None:
        return False
    null = subprocess.DEVNULL
    subprocess.Popen([command, str(path.absolute())], stdin=null, stdout=null, stderr=null, start_new_session=True)
    return True


def _results(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the file to show of each run and each sweep in a folder and below."""
    try:
        entries = list(folder.iterdir())
    except OSError:  # not a folder, or not readable
        return
    names = {entry.name for entry in entries}
    if MANIFEST in names:
        yield from _shown(folder)
    yield from (entry for entry in entries if entry.stem == "sheet" and entry.suffix in _SHOWN)
    if depth:
        for entry in entries:
            if entry.is_dir() and not entry.name.startswith(".") and not entry.name.endswith("_files"):
                yield from _results(entry, depth - 1)


def _shown(folder: Path) -> list[Path]:
    """Return the first file of a manifest that a viewer shows; a sheet of all rows comes before single rows."""
    listed = [(one.kind != "Sheet", one.file) for one in listed_files(folder) if not one.is_tile]
    known = [(order, _SHOWN.index(Path(name).suffix), name) for order, name in listed if Path(name).suffix in _SHOWN]
    return [folder / name for _, _, name in sorted(known)[:1]]


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
