"""L-BFGS: its directions equal BFGS's, its metric is the Gauss-Newton matrix, and a loss never rises."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from fgraph.inversion import InversionSettings, make_settings
from fgraph.inversion.batch import invert
from fgraph.inversion.lbfgs import HISTORY, lbfgs_shapes, lbfgs_start, lbfgs_step
from fgraph.inversion.metric import Metric, make_metric
from fgraph.inversion.optimise import Search
from fgraph.inversion.priors import make_prior
from fgraph.inversion.probes import probe_count, probe_prior, read_probes
from fgraph.inversion.settings import Prior, SettingsError, Space
from fgraph.inversion.snapshots import is_state
from fgraph.inversion.spaces import styles_of
from fgraph.inversion.statistics import read_statistics
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from tests.inversion.conftest import problem_of
from tests.rounding import HALF_THE_DIGITS, assert_summed, assert_within, unit, worst

pytestmark = pytest.mark.numeric


def quadratics(rows: int, numbers: int) -> tuple[Tensor, Tensor]:
    """Return the matrices and the minima of convex quadratic functions, one a row."""
    draw = torch.Generator().manual_seed(3)
    root = torch.randn(rows, numbers, numbers, generator=draw, dtype=torch.float64)
    curved = root @ root.mT / numbers + 0.1 * torch.eye(numbers, dtype=torch.float64)
    return curved, torch.randn(rows, numbers, generator=draw, dtype=torch.float64)


def bfgs_direction(slope: Tensor, moves: list[Tensor], turns: list[Tensor], inverse: Tensor) -> Tensor:
    """Return the direction of BFGS with a square matrix, Nocedal & Wright 2006, equation 6.17."""
    first = moves[-1] @ turns[-1] / (turns[-1] @ inverse @ turns[-1])
    matrix, one = first * inverse, torch.eye(len(slope), dtype=slope.dtype)
    for move, turn in zip(moves, turns, strict=True):
        rho = 1 / (move @ turn)
        matrix = (one - rho * move[:, None] * turn) @ matrix @ (one - rho * turn[:, None] * move)
        matrix = matrix + rho * move[:, None] * move
    return -matrix @ slope


def test_directions_equal_those_of_bfgs_and_losses_fall() -> None:
    numbers, rows = 6, 3
    curved, minima = quadratics(rows, numbers)
    draw = torch.Generator().manual_seed(4)
    factor = torch.randn(numbers, 2, generator=draw, dtype=torch.float64) / 10
    metric = Metric(torch.linspace(1, 2, numbers, dtype=torch.float64), factor)
    inverse = metric.diagonal.diag() - factor @ factor.t()
    at = torch.zeros(rows, numbers, dtype=torch.float64)
    state, levels = lbfgs_start(at), []
    kept: list[tuple[list[Tensor], list[Tensor]]] = [([], []) for _ in range(rows)]
    for step in range(25):
        apart = at - minima
        slope = (curved @ apart[..., None])[..., 0]
        before = state
        state, ahead, accepted = lbfgs_step(state, at, (apart * slope).sum(dim=1) / 2, slope, metric, first=step == 0)
        for row in torch.nonzero(accepted).flatten().tolist():
            if step:
                kept[row][0].append(at[row] - before["base"][row])
                kept[row][1].append(slope[row] - before["slope"][row])
                if step < 4:  # until the steps are as small as the rounding of their differences
                    moves, turns = kept[row]
                    expected = bfgs_direction(slope[row], moves, turns, inverse)
                    assert_within(state["direction"][row], expected, HALF_THE_DIGITS)
        levels.append(state["level"])
        at = ahead
    assert bool((torch.stack(levels).diff(dim=0) <= 0).all())
    assert_within(state["base"], minima, HALF_THE_DIGITS)


def test_a_step_that_raises_the_loss_or_is_not_finite_is_refused_by_its_row_alone() -> None:
    metric = Metric(torch.ones(2), torch.zeros(2, 1))
    at, slope = torch.zeros(3, 2), torch.ones(3, 2)
    state, ahead, _ = lbfgs_step(lbfgs_start(at), at, torch.ones(3), slope, metric, first=True)
    losses = torch.tensor([0.5, 2.0, torch.inf])
    later, again, accepted = lbfgs_step(state, ahead, losses, slope / 2, metric, first=False)
    assert accepted.tolist() == [True, False, False]
    assert torch.equal(later["base"], torch.stack([ahead[0], at[1], at[2]]))
    assert torch.equal(later["direction"][1:], state["direction"][1:])
    assert float(later["length"][2]) == pytest.approx(0.1, rel=worst(4))
    assert all(bool(value.isfinite().all()) for value in later.values())
    assert torch.equal(again[1:], at[1:] + later["length"][1:, None] * state["direction"][1:])
    assert later["curvatures"].count_nonzero(dim=1).tolist() == [1, 0, 0]
    assert {name: tuple(value.shape) for name, value in later.items()} == lbfgs_shapes(3, 2)
    assert later["moves"].shape[1] == HISTORY


@pytest.mark.parametrize(
    ("space", "prior"), [("s", "gaussian"), ("s", "gaussian-full"), ("w+", "wulff"), ("w", "none")]
)
def test_the_metric_is_the_gauss_newton_matrix_of_the_probes(
    generator: StyleGAN2Generator, space: Space, prior: Prior
) -> None:
    double = generator.to(dtype=torch.float64)
    settings = InversionSettings(space=space, prior=prior, mse=0.5, pyramid=0)
    known = make_prior(prior, double, read_statistics(generator))
    parts = [read_probes(double, space).double()]
    if known is not None:
        parts.append(probe_prior(double, settings, known, len(parts[0])).double() / settings.mse**0.5)
    matrix = torch.stack([part.t() @ part / len(part) for part in parts]).sum(dim=0)
    shrinkage = matrix.shape[0] / len(parts[0])
    matrix = (matrix + shrinkage * matrix.diagonal().clamp_min(1e-12).diag()) / (1 + shrinkage)
    back = make_metric(double, settings, known).apply(matrix)  # M is symmetric
    terms = sum(map(len, parts))  # of each sum, whose rounding the solution of M x = b magnifies
    worst = terms * unit("float64") * float(torch.linalg.cond(matrix))
    assert_within(back, torch.eye(len(matrix), dtype=torch.float64), worst)


@pytest.mark.parametrize(
    ("space", "prior"), [("s", "gaussian"), ("s", "gaussian-full"), ("w+", "wulff"), ("w", "wulff")]
)
def test_the_square_of_a_whitened_code_is_its_distance(
    generator: StyleGAN2Generator, space: Space, prior: Prior
) -> None:
    double = generator.to(dtype=torch.float64)
    known = make_prior(prior, double, read_statistics(generator))
    assert known is not None
    w = double.map(torch.randn(3, double.table.z_dim, dtype=torch.float64, generator=torch.Generator().manual_seed(1)))
    code = {"w": w, "w+": w[:, None].expand(-1, double.table.num_ws, -1), "s": double.affine(w)}[space]
    white, expected = known.whitened(code, styles_of(double, space, code))
    squared, same = known.squared(code, styles_of(double, space, code))
    assert expected == same
    assert_summed(white.square().sum(dim=1), squared, white.shape[1])


def test_probes_are_cached(generator: StyleGAN2Generator, tmp_path: Path) -> None:
    measured = read_probes(generator, "w", tmp_path)
    (file,) = tmp_path.iterdir()
    assert measured.shape == (probe_count(generator), generator.table.w_dim)
    assert torch.equal(read_probes(generator, "w", tmp_path), measured)
    file.write_bytes(file.read_bytes()[:-9])
    assert torch.equal(read_probes(generator, "w", tmp_path), measured)


@pytest.mark.parametrize("space", ["w", "w+", "s"])
def test_a_few_steps_come_nearer_than_adam(generator: StyleGAN2Generator, targets: Tensor, space: Space) -> None:
    lost = {}
    for optimiser in ("adam", "lbfgs"):
        found = invert(problem_of(generator, space=space, prior="none", steps=25, optimiser=optimiser), targets)
        lost[optimiser] = [one.loss for one in found]
        curves = torch.stack([one.curve[:, 0] for one in found])
        if optimiser == "lbfgs":
            assert bool((curves.diff(dim=1) <= 0).all())
    assert sum(lost["lbfgs"]) < sum(lost["adam"])


def test_a_result_has_the_loss_of_its_curve(generator: StyleGAN2Generator, targets: Tensor) -> None:
    """The last step may have been rejected; the code is from the last accepted one."""
    problem = problem_of(generator, steps=7, optimiser="lbfgs")
    found = invert(problem, targets)
    again = Search(problem, targets, start=torch.stack([one.code for one in found]))
    again.step()
    for row, one in enumerate(found):
        torch.testing.assert_close(again.state()["curve"][0, row], one.curve[-1])


def test_a_row_without_progress_leaves_at_once(generator: StyleGAN2Generator, targets: Tensor) -> None:
    problem = problem_of(generator, steps=60, patience=4, optimiser="lbfgs", prior="none", pyramid=0.0, space="w")
    found = invert(problem, targets)
    for one in found:
        losses = one.curve[:, 0].tolist()
        if len(losses) < 60:
            assert losses[-1] >= 0.99 * losses[-5]
    assert min(len(one.curve) for one in found) < 60


def test_a_snapshot_belongs_to_its_optimiser(generator: StyleGAN2Generator, targets: Tensor) -> None:
    problems = [problem_of(generator, optimiser=optimiser) for optimiser in ("adam", "lbfgs")]
    for own, other in (problems, problems[::-1]):
        search = Search(own, targets)
        search.step()
        search.step()
        assert is_state(own, len(targets), search.state())
        assert not is_state(other, len(targets), search.state())


def test_noise_needs_adam() -> None:
    with pytest.raises(SettingsError, match="optimiser lbfgs can't follow: use adam"):
        make_settings("refine", noise=True)
