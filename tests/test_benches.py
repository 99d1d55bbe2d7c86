"""The benchmarks that need a GPU, other programs or hours: each of their parts runs here at a small size."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
import torch

import fgraph
from bench import gpu
from bench.harness.subjects import merge_graph, plain_graph
from bench.harness.timing import Times
from bench.speed import exported, rivals, steps
from fgraph.runtime.kernels.seeds import codes_of_seeds
from tests.networks import tiny
from tests.rounding import assert_promised


def test_the_campaign_of_a_device_runs_on_a_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["gpu.py", "--device", "cpu", "--quick", "--out", str(tmp_path)])
    gpu.main()
    page = (tmp_path / gpu.PAGE).read_text(encoding="utf-8")
    for title in ("Roofline, TFLOP/s", "Against the CPU", "Speed and memory", "Published programs", "Steps"):
        assert f"## {title}" in page
    assert "failed" not in page
    assert "| sweep of 2 | bfloat16 | captured |" in page
    assert "| drag, 16 pixels, batch 1 |" in page


def test_an_exported_generator_equals_the_graph() -> None:
    model = tiny(1, 32)
    z = codes_of_seeds(range(5), model.table.z_dim)
    with torch.inference_mode():
        forward = exported.Plain(model)(z[:2]).numpy()
        panorama = exported.join_spans(exported.Span(model)(z[:-1], z[1:]).numpy())[None]
    assert_promised(forward, fgraph.run(plain_graph(model, 2))["image"].array)
    assert_promised(panorama, fgraph.run(merge_graph(model, 5))["image"].array)


def test_rivals_take_turns_and_a_missing_one_has_a_reason(tmp_path: Path) -> None:
    def missing(*_: object) -> rivals.Run:
        raise ImportError("no such runtime")

    def endless(*_: object) -> rivals.Run:
        signal.raise_signal(signal.SIGALRM)  # as when its time is over
        raise AssertionError

    pages: list[str] = []
    with pytest.MonkeyPatch.context() as patch, torch.inference_mode():
        patch.setitem(rivals.EXPORTS, "openvino", missing)
        patch.setitem(rivals.EXPORTS, "torch.compile", endless)
        patch.setitem(rivals.EXPORTS, "plain", lambda module, inputs, folder: lambda: module(*inputs).numpy())
        rivals.measure(
            tiny(1), ["fgraph", "plain", "openvino", "torch.compile"], 1, tmp_path, limit=60,
            note=lambda lines: pages.append(rivals.to_markdown(lines, ["a machine"])),
        )  # fmt: skip
    cases = ("forward, batch 1", "forward, batch 4", "panorama of 5")
    for number, page in enumerate(pages, 1):  # written after each case
        for case in cases[:number]:
            assert f"| {case} | fgraph |" in page
            assert f"| {case} | plain |" in page
            assert f"| {case} | openvino | | | | no such runtime |" in page
            assert f"| {case} | torch.compile | | | | takes more than 60 s to be made |" in page
    assert len(pages) == len(cases)


def test_the_parts_of_a_step_equal_a_step_of_a_search() -> None:
    search = steps.make_inversion(tiny(1), 2)
    for part in steps.inversion_parts(search).values():
        part()
    expected = search._state["first.0"].clone()
    other = steps.make_inversion(tiny(1), 2)
    other.step()
    assert torch.equal(other._state["first.0"], expected)  # the parts together had the effect of a step
    line = steps.Line("inversion", Times([2.0], [2.0]), Times([1.0], [0.5]), "forward 0.1")
    assert "| inversion | 2.00 | 0.50 | 4.00x | forward 0.1 |" in steps.to_markdown([line], ["a machine"])
