"""A process in which files are opened through every entry point, under an audit hook that refuses what no reader needs.

Called as `python -m tests.hostile.jail FOLDER ENTRY... [-- FOLDER ENTRY...]`, it opens every file of FOLDER through
each entry point named (all, if none is) and prints one JSON object a line: entry -> file -> [ending, message, CPU
seconds, MiB beyond the baseline]. Under "" are the forbidden events, each with the entry point and the file. Each
folder has a process of its own, a fork of one that has imported the readers.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from fgraph._errors import FgraphError
from tests.hostile.entries import CANARY, ENTRIES, SLOW_ENTRIES, enter_canary
from tests.hostile.readers import import_readers

CPU_SECONDS = 20
_ENTRIES = {**ENTRIES, **SLOW_ENTRIES, CANARY: enter_canary}
_FORBIDDEN = (
    "exec", "compile", "ctypes.", "marshal.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile",
    "os.system", "os.putenv", "pickle.find_class", "pty.", "shutil.", "socket.", "subprocess.", "urllib.",
    "webbrowser.", "code.__new__", "cpython.run_", "sys.settrace", "sys.setprofile", "os.chmod", "os.chown", "os.link",
    "os.symlink", "os.kill",
)  # fmt: skip
_CODE = ("compile", "exec")
_OWN_VARIABLE = b"HYDRA_FULL_ERROR"  # which the command line sets, so that errors of Hydra reach it
_CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.utime", "shutil.rmtree")


class Jail:
    """An audit hook that records and refuses forbidden events while the jail is closed.

    What harmless files cause is allowed: Hydra compiles the types of its own fields.
    """

    def __init__(self, outside: Path) -> None:
        self.noted: list[str] = []
        self._harmless: set[tuple[object, ...]] = set()
        self._learns = False
        self._closed, self._allowed, self._outside = False, frozenset[str](), str(outside)
        sys.addaudithook(self._hook)

    @contextmanager
    def learning(self) -> Iterator[None]:
        """Note which code harmless files compile and execute within the block."""
        self._learns = True
        try:
            yield
        finally:
            self._learns = False

    @contextmanager
    def closed(self) -> Iterator[None]:
        self._allowed, self._closed = frozenset(sys.modules), True
        try:
            yield
        finally:
            self._closed = False

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._learns and event in _CODE:
            self._harmless.add((event, *arguments))
        if self._closed and self._is_forbidden(event, arguments):
            self._closed = False  # to write the note
            self.noted.append(f"{event} {arguments!r:.200}")
            self._closed = True
            raise PermissionError(f"the jail forbids {event}")

    def _is_forbidden(self, event: str, arguments: tuple[object, ...]) -> bool:
        if event == "import":
            return str(arguments[0]).partition(".")[0] not in self._allowed
        if event == "open":
            flags = arguments[2] if len(arguments) > 2 else 0
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND)
            return bool(writes) and not self._is_temporary(arguments[0])
        if event == "os.putenv" and arguments[0] == _OWN_VARIABLE:
            return False
        if event in _CODE and (event, *arguments) in self._harmless:
            return False
        if event in _CHANGES:
            return not self._is_temporary(arguments[0])
        return event.startswith(_FORBIDDEN)

    def _is_temporary(self, path: object) -> bool:
        """Return whether a path is in a temporary folder of this process, outside the folder that it reads."""
        name = os.fsdecode(path) if isinstance(path, str | bytes) else ""
        return name.startswith(tempfile.gettempdir()) and not name.startswith(self._outside)


class OutOfTime(BaseException):
    """The CPU time of one file is used up."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise OutOfTime


def enter(entry: Callable[[Path], None], path: Path) -> tuple[str, str]:
    """Open a file; return how that ends, and the message."""
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    try:
        entry(path)
        return "opened", ""
    except FgraphError as error:
        return "refused", str(error)
    except OutOfTime:
        return "out of time", f"more than {CPU_SECONDS} s"
    except BaseException as error:  # what escapes is a finding
        return "escaped", f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def peak_mib() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def watch(jail: Jail, name: str, path: Path) -> tuple[str, str, float, int]:
    """Open one file through one entry point, and measure time and memory."""
    forget_peak()
    before, start = peak_mib(), time.process_time()
    with jail.closed():
        ending, message = enter(_ENTRIES[name], path)
    return ending, message[:2000], time.process_time() - start, peak_mib() - before


def warm_up() -> None:
    """Import the readers, with one thread: a process that has more must not fork."""
    import encodings.cp437  # noqa: F401  the names in a zip file

    import torch

    from fgraph.api import pipeline  # noqa: F401
    from fgraph.stylegan.loading import load_generator

    torch.set_num_threads(1)
    import_readers()
    load_generator("landscape")


def open_files(folder: Path, names: Sequence[str]) -> dict[str, object]:
    """Open the harmless files of a folder, so that their imports are done; then open all files, in the jail."""
    harmless = sorted((folder / "harmless").iterdir()) if (folder / "harmless").is_dir() else []
    jail = Jail(folder)
    with jail.learning():
        for name in names:
            for path in harmless if name != CANARY else ():
                enter(_ENTRIES[name], path)
    report: dict[str, object] = {}
    events = []
    for name in names:
        found = report[name] = {}
        for path in sorted(one for one in folder.iterdir() if one.is_file()):
            found[path.name] = watch(jail, name, path)
            events += [f"{name}: {path.name}: {event}" for event in jail.noted]
            jail.noted.clear()
    return {**report, "": events}


def main() -> None:
    signal.signal(signal.SIGPROF, _stop)
    warm_up()
    arguments = sys.argv[1:]
    while arguments:
        end = arguments.index("--") if "--" in arguments else len(arguments)
        (folder, *names), arguments = arguments[:end], arguments[end + 1 :]
        if not (child := os.fork()):  # imports for one folder do not affect another
            print(json.dumps(open_files(Path(folder), names or list(ENTRIES))), flush=True)
            os._exit(0)
        if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            sys.exit(code if code > 0 else 128 - code)


if __name__ == "__main__":
    main()
