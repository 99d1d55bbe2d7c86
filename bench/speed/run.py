"""All benchmarks: a table in docs/reference/measurements/benchmarks.md and a plot beside it.

    python -m bench.speed.run [--reference DIR] [--cases a,b,...] [--quick] [--threads N] [--out FOLDER] [--redraw]

DIR is a checkout of mchong6/SOAT or of rosinality/stylegan2-pytorch. It runs beside fgraph on the same weights, and the
outputs are compared to 1e-4. Without it, the first reference is the eager engine of fgraph.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads would measure other processes

import torch

from bench.harness import machine
from bench.harness.pages import MEASUREMENTS
from bench.harness.subjects import write_checkpoint
from bench.harness.timing import MachineLoad
from bench.speed.cases import CASES, Line, Setting
from bench.speed.report import draw_ratios, read_lines, to_markdown

PICTURE, PAGE = "benchmarks.png", "benchmarks.md"


def main() -> None:
    options = _options()
    if options.redraw:
        options.out.mkdir(parents=True, exist_ok=True)
        draw_ratios(read_lines((MEASUREMENTS / PAGE).read_text(encoding="utf-8")), options.out / PICTURE)
        return
    load = MachineLoad()
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "configf.pt"
        write_checkpoint(checkpoint)
        repeats = 3 if options.quick else 5
        setting = Setting(options.threads, repeats, options.quick, options.reference, checkpoint, {})
        try:
            for name in options.cases.split(","):
                for line in CASES[name](setting):
                    ratio = "" if line.cpu_ratio is None else f"  {line.ratio:.2f}x, by CPU {line.cpu_ratio:.2f}x"
                    print(f"{line.case}: {line.way}: {line.seconds:.3f} s{ratio}  {line.note}", flush=True)
                    lines.append(line)
            others = load.others()
        finally:
            setting.close()
    options.out.mkdir(parents=True, exist_ok=True)
    draw_ratios(lines, options.out / PICTURE)
    (options.out / PAGE).write_text(to_markdown(lines, _state(options, others), PICTURE), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, help="a checkout of SOAT or of rosinality/stylegan2-pytorch")
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--quick", action="store_true", help="fewer cases and repeats")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=MEASUREMENTS)
    parser.add_argument(
        "--redraw", action="store_true", help="the plot alone, from the table in docs; nothing is measured"
    )
    options = parser.parse_args()
    unknown = set(options.cases.split(",")) - set(CASES)
    if unknown:
        parser.error(f"there is no case {', '.join(sorted(unknown))}: use {', '.join(CASES)}")
    return options


def _state(options: argparse.Namespace, others: float) -> list[str]:
    return [
        f"{machine.processor()}, {torch.backends.cpu.get_cpu_capability()}; {options.threads} threads, "
        f"OMP_WAIT_POLICY={os.environ['OMP_WAIT_POLICY']}",
        machine.load(others),
        machine.versions(),
        f"reference: {options.reference.name if options.reference else 'none'}; a config-f generator of 256 "
        "pixels with seeded random weights, fp32; (e), (f), (g) with the bundled landscape model of 64 pixels",
    ]


if __name__ == "__main__":
    main()
