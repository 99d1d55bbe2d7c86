"""Commands of fgraph under faults: started through the fork server, judged by what they leave."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
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

    code: int
    counts: list[int] | None
    seconds: float
    stdout: str
    stderr: str


class Server:
    """The fork server, as a child process of this one."""

    def __init__(self, shim: Path, logs: Path) -> None:
        environment = {**os.environ, "LD_PRELOAD": str(shim), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tests.faults.server"]
        self._log, self._count = logs, 0
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._answer() == "ready"

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def run(
        self,
        arguments: list[str],
        folder: Path,
        fault: tuple[int, int, int, bool] | None = None,
        signal: int | None = None,
        after: float = 0.0,
    ) -> Outcome:
        """Run a command in `folder`; `fault` is (kind, nth, errno, sticky), `signal` is sent `after` seconds."""
        assert self._process.stdin is not None
        self._count += 1
        log = self._log / str(self._count)
        request = {"arguments": arguments, "folder": str(folder), "log": str(log), "fault": fault}
        self._process.stdin.write(json.dumps({**request, "signal": signal, "after": after}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        files = [Path(f"{log}.{name}") for name in ("stdout", "stderr")]
        texts = [one.read_text(errors="replace") if one.exists() else "" for one in files]  # killed before it began
        return Outcome(answer["code"], answer["counts"], answer["seconds"], *texts)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@contextmanager
def serving(folder: Path) -> Iterator[Server | None]:
    """A fork server; None where faults cannot be made."""
    shim = build_shim(folder)
    if shim is None:
        yield None
        return
    (folder / "logs").mkdir()
    server = Server(shim, folder / "logs")
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
    """The SHA-256 of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def leftovers(folder: Path) -> list[str]:
    """Temporary files and folders below a folder."""
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.name.endswith((".part", ".tmp")) or (path.name.startswith(".") and path.name != ".hydra")
    ]


def judge(outcome: Outcome, folder: Path, killed: bool) -> list[str]:
    """Every promise that a command has broken, whatever happened to it."""
    found = Findings()
    if not killed:
        found.expect(not any(bug in outcome.stderr for bug in BUGS), f"a traceback: {outcome.stderr[-600:]}")
        found.expect(outcome.code in (0, 1, 2, 3), f"exit code {outcome.code}")
        found.expect(not leftovers(folder / "out"), f"leftovers {leftovers(folder / 'out')[:4]}")
        found.expect(bool(outcome.code) is bool(outcome.stderr) or outcome.code == 0, "failed without a word")
    for manifest in sorted(folder.rglob("manifest.json")):
        _check_manifest(manifest, found)
    for line in outcome.stdout.splitlines():
        path = folder / line.strip()
        if line.strip().startswith("out/") and path.suffix and not killed:
            found.expect(path.exists(), f"said to be written and is not there: {line.strip()}")
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
