"""The studio in a real browser, from a gesture to a picture.

python -m bench.speed.studio            print the table
python -m bench.speed.studio --write    also write docs/reference/measurements/studio.md

`studio/e2e/speed.mjs` moves a slider of a graph in Chromium, again and again, and notes when each picture is painted.
It needs `npm --prefix studio ci`. Models of 256 and 1024 pixels are made with random weights, in the sizes of
StyleGAN2's config-f.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.harness.machine import load, processor, versions
from bench.harness.pages import MEASUREMENTS, ROOT
from bench.harness.timing import MachineLoad
from bench.speed.startup import TORCH
from bench.speed.startup import measure as processor_seconds

PAGE = MEASUREMENTS / "studio.md"
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


def main() -> int:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="also write the page of the documentation")
    parser.add_argument("--gestures", type=int, default=20, help="moves of the slider for each model")
    parser.add_argument("--starts", type=int, default=5, help="starts of the studio; the least CPU time counts")
    parser.add_argument("--models", nargs="*", default=["64", "256", "1024"], help="pixels a side")
    chosen = parser.parse_args()
    others = MachineLoad()
    with tempfile.TemporaryDirectory() as folder:
        measured = {size: measure(model, chosen.gestures) for size, model in models(chosen.models, Path(folder))}
        started, torch = start(Path(folder), chosen.starts)
    table = "\n".join([
        "| pixels | first picture, median | p95 | final picture, median | p95 | CPU time, median | start to picture |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(f"| {size} | {cells(one)} |" for size, one in measured.items()),
    ])  # fmt: skip
    processor_time = started["begun"]["processor"]
    start_text = (
        f"`fgraph studio panorama` shows its first picture after {seconds(started['begun']['seconds'])}. Until then, it"
        f" uses {seconds(processor_time)} of CPU time, {processor_time / torch:.2f} times as much as `import torch`."
    )
    sys.stdout.write(f"{table}\n\n{start_text}\n")
    if chosen.write:
        PAGE.write_text(page(f"{table}\n\n{start_text}", started["browser"], others.others()), encoding="utf-8")
    return 0


def start(folder: Path, times: int) -> tuple[dict[str, Any], float]:
    """Return the start with the least CPU time, and the least CPU time of `import torch`."""
    pairs = [(run_browser("panorama", 0), processor_seconds(TORCH, folder)) for _ in range(times)]
    return min((one for one, _ in pairs), key=lambda one: float(one["begun"]["processor"])), min(
        one for _, one in pairs
    )


def models(sizes: list[str], folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the models: the bundled one, and config-f with random weights."""
    from bench.harness.subjects import config_f, write_checkpoint  # imports torch

    tables = {"256": config_f(256), "1024": config_f(1024)}
    for size in sizes:
        if size == "64":
            yield size, "landscape"
            continue
        path = folder / f"config_f_{size}.pt"
        write_checkpoint(path, table=tables[size])
        yield size, str(path)


def measure(model: str, gestures: int) -> dict[str, Any]:
    """Return the measurements of the browser with a model."""
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "bench.yaml"
        graph.write_text(GRAPH.format(model=model), encoding="utf-8")
        return run_browser(str(graph), gestures)


def run_browser(graph: str, gestures: int) -> dict[str, Any]:
    """Return what `speed.mjs` measures: the start, and the times of each gesture, in seconds."""
    command = ["node", str(ROOT / "studio" / "e2e" / "speed.mjs"), graph, str(gestures)]
    environment = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def cells(measured: dict[str, Any]) -> str:
    """Return the cells of a line."""
    found = []
    for times in (sorted(one[name] for one in measured["gestures"]) for name in ("first", "final")):
        found += [seconds(statistics.median(times)), seconds(times[math.ceil(0.95 * len(times)) - 1])]
    processor_time = statistics.median(one["processor"] for one in measured["gestures"])
    return " | ".join([*found, seconds(processor_time), seconds(measured["begun"]["seconds"])])


def seconds(value: float) -> str:
    """Format a time in milliseconds or seconds."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def page(table: str, browser: str, others: float) -> str:
    """Return the page of the documentation."""
    number = browser.partition(".")[0]
    return f"""# Speed of the studio

`python -m bench.speed.studio --write` writes this page. It moves a slider of a blend of two images in headless Chromium
{number}, without a GPU. A time begins with the pointer event on the slider. It ends when the browser has painted the
picture. So it includes the edit, the check, the compilation, the run, the encoding, the socket, and the decoding. The
first picture may be a preview of a lower quality; the final picture never is. "Start to picture" is the time from the
start of the command to the first final picture. "CPU time" is what the studio uses for one gesture, summed over all
cores. It hardly depends on other programs.

{table}

The model of 64 pixels is `landscape`. The others have random weights, in the sizes of StyleGAN2's config-f. Measured on
{processor()}; {versions()}; {load(others)}.
"""


if __name__ == "__main__":
    sys.exit(main())
