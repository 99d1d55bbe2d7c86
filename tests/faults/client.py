"""Commands of fgraph under faults: started through the fork server, judged by what they leave."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.scenarios import ADDRESS, CLUSTER
from tests.paths import GOLDENS, ROOT
from tests.serving import serving as serving_file

MODEL = GOLDENS / "soat64_a.pt"  # which the scenarios download
Fault = tuple[int, int, int, int]  # kind of operation, number of the first that fails, errno, and which later ones fail
Signal = tuple[int, float]  # the number of a signal, and the seconds of CPU time after which it is sent
INTERRUPTS = (130, 143, 129)  # exit codes after SIGINT, SIGTERM and SIGHUP
GRACE = 2  # seconds in which an interrupted command ends
BUGS = ("Traceback (most recent call last)", "failed by a bug", "this is a bug")


def build_shim(folder: Path) -> Path | None:
    """Compile the shim; None where there is no C compiler, or no way to preload."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    made = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(source), "-ldl"], check=True)
    return made


@dataclass(frozen=True)
class Outcome:
    """The exit code of a command, its output and its counts of operations."""

    code: int  # negative: the signal that ended it
    seconds: float  # of CPU time
    counts: list[int] | None  # numbers of operations; None: it was killed
    early_renames: int
    unsynced_folders: int
    stdout: str
    stderr: str


class Server:
    """The fork server, as a child process of this one."""

    def __init__(self, shim: Path, logs: Path, address: str) -> None:
        settings = {"LD_PRELOAD": str(shim), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1",
                    "PYTHONDONTWRITEBYTECODE": "1"}  # only files of the command count  # fmt: skip
        command = [sys.executable, "-m", "tests.faults.server", address]
        self._log, self._count, self._places = logs, 0, {ADDRESS: address}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **settings}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._answer() == "ready"

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def _fill(self, argument: str) -> str:
        """Return an argument with its addresses. The first one that names a cluster starts it."""
        if CLUSTER in argument and CLUSTER not in self._places:
            self._places[CLUSTER] = _start_cluster()
        for name, address in self._places.items():
            argument = argument.replace(name, address)
        return argument

    def run(
        self,
        arguments: Sequence[str],
        folder: Path,
        fault: Fault | None = None,
        signal: Signal | None = None,
        without: str | None = None,
    ) -> Outcome:
        """Run a command in `folder`; see `tests.faults.server`."""
        return self.run_together([arguments], folder, fault, [signal], without)[0]

    def run_together(
        self,
        commands: Sequence[Sequence[str]],
        folder: Path,
        fault: Fault | None = None,
        signals: Sequence[Signal | None] = (),
        without: str | None = None,
    ) -> list[Outcome]:
        """Run commands at once in `folder`; see `tests.faults.server`."""
        assert self._process.stdin is not None
        self._count += 1
        log = self._log / str(self._count)
        request = {
            "commands": [[self._fill(one) for one in command] for command in commands],
            "signals": list(signals) or [None] * len(commands),
            "folder": str(folder),
            "log": str(log),
            "fault": fault,
            "without": without,
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return [
            Outcome(stdout=_text(f"{log}.{number}.stdout"), stderr=_text(f"{log}.{number}.stderr"), **ending)
            for number, ending in enumerate(self._answer())
        ]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:  # a busy machine, or threads of a library that do not end
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        if CLUSTER in self._places:
            import ray

            ray.shutdown()


def _start_cluster() -> str:
    """Start Ray with two cores, and return its address. Drivers that join it need no processes of their own."""
    import ray

    os.environ["RAY_AUTH_MODE"] = "disabled"
    ray.init("local", num_cpus=2, include_dashboard=False, logging_level=logging.WARNING)
    return str(ray.get_runtime_context().gcs_address)


def _text(path: str) -> str:
    """Return the text of a log, which is then removed; a command that was killed early has none."""
    file = Path(path)
    text = file.read_text(errors="replace") if file.exists() else ""
    file.unlink(missing_ok=True)
    return text


@contextmanager
def serving(folder: Path) -> Iterator[Server | None]:
    """Yield a fork server, or None where faults cannot be made."""
    shim = build_shim(folder)
    if shim is None:
        yield None
        return
    (folder / "logs").mkdir()
    with serving_file(MODEL.read_bytes()) as files:
        server = Server(shim, folder / "logs", files.address)
        try:
            yield server
        finally:
            server.close()


@dataclass
class Findings:
    """The faults of the folder that a command leaves."""

    faults: list[str] = field(default_factory=list)

    def expect(self, holds: bool, fault: str) -> None:
        if not holds:
            self.faults.append(fault)


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def leftovers(folder: Path) -> list[str]:
    """Return the temporary files and folders below a folder."""
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.name.endswith((".part", ".tmp")) or (path.name.startswith(".") and path.name != ".hydra")
    ]


def judge(outcome: Outcome, folder: Path, killed: bool, most_left: int = 0) -> list[str]:
    """Report the promises that a command has broken, whatever happened to it.

    `most_left` is the largest number of temporary files and folders that it may leave.
    """
    found = Findings()
    if not killed:
        found.expect(not any(bug in outcome.stderr for bug in BUGS), f"a traceback: {outcome.stderr[-600:]}")
        found.expect(outcome.code in (0, 1, 2, 3, *INTERRUPTS), f"exit code {outcome.code}")
        left = leftovers(folder / "out")
        found.expect(len(left) <= most_left, f"leftovers {left[:4]}")
        found.expect(bool(outcome.code) is bool(outcome.stderr) or outcome.code == 0, "failed without a message")
    if outcome.code == 0:
        early, unsynced = outcome.early_renames, outcome.unsynced_folders
        found.expect(not early, f"{early} files took their names before they were on the disk")
        reported = "cannot write" in outcome.stdout + outcome.stderr  # a cache that cannot be written is a warning
        found.expect(not unsynced or reported, f"the names in {unsynced} folders were not brought to the disk")
    for manifest in sorted(folder.rglob("manifest.json")):
        if manifest.parent.suffix == ".part":  # it was being written
            continue
        _check_manifest(manifest, found)
    for line in outcome.stdout.splitlines():
        path = folder / line.strip()
        if line.strip().startswith("out/") and path.suffix and not killed:
            found.expect(path.exists(), f"reported as written and is missing: {line.strip()}")
    return found.faults


def judge_interrupt(outcome: Outcome, folder: Path, number: int, after: float) -> list[str]:
    """Report the promises of interrupts that a command has broken. It got a signal after some seconds of CPU time."""
    found = Findings()
    found.expect(outcome.code in (0, 128 + number), f"exit code {outcome.code}: {outcome.stderr[-300:]}")
    found.expect(outcome.seconds - after <= GRACE, f"it ended {outcome.seconds - after:.1f} s of CPU time later")
    found.expect(not leftovers(folder), f"leftovers {leftovers(folder)[:4]}")
    found.expect(outcome.code == 0 or "interrupted" in outcome.stderr, f"it does not say so: {outcome.stderr[-300:]}")
    return found.faults


def _check_manifest(manifest: Path, found: Findings) -> None:
    try:
        files: list[Mapping[str, Any]] = json.loads(manifest.read_text())["files"]
    except (ValueError, KeyError) as error:
        found.expect(False, f"{manifest.name} is torn: {error}")
        return
    for entry in files:
        path = manifest.parent / entry["file"]
        if not path.is_file():
            found.expect(False, f"the manifest lists {entry['file']}, which is not there")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            found.expect(False, f"{entry['file']} is not what the manifest says")
