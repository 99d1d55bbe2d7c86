"""The studio, from a gesture to a picture: the times that a page sees, through the socket.

python -m bench.speed.studio            print the table
python -m bench.speed.studio --write    also write docs/reference/measurements/studio.md

A slider of a graph is moved again and again. A page of the studio gets a preview, if the run is slow, and the final
picture. The times include the edit of the text, the check, the compilation, the run, the encoding and the socket, but
not the browser. Models of 256 and 1024 pixels are made with random weights, in the sizes of StyleGAN2's config-f.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from bench.harness.machine import load, processor, versions
from bench.harness.timing import MachineLoad
from fgraph._options import RunOptions
from fgraph.studio.app import make_app
from fgraph.studio.opening import Opened
from fgraph.studio.security import Access
from fgraph.studio.studio import Studio

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "measurements" / "studio.md"
HOST = "testserver"
GRAPH = """\
seed: 1
models: {{main: {model}}}
nodes:
  left: {{op: sample, truncation: 0.7}}
  right: {{op: sample, truncation: 0.7}}
  fade: {{op: mask, kind: ramp, start: 0.25, stop: 0.75}}
  mix: {{op: blend, a: left, b: right, mask: fade}}
  image: {{op: decode, of: mix}}
outputs: [image]
"""
PAUSE = 1.5  # seconds before the gestures, in which the baseline is made


@dataclass(frozen=True)
class Gesture:
    """Seconds from one move of the slider to the first and to the final picture, and of the processor."""

    first: float
    final: float
    processor: float


def main() -> int:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="also write the page of the documentation")
    parser.add_argument("--gestures", type=int, default=20, help="moves of the slider for each model")
    parser.add_argument("--models", nargs="+", default=["64", "256", "1024"], help="pixels a side")
    chosen = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command line does, before torch is imported
    others = MachineLoad()
    lines = [f"| {size} | {cells(measure(model, chosen.gestures))} |" for size, model in models(chosen.models)]
    table = "\n".join([
        "| pixels | first picture, median | p95 | final picture, median | p95 | processor, median | start to picture |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *lines,
    ])  # fmt: skip
    begun = "`fgraph studio panorama` shows its first picture after {}, of which the processor works {}.".format(
        *map(seconds, command())
    )
    sys.stdout.write(f"{table}\n\n{begun}\n")
    if chosen.write:
        PAGE.write_text(page(f"{table}\n\n{begun}", others.others()), encoding="utf-8")
    return 0


def command() -> tuple[float, float]:
    """Return the seconds from `fgraph studio panorama` to its first final picture, and those of the processor."""
    from websockets.sync.client import connect

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "run.py"), "studio", "panorama", "port=0", "--no-open", "device=cpu"],
            cwd=folder, stdout=subprocess.PIPE, text=True, env={**os.environ, "XDG_DATA_HOME": folder},
        )  # fmt: skip
        try:
            assert process.stdout is not None
            host, query = process.stdout.readline().split("http://")[1].split("/")
            page = HTTPConnection(host)
            page.request("GET", f"/{query.strip()}")
            cookie = str(page.getresponse().getheader("set-cookie")).partition(";")[0]
            headers = {"Cookie": cookie, "Origin": f"http://{host}"}
            with connect(f"ws://{host}/api/socket", additional_headers=headers, max_size=None) as socket:
                while b'"stage": "final"' not in as_bytes(socket.recv())[:1000]:
                    pass
            passed = time.perf_counter() - start
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            return passed, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def as_bytes(message: str | bytes) -> bytes:
    """Return a message of a socket as bytes."""
    return message if isinstance(message, bytes) else message.encode()


def models(sizes: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the models: the bundled one, and config-f with random weights."""
    from bench.harness.subjects import config_f, write_checkpoint  # imports torch

    tables = {"256": config_f(256), "1024": config_f(1024)}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            if size == "64":
                yield size, "landscape"
                continue
            path = Path(folder) / f"config_f_{size}.pt"
            write_checkpoint(path, table=tables[size])
            yield size, str(path)


def measure(model: str, gestures: int) -> tuple[float, list[Gesture]]:
    """Return the seconds from the start to the first picture, and the times of each gesture."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        studio = Studio(Path(folder), None, RunOptions.of(device="cpu"))
        studio.open(Opened("bench", GRAPH.format(model=model), trusted=True))
        access = Access.at([HOST], 80)
        with TestClient(make_app(studio, access)) as client:
            client.get(f"/?token={access.token}", follow_redirects=False)
            with client.websocket_connect("/api/socket", headers={"origin": f"http://{HOST}"}) as socket:
                wait_for_final(socket, 0)
                begun = time.perf_counter() - start
                time.sleep(PAUSE)
                return begun, [move(socket, number) for number in range(gestures)]


def move(socket: Any, number: int) -> Gesture:
    """Move the slider once, and wait for its pictures."""
    change = {"set": {"node": "fade", "field": "stop", "value": 0.5 + 0.01 * (number % 40)}}
    start, used = time.perf_counter(), time.process_time()
    socket.send_text(json.dumps({"id": number, "do": "edit", "changes": [change], "gesture": "slider"}))
    first, final = wait_for_final(socket, start)
    return Gesture(first, final, time.process_time() - used)


def wait_for_final(socket: Any, start: float) -> tuple[float, float]:
    """Return the seconds from `start` to the first and to the final picture."""
    first = None
    while True:
        content = socket.receive().get("bytes")
        if content is None:
            continue
        (length,) = struct.unpack(">I", content[:4])
        header = json.loads(content[4 : 4 + length])
        if header["event"] != "picture":
            continue
        now = time.perf_counter() - start
        first = now if first is None else first
        if header["stage"] == "final":
            return first, now


def cells(measured: tuple[float, list[Gesture]]) -> str:
    """Return the cells of a line."""
    begun, gestures = measured
    found = []
    for times in ([one.first for one in gestures], [one.final for one in gestures]):
        found += [seconds(statistics.median(times)), seconds(sorted(times)[int(0.95 * (len(times) - 1))])]
    processor = statistics.median(one.processor for one in gestures)
    return " | ".join([*found, seconds(processor), seconds(begun)])


def seconds(value: float) -> str:
    """Return a time in words."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def page(table: str, others: float) -> str:
    """Return the page of the documentation."""
    return f"""# Speed of the studio

`python -m bench.speed.studio --write` writes this page. It moves a slider of a blend of two images, through the socket
that the page of the studio uses. The times include the edit, the check, the compilation, the run, the encoding and the
socket, but not the browser. "Start to picture" is the time from the start of the studio in a running Python to the
first final picture; for the first model, it includes the import of torch. "Processor" is the time of all cores together
for one gesture, which hardly depends on what else runs.

{table}

The model of 64 pixels is `landscape`. The others have random weights, in the sizes of StyleGAN2's config-f. Measured on
{processor()}; {versions()}; {load(others)}.
"""


if __name__ == "__main__":
    sys.exit(main())
