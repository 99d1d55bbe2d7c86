"""A fork server: runs commands of fgraph in children whose file operations fail, or which are killed.

It runs with the shim preloaded, runs most scenarios once so that its children need not import their modules, and reads
one JSON request a line:

    {"commands": [[...], ...], "folder": "...", "log": "...", "fault": [kind, nth, errno, again] or null,
     "signals": [[signal, CPU seconds] or null, ...], "without": "file", "folder" or null}

All commands of a request run at once in one folder. The fault is made in each of them: an operation fails. `again`
says what fails afterwards: every operation that can fail with this error (`FOR_GOOD`), the Mth of them (M), or nothing
(`ONCE`). Each command gets its signal once it has used its seconds of CPU time, which do not depend on the load of the
machine.
`without` leaves out the fsync of files or of folders. The answer is one JSON line, a list with an `Ending` for each
command.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import faulthandler
import gc
import json
import os
import signal
import stat
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import fgraph_main

CODES = {  # the errors of each kind of operation
    "open": (errno.EMFILE, errno.ENOSPC),  # for writing
    "write": (errno.ENOSPC, errno.EIO),
    "fsync": (errno.EIO,),
    "rename": (errno.EIO,),
    "mkdir": (errno.ENOSPC,),
    "allocate": (errno.ENOMEM,),
    "read": (errno.EMFILE, errno.EIO),  # an open for reading
}
KINDS = tuple(CODES)  # in the order of shim.c
ONCE, FOR_GOOD = 0, -1
LIMIT = 300  # seconds of a request; the machine may be busy


@dataclass(frozen=True)
class Ending:
    """The end of a command."""

    code: int  # negative: the signal that ended it
    seconds: float  # of CPU time
    counts: list[int] | None = None  # operations by kind; None: it was killed
    early_renames: int = 0  # files that were renamed before they were synced
    unsynced_folders: int = 0  # folders whose last rename was not synced


@cache
def shim() -> Any:
    """Return the preloaded library."""
    found = ctypes.CDLL(None)
    found.fault_signal_after.argtypes = [ctypes.c_int, ctypes.c_double]
    number = ctypes.c_long
    found.fault_arm.argtypes = [ctypes.c_char_p, ctypes.c_int, number, ctypes.c_int, ctypes.c_uint, number, number]
    for name in ("fault_count", "fault_early_renames", "fault_unsynced_folders"):
        getattr(found, name).restype = ctypes.c_long
    return found


def warm_up(address: str) -> None:
    """Run scenarios, so that children find modules and plugins loaded; `address` is the address of a model."""
    import torch
    from tqdm import tqdm

    torch.set_num_threads(1)
    tqdm.set_lock(threading.RLock())  # not the default, which a killed child may hold
    from fgraph.cli import main
    from tests.faults.scenarios import ADDRESS, SCENARIOS

    here = Path.cwd()
    with tempfile.TemporaryDirectory() as temporary, Path(os.devnull).open("w") as nothing:
        os.environ["XDG_CACHE_HOME"] = f"{temporary}/cache"
        for scenario in SCENARIOS:
            if scenario.warms:
                folder = Path(temporary, scenario.name)
                scenario.prepare(folder)
                os.chdir(folder)
                with contextlib.redirect_stdout(nothing), contextlib.redirect_stderr(nothing):
                    main([one.replace(ADDRESS, address) for one in scenario.arguments])
        os.chdir(here)
    gc.collect()
    gc.freeze()  # so that children neither collect these objects nor copy their memory


def run_child(request: dict[str, Any], number: int, notes: Path) -> None:
    """Run a command of a request in this process, and end it."""
    for one in fgraph_main._SIGNALS:
        signal.signal(one, fgraph_main._leave)  # as the command does
    folder = Path(request["folder"])
    os.chdir(folder)
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        file = os.open(f"{request['log']}.{number}.{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, descriptor)
        os.close(file)
    if request["without"]:
        leave_out_fsync(request["without"])
    arm(folder, *request["fault"] or (0, 0, 0, ONCE))
    if request["signals"][number]:
        shim().fault_signal_after(*request["signals"][number])
    faulthandler.dump_traceback_later(LIMIT - 5)  # where a command hangs
    exit_code = run_command(request["commands"][number])
    shim().fault_disarm()
    sys.stdout.flush()
    sys.stderr.flush()
    counts = [shim().fault_count(one) for one in range(len(KINDS))]
    found = {"counts": counts, "early_renames": shim().fault_early_renames()}
    part = notes.with_suffix(".part")
    part.write_text(json.dumps(found | {"unsynced_folders": shim().fault_unsynced_folders()}))
    part.replace(notes)  # a kill may come at any time
    os._exit(exit_code)


def arm(folder: Path, kind: int, nth: int, code: int, again: int) -> None:
    """Let the shim count the operations below a folder, and make them fail as a request says."""
    after = sum(1 << index for index, one in enumerate(KINDS) if code in CODES[one])
    first, last = (1, sys.maxsize) if again == FOR_GOOD else (again, again)
    shim().fault_arm(f"{folder}/".encode(), kind, nth, code, after, first, last)


def run_command(arguments: list[str]) -> int:
    """Return the exit code of a command of fgraph; 99 if an exception escapes from it."""
    from fgraph.cli import main

    try:
        return main(arguments)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    except BaseException:
        import traceback

        traceback.print_exc()
        return 99


def leave_out_fsync(what: str) -> None:
    """Make this process skip the fsync of files or of folders, like a program that forgets it."""
    real = os.fsync

    def sync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) is not (what == "folder"):
            real(descriptor)

    os.fsync = sync  # type: ignore[assignment]


def run_together(request: dict[str, Any]) -> list[Ending]:
    """Run the commands of a request at once, each in a child."""
    notes = [Path(f"{request['log']}.{number}.notes") for number in range(len(request["commands"]))]
    children: dict[int, int] = {}
    for number, place in enumerate(notes):
        child = os.fork()
        if child == 0:
            run_child(request, number, place)
        children[child] = number
    endings: dict[int, Ending] = {}
    limit = time.monotonic() + LIMIT
    while len(endings) < len(notes):
        child, status, used = os.wait4(-1, os.WNOHANG)
        if child in children:
            number = children.pop(child)
            found = json.loads(notes[number].read_text()) if notes[number].exists() else {}
            endings[number] = Ending(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, **found)
        elif time.monotonic() > limit:
            for one in children:
                os.kill(one, signal.SIGKILL)
        else:
            time.sleep(0.005)
    return [endings[number] for number in range(len(notes))]


def main() -> None:
    warm_up(sys.argv[1])
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        print(json.dumps([asdict(ending) for ending in run_together(json.loads(line))]), flush=True)


if __name__ == "__main__":
    main()
