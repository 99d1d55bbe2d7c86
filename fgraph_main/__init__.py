"""The console script: answers signals from its first line on, then imports and starts the command line.

This stands outside of `fgraph`, whose import takes a part of a second. An interrupt meanwhile ends the process with no
traceback; there is nothing to clean up yet.
"""

import os
import signal
import sys

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def main() -> int:
    """Run the command line with the arguments of the process; return the exit code."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _leave)
    from fgraph.cli import main as run

    return run()


def _leave(number: int, frame: object) -> None:
    print("interrupted", file=sys.stderr, flush=True)
    os._exit(128 + number)
