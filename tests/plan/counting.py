"""Counts of the layer calls of a run, to compare with the prediction of its plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch

from fgraph.plan import Plan, Step
from fgraph.runtime import run_plan
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator


class Counted:
    """A counter of calls of generator layers: (layer, model) -> calls, rows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self.rows: Counter[tuple[str, str]] = Counter()
        for name in ("conv", "torgb"):
            monkeypatch.setattr(StyleGAN2Generator, name, self._counting(getattr(StyleGAN2Generator, name)))

    def _counting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(generator: StyleGAN2Generator, layer: Any, x: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
            self.calls[layer.name, generator.name] += 1
            self.rows[layer.name, generator.name] += len(x)
            return method(generator, layer, x, *args, **kwargs)

        return call

    def clear(self) -> None:
        self.calls.clear()
        self.rows.clear()


def predicted(plan: Plan, what: str) -> dict[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for line in plan.layers:
        if line.model:
            found[line.name, line.model] += getattr(line, what)
    return dict(found)


def rows_by_layer(plan: Plan) -> dict[str, int]:
    return {name: rows for (name, _), rows in predicted(plan, "rows").items()}


def assert_as_predicted(plan: Plan, counted: Counted) -> None:
    counted.clear()
    steps: list[Step] = []
    run_plan(plan, on_step=steps.append)
    assert predicted(plan, "calls") == dict(counted.calls)
    assert predicted(plan, "rows") == dict(counted.rows)
    assert plan.cost.layer_calls == counted.calls.total()
    assert [step is planned for step, planned in zip(steps, plan.steps, strict=True)] == [True] * len(steps)
    assert plan.cost.flops == sum(step.flops for step in steps)


def assert_freed_in_time(plan: Plan) -> None:
    last = {number: number for number in range(len(plan.steps))}
    for number, step in enumerate(plan.steps):
        last |= {buffer: number for gather in step.inputs for buffer in gather.sources}
    kept = {buffer for result in plan.results for gather in result.tensors.values() for buffer in gather.sources}
    freed = {buffer: number for number, step in enumerate(plan.steps) for buffer in step.last_uses}
    assert sum(len(step.last_uses) for step in plan.steps) == len(freed)
    assert {buffer: freed.get(buffer) for buffer in last if buffer not in kept} == {
        buffer: number for buffer, number in last.items() if buffer not in kept
    }
    assert all(number >= last[buffer] for buffer, number in freed.items())
