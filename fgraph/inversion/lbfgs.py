"""L-BFGS on many rows at once, which are independent problems.

A step is one evaluation of the loss of all rows. A row whose loss fell enough (Armijo) accepts the step, and takes a
new direction. Otherwise, it tries a shorter step along the old direction. Nocedal & Wright 2006, algorithms 3.1 and
7.4; the first inverse Hessian is a multiple of the inverse of the metric.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from fgraph.inversion.metric import Metric

HISTORY = 20  # accepted steps that shape the next direction
_FIRST = 0.03  # the length of the first step in the metric: the root mean square of the image's change
_ARMIJO = 1e-4  # the share of the expected fall that an accepted step must reach
_SHORTER = (0.1, 0.5)  # bounds of the factor by which a refused step is shortened
_LEAST_CURVATURE = 1e-10  # sᵀy relative to |s| |y|, below which a step gives no information on the curvature


def lbfgs_shapes(rows: int, numbers: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the state of rows that each have a number of unknowns.

    `base`, `level` and `slope` are the last accepted value, its loss and its gradient. `moves` and `turns` are s and y
    of Nocedal & Wright, and `curvatures` is ρ = 1 / (sᵀ y).
    """
    vector, history = (rows, numbers), (rows, HISTORY, numbers)
    return {
        "base": vector, "level": (rows,), "slope": vector, "direction": vector, "length": (rows,), "scale": (rows,),
        "moves": history, "turns": history, "curvatures": (rows, HISTORY),
    }  # fmt: skip


def lbfgs_start(value: Tensor) -> dict[str, Tensor]:
    """Return the state before the first evaluation, at a value [rows, ...]."""
    flat = value.flatten(1)
    return {name: flat.new_zeros(shape) for name, shape in lbfgs_shapes(*flat.shape).items()} | {"base": flat.clone()}


def lbfgs_step(
    state: Mapping[str, Tensor], value: Tensor, loss: Tensor, gradient: Tensor, metric: Metric, *, first: bool
) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Do a step from an evaluation; return the new state, the value to evaluate next, and which rows accepted.

    Args:
        state: the state of the search.
        value: where the loss was evaluated, [rows, ...].
        loss: [rows].
        gradient: the gradient of the loss, with the shape of `value`.
        metric: the metric of the first inverse Hessian.
        first: this is the first evaluation, which every row accepts.
    """
    here, slope = value.flatten(1), gradient.flatten(1)
    expected = (state["slope"] * state["direction"]).sum(dim=1)  # [rows], at length 1
    fall = loss - state["level"]
    accepted = torch.ones_like(loss, dtype=torch.bool)
    if not first:
        accepted = loss.isfinite() & (fall <= _ARMIJO * state["length"] * expected)
    shorter = (-expected * state["length"] / (2 * (fall - expected * state["length"]))).nan_to_num(0.0)
    length = torch.where(accepted, 1.0, state["length"] * shorter.clamp(*_SHORTER))
    made = {**state, "length": length}
    if not first:
        made |= _remember(state, here - state["base"], slope - state["slope"], accepted, metric)
    wide = accepted[:, None]
    made["base"] = torch.where(wide, here, state["base"])
    made["level"] = torch.where(accepted, loss, state["level"])
    made["slope"] = torch.where(wide, slope, state["slope"])
    made["direction"] = torch.where(wide, _direction(made, metric), state["direction"])
    ahead = made["base"] + made["length"][:, None] * made["direction"]
    return made, ahead.view_as(value), accepted


def _remember(
    state: Mapping[str, Tensor], move: Tensor, turn: Tensor, accepted: Tensor, metric: Metric
) -> dict[str, Tensor]:
    """Return the history, with accepted moves and the changes of the gradient over them as the newest entries."""
    curvature = (move * turn).sum(dim=1)
    known = accepted & (curvature > _LEAST_CURVATURE * move.norm(dim=1) * turn.norm(dim=1))
    newest = {"moves": move, "turns": turn, "curvatures": 1 / curvature}
    made = {}
    for name, one in newest.items():
        later = torch.cat([state[name][:, 1:], one[:, None]], dim=1)
        made[name] = torch.where(known.view(-1, *[1] * one.ndim), later, state[name])
    scale = curvature / (turn * metric.apply(turn)).sum(dim=1)
    return {**made, "scale": torch.where(known, scale, state["scale"])}


def _direction(state: Mapping[str, Tensor], metric: Metric) -> Tensor:
    """Return the directions of quasi-Newton steps, [rows, numbers]; without a history, a step of a fixed length."""
    moves, turns, curvatures = state["moves"], state["turns"], state["curvatures"]
    q = state["slope"]
    parts = []
    for at in reversed(range(HISTORY)):  # an empty place has ρ = 0 and changes nothing
        part = curvatures[:, at] * (moves[:, at] * q).sum(dim=1)
        q = q - part[:, None] * turns[:, at]
        parts.append(part)
    r = metric.apply(q)
    steepest = (state["slope"] * r).sum(dim=1).clamp_min(torch.finfo(r.dtype).tiny).sqrt()
    r = r * torch.where(state["scale"] > 0, state["scale"], _FIRST / steepest)[:, None]
    for at, part in zip(range(HISTORY), reversed(parts), strict=True):
        back = curvatures[:, at] * (turns[:, at] * r).sum(dim=1)
        r = r + (part - back)[:, None] * moves[:, at]
    return -r
