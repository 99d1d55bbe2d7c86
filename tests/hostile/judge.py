"""A script that opens every file of a folder, and reports the result of each and every suspicious action.

Called as `python -m tests.hostile.judge FOLDER`, it prints one JSON object: file -> [ending, message, seconds], and
under "" the peak of memory in bytes, the actions that reading a model does not need, and the imported modules.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints import encoder_file
from fgraph.stylegan.checkpoints.encoder_file import load_encoder, read_encoder
from fgraph.stylegan.checkpoints.header import read_header
from fgraph.stylegan.checkpoints.pickles import files
from fgraph.stylegan.loading import load_generator
from tests.hostile.readers import import_readers

_FORBIDDEN = ("os.", "subprocess.", "socket.", "shutil.", "ctypes.", "exec", "compile", "import", "pickle.", "marshal.",
              "tempfile.", "webbrowser.", "urllib.", "pty.")  # fmt: skip
_HARMLESS = ("os.listdir", "os.scandir")


class Watch:
    """An audit hook that records, while it is armed, every event that reading a file does not need."""

    def __init__(self) -> None:
        self.armed = False
        self.noted: set[str] = set()
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.armed:
            return
        if event == "open":
            flags = arguments[2] if len(arguments) > 2 else 0
            if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                self.noted.add(f"open {arguments[0]!r} for writing")
        elif event.startswith(_FORBIDDEN) and event not in _HARMLESS:
            self.noted.add(f"{event} {arguments!r:.160}")


@lru_cache(maxsize=1)
def _parsed(path: Path, kind: files.Kind) -> tuple[Any, str | None]:
    """Return the value of a pickled file, or the reason why it is refused."""
    try:
        return _read_pickled(path, kind), None
    except ModelError as error:
        return None, str(error)


def _parse_once(path: Path, kind: files.Kind) -> Any:
    """Return the value of a pickled file. The readers of the file share it: each would parse it in the same way."""
    value, refusal = _parsed(path, kind)
    if refusal is not None:
        raise ModelError(refusal)
    return value


_read_pickled = files.read_pickled


@contextmanager
def _parsed_once() -> Iterator[None]:
    """Let readers share parsed files within the block only, because other tests rewrite files at the same path."""
    modules: tuple[Any, ...] = (files, encoder_file)
    for one in modules:
        one.read_pickled = _parse_once
    try:
        yield
    finally:
        for one in modules:
            one.read_pickled = _read_pickled
        _parsed.cache_clear()


def judge(path: Path) -> tuple[str, str, float]:
    """Open a file; return the ending (refused, loaded, or a bug in fgraph), the message, and the CPU seconds."""
    start = time.process_time()
    try:
        with _parsed_once():
            with suppress(ModelError):
                load_encoder(read_encoder(path), torch.float32)
            load_generator(path)
            read_header(path)
        ending, message = "loaded", ""
    except ModelError as error:
        ending, message = "refused", str(error)
    except BaseException as error:  # any other exception is a finding
        ending, message = "bug", f"{type(error).__name__}: {error}"
    return ending, message[:2000], time.process_time() - start


def judge_all(paths: Iterable[Path], watch: Watch) -> dict[str, tuple[str, str, float]]:
    results = {}
    for path in paths:
        watch.armed = True
        results[path.name] = judge(path)
        watch.armed = False
    return results


def warm_up() -> None:
    """Import what loading imports, so that later imports are findings; the garbage collector skips it from then on."""
    import_readers()
    load_generator("landscape")
    load_encoder(read_encoder("landscape"), torch.float32)
    b"name".decode("cp437")  # the names in a zip file
    gc.collect()
    gc.freeze()


def peak_bytes() -> int:
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    lines = status.read_text().splitlines()  # the peak of getrusage starts from the parent's peak
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def main() -> None:
    watch = Watch()
    warm_up()
    paths = sorted(Path(sys.argv[1]).iterdir())
    before = set(sys.modules)
    results: dict[str, object] = {**judge_all(paths[:1], watch)}
    watch.noted.clear()  # imports of the first refusal
    results |= judge_all(paths, watch)
    results[""] = [peak_bytes(), sorted(watch.noted), sorted(set(sys.modules) - before)]
    print(json.dumps(results))


if __name__ == "__main__":
    main()
