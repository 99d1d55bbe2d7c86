"""The console script: handles signals from its first line on, then imports and starts the command line.

This package is separate from `fgraph`, whose import takes a part of a second. An interrupt during that import ends the
process without a traceback; there is nothing to clean up yet.
"""

import atexit
import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import NoReturn

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def main() -> int:
    """Run the command line with the arguments of the process; return the exit code."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _leave)
    from fgraph.cli import main as run

    return run()


def run() -> NoReturn:
    """Run the command line, then end the process without the teardown of the interpreter.

    Importing torch makes so many objects that collecting and tearing them down takes a third of the time of a short
    run. Handlers of `atexit` run, and streams are flushed.
    """
    gc.set_threshold(100_000, 20, 100)  # imports make objects that stay
    code = main()
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        sys.exit(code)  # waits for the threads of a library
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # the reader is gone, or there is no stream
            stream.flush()
    os._exit(code)


def _leave(number: int, frame: object) -> None:
    print("interrupted", file=sys.stderr, flush=True)
    os._exit(128 + number)
