"""Tests of `explain`: the savings of each stage, a forecast, and measured costs in plans."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import fgraph
from fgraph._cache import cache_folder
from fgraph.ir.costs import CostModel, DeviceProfile, Rate, conv_flops, rate
from fgraph.plan import Plan
from fgraph.plan.device_profile import find_profile, save_profile
from fgraph.plan.forecast import forecast, step_seconds
from tests.plan.graphs import BLEND

ROOT = Path(__file__).parent.parent.parent
OVERHEAD, BANDWIDTH = 1e-3, 1e9
PROFILE = DeviceProfile(
    device="cpu",
    name="cpu",
    precision="float32",
    threads=3,
    overhead=OVERHEAD,
    bandwidth=BANDWIDTH,
    rgb=BANDWIDTH,
    drawn=0.0,
    plain=(Rate(4, 100, 1e9), Rate(4, 10000, 4e9), Rate(16, 100, 4e9), Rate(16, 10000, 16e9)),
    doubling=(Rate(8, 100, 1e9),),
)


@pytest.fixture(autouse=True)
def _empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give each test an empty cache folder."""
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))


def measured(**changes: Any) -> DeviceProfile:
    """Return a profile that is valid in this process, where the threads of torch are known."""
    return replace(PROFILE, threads=torch.get_num_threads(), **changes)


def planned(graph: str = BLEND) -> Plan:
    return fgraph.compile(graph, device="cpu")


def stages(plan: Plan) -> dict[str, tuple[int, float]]:
    """Return the savings of each stage: name -> calls, GFLOP."""
    pattern = r"^(row by row|rows shared|regions, differences|batched) +([\d,]+) .*?([\d,]+\.\d{3})"
    found = re.findall(pattern, str(plan), re.MULTILINE)
    return {name: (int(calls.replace(",", "")), float(flops.replace(",", ""))) for name, calls, flops in found}


def test_each_stage_shows_its_savings() -> None:
    plan = planned()
    found, cost = stages(plan), plan.cost
    assert list(found) == ["row by row", "rows shared", "regions, differences", "batched"]
    assert found["row by row"] == (cost.unbatched_layer_calls, round(cost.unbatched_flops / 1e9, 3))
    calls = [calls for calls, _ in found.values()]
    flops = [flops for _, flops in found.values()]
    assert calls == sorted(calls, reverse=True)
    assert flops == sorted(flops, reverse=True)
    assert calls[-1] == cost.layer_calls
    assert flops[1] > flops[2]  # the right side has an effect only inside the box


def test_two_equal_graphs_share_all_their_rows() -> None:
    found = stages(fgraph.compile([BLEND, BLEND], device="cpu"))
    assert found["row by row"][0] == 2 * found["rows shared"][0]


MANY = BLEND.replace("seed: [3, 5]", "seed: 3, count: 24")


def test_chunks_and_the_budget_are_shown() -> None:
    whole = planned(MANY)
    plan = whole.within(whole.cost.peak_bytes // 2)
    assert plan.chunks > 1
    assert re.search(rf"^chunks +{plan.chunks}, each for a part of the outputs; ", str(plan), re.MULTILINE)
    assert "the budget is" in str(plan)


def test_chunks_of_a_run_without_a_budget_are_shown() -> None:
    whole = planned(MANY)
    assert re.search(r"^chunks +1$", str(whole), re.MULTILINE)
    plan = replace(whole, cost_model=CostModel(working_set=whole.cost.peak_bytes // 2, most_repeated=2))
    assert plan.bounded.chunks > 1
    assert re.search(rf"^chunks +1; on a CPU {plan.bounded.chunks}, which need ", str(plan), re.MULTILINE)


def test_decisions_use_the_measured_costs_of_the_device() -> None:
    """Equal graphs give equal plans until the device is calibrated; from then on, plans use its measured costs."""
    assert planned().cost_model == planned().cost_model == CostModel()
    save_profile(measured())
    plan = planned()
    assert plan.profile == measured()
    # A call takes 1 ms, in which a large layer does 16e6 FLOPs. A call of a layer comes with three other calls.
    # A copied byte is read and written.
    assert plan.cost_model.call == 4 * OVERHEAD * 16e9
    assert plan.cost_model.copied_byte == 2 * 16e9 / BANDWIDTH
    assert replace(plan.cost_model, call=0, copy_call=0, copied_byte=0) == CostModel(0, 0, 0)


def test_rates_are_interpolated_on_logarithmic_scales() -> None:
    assert rate(PROFILE.plain, 4, 100) == pytest.approx(1e9)
    assert rate(PROFILE.plain, 4, 1000) == pytest.approx(2e9)  # half way, on logarithmic scales
    assert rate(PROFILE.plain, 8, 1000) == pytest.approx(4e9)
    assert rate(PROFILE.plain, 1, 1) == pytest.approx(1e9)
    assert rate(PROFILE.plain, 512, 10**9) == pytest.approx(16e9)
    assert rate(PROFILE.doubling, 300, 5) == pytest.approx(1e9)


def test_the_seconds_of_a_step_are_its_work_at_the_rate_plus_an_overhead() -> None:
    flat = replace(PROFILE, plain=(Rate(8, 100, 2e9),))
    for step in planned().steps:
        read, made = step.row_inputs, step.row_type
        copied = any(gather.copies_rows for gather in step.inputs)
        if step.op.name == "conv" and not copied:
            channels, height, width = read[0].shape
            flops = conv_flops(channels, made.shape[0], step.rows * height * width)
            expected = OVERHEAD + flops / (1e9 if step.op.layer.up == 2 else 2e9)  # type: ignore[attr-defined]
            assert step_seconds(step, flat) == pytest.approx(expected)
        if step.op.name == "clamp" and not copied:
            assert step_seconds(step, flat) == pytest.approx(OVERHEAD + step.rows * made.numbers * 8 / BANDWIDTH)


def test_the_forecast_sums_steps_and_its_row_by_row_time_sums_rows() -> None:
    plan = planned()
    found = forecast(plan.steps, plan.results, plan.raw, PROFILE)
    assert found.seconds == pytest.approx(sum(step_seconds(step, PROFILE) for step in plan.steps), rel=1e-2)
    costly = replace(PROFILE, overhead=1e3)
    operations = sum(one.rows for one in plan.raw.instructions if one.op.name != "map")
    assert forecast(plan.steps, plan.results, plan.raw, costly).row_by_row > 1e3 * operations
    assert found.row_by_row > found.seconds


def test_a_profile_is_found_again_under_the_same_conditions(monkeypatch: pytest.MonkeyPatch) -> None:
    save_profile(measured())
    assert find_profile("cpu", "float32") == measured()
    assert find_profile("cpu", "float64") is None
    assert find_profile("cuda", "float32") is None
    torch.set_num_threads(torch.get_num_threads() + 1)
    assert find_profile("cpu", "float32") is None
    torch.set_num_threads(torch.get_num_threads() - 1)
    assert find_profile("cpu", "float32") is not None
    monkeypatch.setenv("OMP_NUM_THREADS", "17")
    assert find_profile("cpu", "float32") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"where": {}}', b'{"profile": {"plain": 1}}', b"\xff", b"[" * 100_000, b" " * 2**20 + b"{}"],
)
def test_a_damaged_profile_counts_as_missing(content: bytes) -> None:
    save_profile(measured()).write_bytes(content)
    assert find_profile("cpu", "float32") is None
    assert "none yet" in str(planned())


@pytest.mark.parametrize(
    "changes",
    [
        {"overhead": "fast"}, {"overhead": 0.0}, {"bandwidth": math.nan}, {"bandwidth": 1e300}, {"rgb": math.inf},
        {"drawn": -1.0}, {"plain": ()}, {"doubling": (Rate(0, 100, 1e9),)}, {"plain": (Rate(4, 100, -1.0),)},
    ],
)  # fmt: skip
def test_an_impossible_profile_counts_as_missing(changes: dict[str, Any]) -> None:
    save_profile(measured(**changes))
    assert find_profile("cpu", "float32") is None
    assert "none yet" in str(planned())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_profile_that_is_a_fifo_counts_as_missing() -> None:
    path = save_profile(measured())
    path.unlink()
    os.mkfifo(path)
    assert find_profile("cpu", "float32") is None


def test_str_forecasts_once_the_device_is_measured() -> None:
    assert re.search(r"^forecast +none yet: mode=explain", str(planned()), re.MULTILINE)
    plan = replace(planned(), profile=PROFILE)
    assert re.search(r"^forecast +[\d.]+ m?s; row by row [\d.]+ m?s +\(on cpu, 3 threads", str(plan), re.MULTILINE)
    save_profile(measured())
    assert re.search(r"^forecast +[\d.]+ m?s; row by row [\d.]+ m?s +\(on cpu, ", str(planned()), re.MULTILINE)
    assert "none in float16" in str(fgraph.compile(BLEND, device="cpu", precision="float16"))
    assert "none with torch_compile" in str(fgraph.compile(BLEND, device="cpu", torch_compile=True))


def test_explain_measures_once_and_then_needs_no_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from fgraph.cli import main

    forecast_line = re.compile(r"^forecast +[\d.]+ m?s;", re.MULTILINE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert main(["mode=explain", "device=cpu", "graph=blend_horizontal"]) == 0
    assert forecast_line.search(capsys.readouterr().out)
    explain = "main(['mode=explain', 'device=cpu', 'graph=blend_horizontal'])"
    code = f"import sys; from fgraph.cli import main; assert {explain} == 0; print('torch' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env=environment
    )
    assert forecast_line.search(done.stdout)
    assert done.stdout.splitlines()[-1] == "False"


def test_explain_for_a_device_of_another_machine_works_without_a_forecast(capsys: pytest.CaptureFixture[str]) -> None:
    from fgraph.cli import main

    assert main(["mode=explain", "device=nowhere"]) == 0
    printed = capsys.readouterr()
    assert "no forecast: device 'nowhere'" in printed.err
    assert "b64.conv1" in printed.out


def test_calibration_measures_positive_numbers_and_stores_them() -> None:
    from fgraph.runtime.calibrate import calibrate

    profile = calibrate("cpu")
    assert find_profile("cpu", "float32") == profile
    numbers = [profile.overhead, profile.bandwidth, profile.rgb, profile.drawn, *(one.flops for one in profile.plain)]
    assert all(math.isfinite(number) and number > 0 for number in numbers)
    assert {one.channels for one in profile.plain} == {one.channels for one in profile.doubling}


@pytest.mark.timing
def test_calibration_is_quick() -> None:
    from fgraph.runtime.calibrate import calibrate

    start = time.process_time()
    calibrate("cpu")
    assert time.process_time() - start < 15


@pytest.mark.timing
@pytest.mark.parametrize("name", ["landscape", "avatar"])
@pytest.mark.parametrize("rows", [1, 16])
def test_the_forecast_is_within_a_factor_of_two(name: str, rows: int) -> None:
    """Compare CPU time: other processes do not count, and disturbances only add."""
    from fgraph.runtime.calibrate import calibrate

    plan = planned(f"{{models: {{main: {name}}}, {GRAPH_OF_ROWS % list(range(rows))}}}")
    fgraph.run(plan)
    measured = min(_run_seconds(plan) for _ in range(9))
    found = [forecast(plan.steps, plan.results, plan.raw, calibrate("cpu")).seconds for _ in range(2)]
    assert min(found) / 2 < measured < 2 * max(found)


GRAPH_OF_ROWS = "nodes: {s: {op: sample, seed: %s}, image: {op: decode, of: s}}, outputs: [image]"


def _run_seconds(plan: Plan) -> float:
    start = time.process_time()
    fgraph.run(plan)
    return time.process_time() - start


def test_the_cache_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "fgraph"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "fgraph"
