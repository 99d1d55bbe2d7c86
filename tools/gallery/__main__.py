"""Draw every picture of docs/ on the bundled models, for `make gallery`.

python tools/gallery [--to docs] [--list] [PICTURE ...]

The name of a PICTURE is its path without the folder `gallery/` and the suffix: `graphs/panorama`, `transfer`, `rivals`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import bundled
import drags
import drawings
import edits
import moves
import sweep
from sheets import ROOT, write

import examples

DRAWN = {**bundled.DRAWN, **drags.DRAWN, **edits.DRAWN, **moves.DRAWN, **sweep.DRAWN, **examples.DRAWN}
WRITTEN = {  # files other than WebP
    "walk_film": moves.write_film,
    "drag_film": drags.write_film,
    "drawings/panorama": drawings.write_graph,
    "drawings/panorama.plan": drawings.write_plan,
}
SCRIPTS = {  # pictures that belong to a measurement, redrawn without measuring, or to the training of the models
    "rivals": ("-m", "bench.quality.rivals", "--redraw", "--to", "{to}"),
    "inversion": ("-m", "bench.quality.inversion", "--redraw", "--to", "{to}/how-to"),
    "encoders": ("-m", "bench.quality.encoders", "--redraw", "--to", "{to}/how-to"),
    "dragging": ("-m", "bench.quality.dragging", "--redraw", "--to", "{to}/how-to"),
    "benchmarks": ("-m", "bench.speed.run", "--redraw", "--out", "{to}/reference/measurements"),
    "training": ("examples/training/show.py", "--to", "{to}/how-to/training"),
}


def main() -> int:
    """Draw the requested pictures."""
    names = (*DRAWN, *WRITTEN, *SCRIPTS)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="*", metavar="PICTURE", help="pictures to draw; default: all")
    parser.add_argument("--to", type=Path, default=ROOT / "docs", help="the folder of the pages")
    parser.add_argument("--list", action="store_true", help="the names, nothing is drawn")
    given = parser.parse_args()
    unknown = [name for name in given.pictures if name not in names]
    if unknown:
        parser.error(f"there is no picture {unknown[0]}; there are {', '.join(names)}")
    if given.list:
        sys.stdout.write("".join(f"{name}\n" for name in names))
        return 0
    return max(draw(name, given.to.resolve()) for name in given.pictures or names)


def draw(name: str, to: Path) -> int:
    """Draw one picture; return 1 if its script fails."""
    if name in SCRIPTS:
        command = [sys.executable, *(word.format(to=to) for word in SCRIPTS[name])]
        return int(subprocess.run(command, cwd=ROOT, check=False).returncode != 0)
    path = to / "gallery" / f"{name}.webp"
    path = write(DRAWN[name](), path) if name in DRAWN else WRITTEN[name](path.parent)
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
