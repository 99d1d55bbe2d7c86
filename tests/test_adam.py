"""Adam for the tensors of a network equals torch's."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fgraph._adam import NetworkAdam

Steps = Callable[[], None]
START = {"up": (4, 3), "down": (3,), "late": (2, 2), "unused": (5,)}


def tensors() -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(3)
    return {name: torch.randn(shape, generator=draw).requires_grad_() for name, shape in START.items()}


def descend(values: dict[str, Tensor], number: int, zero_grad: Steps, step: Steps) -> None:
    """Take a step down a loss, which `late` is a part of from the third step on."""
    zero_grad()
    loss = (values["up"] @ values["down"]).sin().sum()
    if number >= 2:
        loss = loss + values["late"].pow(4).sum()
    loss.backward()
    step()


def test_steps_are_those_of_torch_bit_for_bit() -> None:
    """With rates that differ and change, a tensor that starts late and one without gradients."""
    ours, theirs = tensors(), tensors()
    adam = NetworkAdam(ours, 0.1, (0.5, 0.99), {"down": 0.01})
    groups = [{"params": [value], "lr": 0.1 * (0.01 if name == "down" else 1.0)} for name, value in theirs.items()]
    expected = torch.optim.Adam(groups, betas=(0.5, 0.99))
    for number in range(6):
        if number == 4:
            adam.rate = 0.05
            for group, name in zip(expected.param_groups, theirs, strict=True):
                group["lr"] = 0.05 * (0.01 if name == "down" else 1.0)
        descend(ours, number, adam.zero_grad, adam.step)
        descend(theirs, number, expected.zero_grad, expected.step)
        assert all(torch.equal(ours[name], theirs[name]) for name in START)
    assert adam.steps == {"up": 6, "down": 6, "late": 4}
    for name in adam.steps:
        state = expected.state[theirs[name]]
        assert torch.equal(adam.first[name], state["exp_avg"])
        assert torch.equal(adam.second[name], state["exp_avg_sq"])
    assert not torch.equal(ours["late"], tensors()["late"])
    assert torch.equal(ours["unused"], tensors()["unused"])


def test_no_gradients_are_no_step() -> None:
    adam = NetworkAdam(tensors(), 0.1)
    adam.step()
    assert not adam.steps
