"""A fork server: each request runs one command of fgraph in a child whose file operations fail, or which is killed.

It runs with the shim preloaded, imports what the commands need once, and reads one JSON request a line:

    {"arguments": [...], "folder": "...", "log": "...", "fault": [kind, nth, errno, sticky] or null,
     "signal": number or null, "after": seconds}

It answers with one JSON line: the exit code (negative: the signal that ended the child), the operations counted, and
the seconds that the child ran.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

KINDS = ("open", "write", "fsync", "rename", "mkdir", "allocate")
_SHIM = ctypes.CDLL(None)


def warm_up() -> None:
    """Import what any command imports, and run one, so that children find modules, plugins and the model loaded."""
    import torch

    torch.set_num_threads(1)
    import fgraph.cli
    import fgraph.cli.jobs
    import fgraph.inversion.job
    import fgraph.runtime
    import fgraph.training.run

    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nothing:
        os.environ["XDG_CACHE_HOME"] = folder
        with contextlib.redirect_stdout(nothing):
            fgraph.cli.main(["graph=panorama", "output.formats=[png,npy]", f"hydra.run.dir={folder}/out"])


def run_child(request: dict[str, Any], counts: Path) -> None:
    """Run the command of a request in this process, and end it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(request["folder"])
    os.chdir(folder)
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        file = os.open(f"{request['log']}.{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, descriptor)
        os.close(file)
    from fgraph.cli import main

    kind, nth, code, sticky = request["fault"] or (0, 0, 0, False)
    _SHIM.fault_arm(f"{folder}/".encode(), kind, nth, code, int(sticky))
    try:
        exit_code = main(request["arguments"])
    except SystemExit as stop:
        exit_code = stop.code if isinstance(stop.code, int) else 2
    except BaseException:
        import traceback

        traceback.print_exc()
        exit_code = 99
    _SHIM.fault_disarm()
    sys.stdout.flush()
    sys.stderr.flush()
    counts.write_text(json.dumps([_SHIM.fault_count(kind) for kind in range(len(KINDS))]))
    os._exit(exit_code)


def wait_for(child: int, request: dict[str, Any]) -> int:
    """Wait for a child, after sending it the signal of the request if it has one."""
    if request["signal"] is not None:
        time.sleep(request["after"])
        os.kill(child, request["signal"])
    limit = time.monotonic() + 120
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > limit:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.005)


def main() -> None:
    warm_up()
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        counts = Path(f"{request['log']}.counts")
        counts.unlink(missing_ok=True)
        start = time.monotonic()
        child = os.fork()
        if child == 0:
            run_child(request, counts)
        code = wait_for(child, request)
        found = json.loads(counts.read_text()) if counts.exists() else None
        print(json.dumps({"code": code, "counts": found, "seconds": time.monotonic() - start}), flush=True)


if __name__ == "__main__":
    main()
