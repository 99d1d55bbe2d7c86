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
{empty:.0f} MB are Python, torch and the model, measured with two latents. Each piece compiles the whole graph again,
which takes most of the time for the longest image.

| latents | pixels | in pieces: CPU s | MB | at once: CPU s | MB |
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
    empty = measured("once", 2)[1]
    lines = []
    for count in given.latents:
        pieces, once = measured("pieces", count), measured("once", count)
        width = (count + 1) * 32 + (count - 1) * 32
        lines.append(
            f"| {count} | 64 x {width} | {pieces[0]:.1f} | {pieces[1]:.0f} | {once[0]:.1f} | {once[1]:.0f} |\n"
        )
    given.to.write_text(HEAD.format(piece=PIECE, empty=empty) + "".join(lines), "utf-8")
    sys.stdout.write(f"{given.to}\n")


def measured(way: str, count: int) -> tuple[float, float]:
    """Return the CPU seconds and megabytes of a process."""
    command = [sys.executable, "-m", "bench.memory.large", "--one", way, "--latents", str(count)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout.split()
    return float(said[0]), float(said[1])


def measure(way: str, count: int) -> None:
    """Make the image, and print CPU seconds and megabytes."""
    graph = fgraph.load(
        ROOT / "graphs" / "graph" / "panorama.yaml", ["models.main=landscape", f"nodes.z.count={count}"]
    )
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        if way == "pieces":
            fgraph.save_large(graph, Path(folder) / "wide.tif", piece=PIECE, device="cpu")
        else:
            fgraph.run(graph, device="cpu")["panorama"].save(Path(folder) / "wide.png")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{time.process_time() - start} {most}\n")


if __name__ == "__main__":
    main()
