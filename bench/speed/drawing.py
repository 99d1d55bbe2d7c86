"""The time of Graphviz for drawings of growing extent, from which `fgraph._graphviz.LARGEST` is chosen.

python -m bench.speed.drawing
"""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Callable

from fgraph import FgraphError
from fgraph._graphviz import LARGEST, cell, draw, draw_box, draw_edge, extent, table, words

Reads = dict[str, list[str]]  # name of a box -> the boxes that it reads


def chain(count: int) -> Reads:
    """Return a chain in which every other box also reads a box from far back, so that lines are long."""
    pick = random.Random(0)
    return {
        str(box): sorted(
            {str(one) for one in (box - 1, pick.randrange(max(box, 1)) if box % 2 else box - 1) if one >= 0}
        )
        for box in range(count)
    }


def field(count: int) -> Reads:
    """Return a field in which each box reads two of the previous sixty, so that there are many short lines."""
    pick = random.Random(0)
    return {
        str(box): sorted({str(box - 1 - pick.randrange(min(box, 60))) for _ in range(2 * bool(box))})
        for box in range(count)
    }


SHAPES: tuple[tuple[Callable[[int], Reads], tuple[int, ...]], ...] = (
    (chain, (50, 100, 150, 200, 250, 300)),
    (field, (100, 200, 400, 700, 1000)),
)


def main() -> None:
    """Print a line for each drawing: its boxes, lines and extent, and processor seconds."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; drawn one by one up to an extent of {LARGEST:,}")
    for shape, counts in SHAPES:
        for count in counts:
            reads = shape(count)
            size = f"{count:>6,} boxes {sum(map(len, reads.values())):>6,} lines  extent {extent(reads):>7,}"
            print(f"{shape.__name__:<6} {size}  {measure(reads)}", flush=True)


def measure(reads: Reads) -> str:
    """Return the processor seconds of one drawing."""
    boxes = [draw_box(name, table([cell(words(f"box {name}"), port="in0")], border=1)) for name in reads]
    lines = [draw_edge(one, name, headport="in0:w") for name, sources in reads.items() for one in sources]
    start = os.times()
    try:
        draw([*boxes, *lines], "", rankdir="LR")
    except FgraphError as error:
        return str(error)
    stop = os.times()
    return f"{stop.children_user - start.children_user:6.1f} s"


if __name__ == "__main__":
    main()
