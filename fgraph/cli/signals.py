"""Signals of the command line: SIGINT, SIGTERM and SIGHUP end it within two seconds, without leaving temporary files.

The first signal raises `KeyboardInterrupt` in the main thread, so that every `with` block cleans up. If the main thread
is busy in a kernel, which no exception interrupts, another thread removes the temporary folders and ends the process. A
second signal ends the process at once.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from fgraph._temporary import remove_folders_in_use

GRACE = 1.5  # seconds that the main thread has to clean up
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Interrupts:
    """The signals that have arrived in a block of `interruptible`."""

    def __init__(self) -> None:
        self.number: int = signal.SIGINT  # the last signal
        self.over = threading.Event()  # set once the main thread has left the block
        self.describe: Callable[[], str] = lambda: "interrupted"
        self.seen = False

    @property
    def exit_code(self) -> int:
        """128 plus the number of the signal, as in shells: 130, 143 or 129."""
        return 128 + self.number

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Raise `KeyboardInterrupt` the first time, and end the process the second time."""
        self.number = number
        if self.seen:
            self.end()
        self.seen = True
        raise KeyboardInterrupt

    def end(self) -> None:
        """End the process now."""
        remove_folders_in_use()
        with suppress(OSError):
            os.write(2, f"{self.describe()}\n".encode(errors="backslashreplace"))
        os._exit(self.exit_code)


@contextmanager
def interruptible() -> Iterator[Interrupts]:
    """Handle signals within the block; a signal that the parent process ignores stays ignored."""
    found = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield found
        return
    earlier = {number: signal.getsignal(number) for number in _SIGNALS}
    chosen = [number for number, handler in earlier.items() if handler is not signal.SIG_IGN]
    read, write = os.pipe()
    os.set_blocking(write, False)
    for number in chosen:
        signal.signal(number, found.handle)
    before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(read, found), name="fgraph-signals", daemon=True).start()
    try:
        yield found
    finally:
        found.over.set()
        signal.set_wakeup_fd(before)
        for number in chosen:
            _restore(number, earlier[number])
        os.close(write)  # ends the thread


def _watch(read: int, found: Interrupts) -> None:
    """Read the numbers of signals as they arrive; end the process unless the main thread leaves the block in time."""
    with os.fdopen(read, "rb", buffering=0) as stream, suppress(OSError):
        while arrived := stream.read(1):
            number = arrived[0]
            if number not in _SIGNALS:
                continue
            found.number = number
            if not found.over.wait(GRACE):
                found.end()


def _restore(number: int, handler: Any) -> None:
    signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: not set from Python
