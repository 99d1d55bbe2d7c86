"""Checks of snapshots: whether a search can continue from a state in the cache."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from fgraph.inversion.cache import are_tensors
from fgraph.inversion.noise import initial_noise
from fgraph.inversion.optimise import Problem
from fgraph.inversion.spaces import code_shape


def is_state(problem: Problem, images: int, state: Mapping[str, Tensor]) -> bool:
    """Return whether tensors have the names, shapes and ranges of `Search.state` for a number of images.

    The values and the state of the optimiser must be finite. Schedules and found codes are exempt: new rows have an
    infinite loss, and the code of a diverged start is not finite.
    """
    owners, done, curve = (state.get(name) for name in ("owners", "done", "curve"))
    if owners is None or done is None or curve is None or owners.ndim != 1 or done.ndim:
        return False
    rows, steps = len(owners), int(done)
    shapes = _value_shapes(problem, rows)
    found = {int(name.split(".")[1]) for name in state if name.startswith("found.") and name.split(".")[1].isdigit()}
    parts = [("code", code_shape(problem.generator, problem.settings.space))]
    parts += [(f"noise.{at}", tuple(noise.shape[1:])) for at, noise in enumerate(_noises(problem))]
    return (
        0 < rows <= images * problem.settings.starts
        and 0 <= steps <= problem.settings.steps
        and bool(((owners >= 0) & (owners < images)).all())
        and all(row < images and f"found.{row}.curve" in state for row in found)
        and all(_has(state, f"found.{row}.{name}", shape) for row in found for name, shape in parts)
        and are_tensors(state, shapes)
        and "schedules" in state
        and tuple(state["schedules"].shape) == (rows, 3)
        and (not steps or tuple(curve.shape) == (steps, rows, len(problem.curve_names)))
    )


def _has(state: Mapping[str, Tensor], name: str, shape: tuple[int, ...]) -> bool:
    return name in state and tuple(state[name].shape) == shape


def _value_shapes(problem: Problem, rows: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the code and of noise, and of the state of the optimiser."""
    code = code_shape(problem.generator, problem.settings.space)
    values = [(rows, *code), *((rows, *noise.shape[1:]) for noise in _noises(problem))]
    return {f"value.{at}": shape for at, shape in enumerate(values)} | dict(problem.optimiser.shapes(values))


def _noises(problem: Problem) -> list[Tensor]:
    return initial_noise(problem.generator, 1) if problem.settings.noise else []
