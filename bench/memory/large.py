"""Time and memory of images of growing length, made in pieces and at once: docs/reference/measurements/large.md.

python -m bench.memory.large [--latents 16 128 1024] [--to FILE]
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fgraph
from bench.harness.pages import MEASUREMENTS, ROOT

PAGE = MEASUREMENTS / "large.md"
HEAD = """# Images of any length

`python -m bench.memory.large` writes this page: the graph `panorama` of the bundled 64-pixel model with a growing
number of latents, on one thread, each line in its own process. "In pieces" is `fgraph.save_large` to a tiled TIFF,
{piece} pixels at a time. "At once" is `fgraph.run` and `save` as one PNG. Memory is the peak of the process, of which
{empty:.0f} MiB are Python, torch and the model, measured with two latents. Each piece compiles the whole graph again,
which takes most of the time for the longest image.

| latents | pixels | in pieces: CPU s | MiB | at once: CPU s | MiB |
| --- | --- | --- | --- | --- | --- |
"""
PIECE = 2048


def main() -> None:
    """Measure each length in its own process, or run as one of these processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latents", type=int, nargs="+", default=[16, 128, 1024])
    parser.add_argument("--to", type=Path, default=PAGE)
    parser.add_argument("--one", choices=("pieces", "once"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure(given.one, given.latents[0])
        return
    empty = measure_in_process("once", 2)[1]
    lines = []
    for count in given.latents:
        pieces, once = measure_in_process("pieces", count), measure_in_process("once", count)
        width = 64 * count
        lines.append(
            f"| {count} | 64 x {width} | {pieces[0]:.1f} | {pieces[1]:.0f} | {once[0]:.1f} | {once[1]:.0f} |\n"
        )
    given.to.write_text(HEAD.format(piece=PIECE, empty=empty) + "".join(lines), "utf-8")
    sys.stdout.write(f"{given.to}\n")


def measure_in_process(way: str, count: int) -> tuple[float, float]:
    """Return the CPU seconds and MiB of a process of its own that makes one image."""
    command = [sys.executable, "-m", "bench.memory.large", "--one", way, "--latents", str(count)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    printed = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    return float(printed[0]), float(printed[1])


def measure(way: str, count: int) -> None:
    """Make the image, and print CPU seconds and MiB."""
    graph = fgraph.load(
        ROOT / "graphs" / "graph" / "panorama.yaml", ["models.main=landscape", f"nodes.z.count={count}"]
    )
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        if way == "pieces":
            fgraph.save_large(graph, Path(folder) / "wide.tif", piece=PIECE, device="cpu")
        else:
            fgraph.run(graph, device="cpu")["panorama"].save(Path(folder) / "wide.png")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{time.process_time() - start} {peak}\n")


if __name__ == "__main__":
    main()
