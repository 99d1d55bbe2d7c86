"""The copies between host and device of the bundled graphs, as plans predict: docs/reference/measurements/transfers.md.

    python -m bench.memory.transfers [--out FOLDER]

Nothing runs. Tests count the same copies on torch's device `meta`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import fgraph
from bench.harness.pages import MEASUREMENTS, ROOT
from fgraph.ir.costs import Copies

GRAPHS = ROOT / "graphs" / "graph"
HEAD = [
    "# Transfers",
    "",
    "`python -m bench.memory.transfers` writes this page: the copies between host and device of each bundled graph, as",
    "its plan predicts. *In each run*, the host sends codes, masks, random noise and numbers. *Once*, it sends",
    "constants that follow from the structure of the plan, such as rows to select: at most this many, because equal",
    "constants are sent once. The device keeps them. *Back* are the results. A test counts the copies: each run makes",
    "exactly the predicted number, and the first run never more. Graphs that search, or that propose patches from a",
    "picture, also read values back from the device (*asks*).",
    "",
    "| graph | steps | in each run | KiB | once, at most | KiB | back | KiB | asks |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
]


def line(name: str, plan: fgraph.Plan) -> str:
    """Return the line of a graph."""
    sent = plan.transfers
    cells = " | ".join(_cells(one) for one in (sent.inputs, sent.constants, sent.results))
    asks = ", ".join(sorted({step.op.name for step in plan.steps if step.op.reads_back}))
    return f"| {name} | {len(plan.steps)} | {cells} | {asks} |"


def _cells(sent: Copies) -> str:
    return f"{sent.copies} | {sent.bytes / 1024:,.1f}"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=MEASUREMENTS)
    given = parser.parse_args()
    lines = [
        line(path.stem, fgraph.compile(fgraph.load(path), device="meta")) for path in sorted(GRAPHS.glob("*.yaml"))
    ]
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "transfers.md").write_text("\n".join([*HEAD, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
