"""The table of benchmarks in Markdown, and a plot of its ratios."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bench.speed.cases import Line

_WIDTH, _ROW, _LEFT, _UNIT = 900, 22, 400, 60
HEAD = (
    "# Benchmarks",
    "",
    "`python -m bench.speed.run` writes this page. A *way* computes the case by one program or in one",
    "mode, and is compared with the first way of the case: the ways take turns in one run, and the numbers",
    'are medians. "published" is the reference program named below. CPU seconds are those of the way\'s own',
    'process. "Bare convolutions" are those of torch, on maps of the same size. The roofline is the time of',
    "all their FLOPs at the rate of the fastest one. fgraph can be faster than both, because wide layers need",
    "fewer multiplications ([ADR 13](../../adr/0013-winograd-on-a-cpu.md)).",
    "",
)
_TABLE = "| case | way | s | CPU s | times faster | by CPU | |\n| --- | --- | --- | --- | --- | --- | --- |"


def to_markdown(lines: list[Line], state: list[str], picture: str) -> str:
    """Return the whole page docs/reference/measurements/benchmarks.md."""
    rows = [
        f"| {line.case} | {line.way} | {_seconds(line.seconds)} | {_seconds(line.cpu_seconds)} | {_ratio(line.ratio)} "
        f"| {_ratio(line.cpu_ratio)} | {line.note} |"
        for line in lines
    ]
    return "\n".join([
        *HEAD,
        *(f"* {fact}" for fact in state),
        "",
        _TABLE,
        *rows,
        "",
        f"![How many times faster]({picture})",
        "",
    ])  # fmt: skip


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def read_lines(page: str) -> list[Line]:
    """Return the lines of the table that `to_markdown` wrote."""
    rows = page.partition(_TABLE)[2].partition("\n\n")[0].strip().splitlines()
    found = []
    for row in rows:
        case, way, seconds, cpu, ratio, cpu_ratio, note = (cell.strip() for cell in row.strip("|").split("|"))
        clock, processor = (float(one) if one else None for one in (ratio, cpu_ratio))
        found.append(Line(case, way, float(seconds), float(cpu), clock, processor, note))
    return found


def draw_ratios(lines: list[Line], path: Path) -> None:
    """Draw bars: how many times faster each way is than its reference, by CPU time."""
    shown = [line for line in lines if line.cpu_ratio is not None]
    picture = Image.new("RGB", (_WIDTH, _ROW * (len(shown) + 2)), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(13)
    most = max((line.cpu_ratio or 0 for line in shown), default=1)
    unit = min(_UNIT, (_WIDTH - _LEFT - 60) / most)
    pen.text((8, 4), "times faster than the reference of the case, by CPU time", "black", font)
    for place, line in enumerate(shown, 1):
        top, ratio = _ROW * place + 4, line.cpu_ratio or 0
        pen.text((8, top), f"{line.case}: {line.way}", "black", font)
        colour = "#888888" if line.way in ("bare convolutions", "roofline") else "#2a6fb0"
        pen.rectangle((_LEFT, top, _LEFT + unit * ratio, top + _ROW - 8), fill=colour)
        pen.text((_LEFT + unit * ratio + 6, top), f"{ratio:.2f}", "black", font)
    pen.line((_LEFT + unit, _ROW, _LEFT + unit, picture.height - _ROW // 2), fill="#cc3333")
    picture.save(path)
