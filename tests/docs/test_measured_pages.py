"""The scripts that write the measurement pages: their numbers mean what the pages state."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from bench.harness import pages
from bench.memory import chunks, large, peaks
from bench.quality import encoders, inversion, locality, proposals, rivals, seams
from bench.speed import effects, report
from fgraph.inversion.settings import Tuning
from fgraph.stylegan.loading import load_generator

GENERATOR = np.random.default_rng(0)
LEFT = np.where(np.arange(32) < 16, 1.0, 0.0) * np.ones((32, 1))
HALF = locality.Setting(
    "avatar",
    "left_half",
    {"kind": "region", "region": "left_half", "framing": "avatar"},
    {"layer": "b16.conv0", "clusters": 4, "samples": 16},
)


def judged(made: np.ndarray) -> locality.Line:
    """Judge a picture that is made of two flat ones, -0.5 and 0.5 with a faint grain."""
    return locality.judge(HALF, "made", {"source": SOURCE, "reference": REFERENCE, "made": made}, LEFT)


SOURCE, REFERENCE = (level + GENERATOR.uniform(-0.05, 0.05, (2, 3, 32, 32)) for level in (-0.5, 0.5))


def test_a_paste_is_local_complete_and_visible() -> None:
    found = judged(LEFT * REFERENCE + (1 - LEFT) * SOURCE)
    # Means over half of the pixels, 3,072 numbers whose deviation is 0.04: 0.01 is 14 standard errors.
    assert (found.inside, found.outside, found.reached) == pytest.approx((1, 0, 1), abs=0.01)
    assert found.seam > 10


def test_an_unchanged_source_takes_nothing_and_a_replaced_one_is_not_local() -> None:
    left, replaced = judged(SOURCE), judged(REFERENCE)
    assert (left.inside, left.outside, left.reached) == (0, 0, 0)
    assert left.seam == pytest.approx(1, rel=0.2)  # of two means of 192 steps: five standard errors
    assert (replaced.inside, replaced.outside, replaced.reached) == pytest.approx((1, 1, 1), abs=0.01)


def test_every_method_of_a_transfer_is_measured_and_the_table_put_in_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{locality.START}\nold\n{locality.END}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(locality, "settings", lambda: [HALF])
    monkeypatch.setattr(sys, "argv", ["locality.py", "--pairs", "2", "--page", str(page)])
    locality.main()
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- locality -->\n\n`python -m bench.quality.locality --pairs 2`: 2 pairs a part")
    assert text.endswith("<!-- /locality -->\nafter\n")
    assert "old" not in text
    rows = [line for line in text.splitlines() if line.startswith("| avatar, left half | ")]
    assert len(rows) == 6
    (paste,) = (line for line in rows if "pixel paste" in line)
    assert paste.split(" | ")[3:5] == ["0.000", "0.00"]  # nothing outside
    locality.main()
    assert page.read_text(encoding="utf-8") == text


@pytest.fixture(scope="module")
def lines() -> dict[str, inversion.Line]:
    """Return a line for each row of the page's table: copies of one inversion of two steps."""
    bench = inversion.Bench(steps=2)
    first = bench.run("s, gaussian", bench.drawn()[:2])
    names = [f"{space}, {prior}" for space, prior in inversion.GRID]
    names += [f"s, gaussian, {weight:g}" for weight in inversion.WEIGHTS]
    return {name: replace(first, name=name, psnr=(20.0 + at, 22.0 + at)) for at, name in enumerate(names)} | {
        "measured": first
    }


def test_an_inversion_is_measured(lines: dict[str, inversion.Line]) -> None:
    found = lines["measured"]
    assert len(found.psnr) == 2
    assert 5 < found.mean < 40
    assert found.steps == 2
    assert 0 < found.diagonal < 0.5  # two steps from the mean
    assert found.cpu > 0


def test_the_plot_of_inversions_can_be_drawn_from_their_tables(
    lines: dict[str, inversion.Line], tmp_path: Path
) -> None:
    grid = [lines[f"{space}, {prior}"] for space, prior in inversion.GRID]
    weights = [lines[f"s, gaussian, {weight:g}"] for weight in inversion.WEIGHTS]
    text = inversion.to_markdown(lines["measured"], grid, weights, [])
    read = {line.name: line for line in inversion.read_lines(text)}
    assert set(read) == set(lines) - {"measured"}
    assert all(read[name].mean == pytest.approx(lines[name].mean, abs=0.005) for name in read)  # two decimals
    inversion.draw(grid, weights, tmp_path / "plot.png")
    inversion.redraw(tmp_path / "again.png")  # from the current page
    for name in ("plot.png", "again.png"):
        with Image.open(tmp_path / name) as made:
            assert made.size == (900, 520)
            assert len(made.convert("RGB").getcolors(10**6) or ()) > 5


def test_tuned_inversions_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    targets = encoders.targets(load_generator("landscape"), encoders.Subject("landscape", "samples"), range(2))
    bench = inversion.Bench(1)
    both = bench.run("tuned", targets, Tuning(steps=1), space="w+").psnr
    alone = [bench.run("tuned", one, Tuning(steps=1), space="w+").psnr for one in targets.split(1)]
    assert both == pytest.approx([psnr for (psnr,) in alone], abs=0.01)  # the last decimal of the page
    assert abs(both[0] - both[1]) > 0.1  # so a picture tuned for another code would show
    assert "tuned" in capsys.readouterr().out


def test_encoders_are_measured_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = load_generator("avatar")
    images = encoders.targets(generator, encoders.Subject("avatar", "samples"), range(2))
    drawn = encoders.targets(generator, encoders.Subject("avatar", "paintings"), [0])
    found = encoders.run(generator, "avatar", "encoder", torch.cat([images, drawn]))
    assert [len(found.psnr), len(found.distance), len(found.images)] == [3, 3, 3]
    assert min(found.psnr[:2]) > 10
    assert min(found.cpu, *found.distance) > 0
    measured = tmp_path / "measured.jsonl"
    for at, way in enumerate(encoders.WAYS):
        one = {
            "key": f"avatar, samples|{way}|0",
            "psnr": [20.0 + at, 22.0 + at],
            "distance": [1.0, 2.0],
            "cpu": [1.0 + at],
        }
        with measured.open("a", encoding="utf-8") as file:
            file.write(json.dumps(one) + "\n")
    monkeypatch.setattr(encoders, "metric_seconds", lambda model: 1.0)
    lines = encoders.measure(encoders.SUBJECTS[:1], list(encoders.WAYS), 0, measured)
    assert [line.way for line in lines] == list(encoders.WAYS)
    assert lines[0].mean == 21
    read = encoders.read_lines(encoders.to_markdown(lines, "command"))
    assert [(line.way, line.mean, line.cpu) for line in read] == [(line.way, line.mean, line.cpu) for line in lines]
    encoders.plot(read, tmp_path / "plot.png")
    with Image.open(tmp_path / "plot.png") as made:
        assert len(made.convert("RGB").getcolors(10**6) or ()) > len(encoders.WAYS)


@pytest.mark.parametrize(
    ("page", "head"),
    [
        ("seams", seams.HEAD),
        ("proposals", proposals.HEAD),
        ("rivals", rivals.HEAD),
        ("large", large.HEAD),
        ("memory", "\n".join(peaks.HEAD)),
        ("chunks", "\n".join(chunks.HEAD)),
        ("benchmarks", "\n".join(report.HEAD)),
    ],
)
def test_a_page_begins_as_its_script_writes_it(page: str, head: str) -> None:
    """Only numbers may differ, so that the next measurement does not change links and text."""
    pattern = re.sub(r"\\\{[^{}]*\\\}", r"[\\d.]+", re.escape(head))
    assert re.match(pattern, (pages.MEASUREMENTS / f"{page}.md").read_text(encoding="utf-8"))


def test_the_work_of_effects_equals_the_work_of_the_layers() -> None:
    table = effects.LARGE
    whole, shared = (effects.work(table, None, shared=one) for one in (False, True))
    assert whole.images == shared.images == 2 * 6048
    assert effects.flops(table, 0, table.last + 1) == table.forward_flops
    assert whole.operations == whole.images
    small = effects.work(table, 128, shared=True)
    assert small.operations < shared.operations < whole.operations
