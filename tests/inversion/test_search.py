"""The search: it finds codes, its Adam equals torch's, rows are independent, and it resumes with equal bits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
import torch

from fgraph.inversion import make_settings
from fgraph.inversion.batch import invert
from fgraph.inversion.noise import noise_penalty, normalise_noise
from fgraph.inversion.optimise import Search, SearchOutcome
from fgraph.inversion.problem import make_problem
from fgraph.inversion.settings import Space
from fgraph.inversion.spaces import code_shape, mean_code, styles_of
from fgraph.stylegan.generators.statistics import sample_w
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from tests.inversion.conftest import problem_of
from tests.rounding import (
    HALF_THE_DIGITS,
    assert_rounded,
    assert_summed,
    assert_within,
    largest,
    likely,
    network_terms,
    worst,
)

pytestmark = pytest.mark.numeric


def finish(search: Search) -> dict[int, SearchOutcome]:
    found: dict[int, SearchOutcome] = {}
    while search.rows:
        found |= search.step()
    return found


@pytest.mark.parametrize("starts", [1, 3])
def test_a_search_from_a_code_begins_there(generator: StyleGAN2Generator, starts: int) -> None:
    """At the code of the image itself, the first loss is only rounding, so that this start beats the others."""
    problem = problem_of(generator, space="w+", prior="none", steps=1, starts=starts)
    with torch.no_grad():
        z = torch.randn(5, generator.table.z_dim, generator=torch.Generator().manual_seed(2))
        own = generator.map(z)[:, None].expand(-1, generator.table.num_ws, -1)
        images = generator.synthesise(generator.affine(own))
    found, from_mean = finish(Search(problem, images, start=own)), finish(Search(problem, images))
    rounding = likely(network_terms(generator.table), largest(images))
    for row in found:
        assert float(found[row].curve[0, 0]) < rounding < float(from_mean[row].curve[0, 0])


@pytest.mark.parametrize("space", ["w", "w+", "s"])
def test_images_of_the_model_are_found_again(
    generator: StyleGAN2Generator, targets: torch.Tensor, space: Space
) -> None:
    problem = problem_of(generator, space=space, prior="none", steps=60)
    found = invert(problem, targets[:3])
    for one in found:
        assert tuple(one.code.shape) == code_shape(generator, space)
        assert one.curve.shape == (60, 3)
        assert float(one.curve[-1, 0]) < 0.6 * float(one.curve[0, 0])


def test_adam_equals_torch_s_adam(generator: StyleGAN2Generator, targets: torch.Tensor) -> None:
    generator, targets = generator.to(dtype=torch.float64), targets.double()
    problem = problem_of(generator, schedule="constant", pyramid=0.0, steps=8)
    code = mean_code(generator, "s").expand(5, -1).clone().requires_grad_()
    adam = torch.optim.Adam([code], lr=0.05, betas=(0.9, 0.999))
    for _ in range(8):
        assert problem.prior
        squared, expected = problem.prior.squared(code, code)
        error = (generator.synthesise(code) - targets).square().mean(dim=(1, 2, 3))
        adam.zero_grad()
        (error + 1e-3 * squared / expected).sum().backward()
        adam.step()
    found = torch.stack([one.code for one in invert(problem, targets)])
    assert_within(found, code.detach(), HALF_THE_DIGITS)


def test_the_published_loss_is_a_sum_of_clamped_mse_and_the_summed_prior(
    generator: StyleGAN2Generator, targets: torch.Tensor
) -> None:
    problem = problem_of(generator, prior_sum=True, clamp=True, pyramid=0.0, schedule="constant", steps=3)
    mean, deviation = generator.style_statistics()
    search = Search(problem, targets)
    search.step()
    code = search.state()["value.0"]
    search.step()
    curve = search.state()["curve"][1]  # [rows, columns]
    image = generator.synthesise(code).clamp(-1, 1)
    # Pixels differ from their targets by up to 2, so the square of a difference errs four times as much as a pixel.
    rounding = 4 * likely(network_terms(generator.table) + image[0].numel())
    assert_within(curve[:, 1], (image - targets).square().mean(dim=(1, 2, 3)), rounding)
    assert_summed(curve[:, 2], 1e-3 * ((code - mean) / deviation).square().sum(dim=1), code.shape[1])
    assert_rounded(curve[:, 0], curve[:, 1] + curve[:, 2], 2)


@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
def test_the_path_of_a_row_does_not_depend_on_its_batch(
    generator: StyleGAN2Generator, targets: torch.Tensor, optimiser: str
) -> None:
    double = generator.to(dtype=torch.float64)
    problem = problem_of(double, steps=20, optimiser=optimiser)
    together = invert(problem, targets)
    alone = [invert(problem, targets[row : row + 1])[0] for row in range(5)]
    for one, other in zip(together, alone, strict=True):
        assert_within(one.code, other.code, HALF_THE_DIGITS)


@pytest.mark.parametrize(
    "settings",
    [
        {}, {"noise": True}, {"starts": 3, "patience": 5}, {"space": "w+"}, {"optimiser": "lbfgs"},
        {"optimiser": "lbfgs", "space": "w+", "prior": "wulff", "starts": 2, "patience": 3},
    ],
)  # fmt: skip
def test_a_search_resumes_from_any_step_to_the_bit(
    generator: StyleGAN2Generator, targets: torch.Tensor, settings: dict[str, object]
) -> None:
    problem = problem_of(generator, steps=12, **settings)
    targets = targets[:3]
    whole = finish(Search(problem, targets))
    for stop in (1, 7):
        search, found = Search(problem, targets), dict[int, SearchOutcome]()
        for _ in range(stop):
            found |= search.step()
        found |= finish(Search(problem, targets, search.state()))
        assert found.keys() == whole.keys()
        for row, one in whole.items():
            assert torch.equal(one.code, found[row].code)
            assert torch.equal(one.curve, found[row].curve)
            assert all(map(torch.equal, one.noises, found[row].noises))


def test_finished_rows_leave_the_batch(generator: StyleGAN2Generator, targets: torch.Tensor) -> None:
    near = mean_code(generator, "s")
    with torch.no_grad():
        easy = generator.synthesise(near[None])  # the start itself: no progress can be made
    images = torch.cat([targets[:2], easy])
    problem = problem_of(generator, steps=80, patience=10)
    search, found, sizes = Search(problem, images), dict[int, SearchOutcome](), []
    while search.rows:
        sizes.append(len(search.rows))
        found |= search.step()
    assert len(found[2].curve) == 31  # ten steps without progress after the first, then twenty on which it falls
    assert sizes == sorted(sizes, reverse=True)
    for one in found.values():
        assert len(one.curve) <= len(sizes)


def test_the_best_of_several_starts_is_kept(generator: StyleGAN2Generator, targets: torch.Tensor) -> None:
    generator, targets = generator.to(dtype=torch.float64), targets.double()
    one = invert(problem_of(generator, steps=15), targets)
    best = invert(problem_of(generator, steps=15, starts=4), targets)
    for single, several in zip(one, best, strict=True):
        assert several.loss <= single.loss * (1 + HALF_THE_DIGITS)
    assert any(several.loss < 0.9 * single.loss for single, several in zip(one, best, strict=True))


@pytest.mark.parametrize("lost", [(1,), (0, 1, 2)])
def test_a_start_that_diverges_is_never_the_best(
    generator: StyleGAN2Generator, targets: torch.Tensor, lost: tuple[int, ...]
) -> None:
    search = Search(problem_of(generator, steps=6, starts=3), targets[:2])
    for at in lost:
        search._values[0][at].fill_(torch.nan)  # the starts of the first image
    found = finish(search)
    assert [len(one.curve) for one in found.values()] == ([6, 6] if lost == (1,) else [1, 6])
    assert [math.isfinite(one.loss) for one in found.values()] == [lost == (1,), True]
    assert all(bool(one.code.isfinite().all()) == math.isfinite(one.loss) for one in found.values())


def test_noise_stays_normal_and_helps(generator: StyleGAN2Generator, targets: torch.Tensor) -> None:
    hard = torch.randn(targets.shape, generator=torch.Generator().manual_seed(4)).clamp(-1, 1)
    plain = invert(problem_of(generator, steps=30), hard[:3])
    noisy = invert(problem_of(generator, steps=30, noise=True, noise_weight=0.1), hard[:3])
    for one, other in zip(plain, noisy, strict=True):
        assert float(other.curve[-1, 1]) < float(one.curve[-1, 1])
        assert len(other.noises) == 5
        for noise in other.noises:
            assert float(noise.mean()) == pytest.approx(0, abs=likely(2 * noise.numel()))
            assert float(noise.std()) == pytest.approx(1, abs=likely(2 * noise.numel()))


def test_the_regulariser_of_noise_matches_the_published_one() -> None:
    noise = torch.randn(1, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    small = noise.reshape(1, 1, 8, 2, 8, 2).mean(dim=(3, 5))
    expected = sum(float((one * torch.roll(one, 1, dims=dim)).mean()) ** 2 for one in (noise, small) for dim in (3, 2))
    assert float(noise_penalty([noise])) == pytest.approx(expected, rel=likely(2 * noise.numel()))
    waves = normalise_noise(torch.sin(torch.arange(16.0) / 3).expand(1, 1, 16, 16))
    assert float(noise_penalty([waves])) > 10 * expected


def test_images_of_another_size_are_refused(generator: StyleGAN2Generator) -> None:
    with pytest.raises(ValueError, match="images are 3x8x8, the generator makes 3x16x16"):
        invert(problem_of(generator), torch.zeros(1, 3, 8, 8))


def test_styles_of_a_code(generator: StyleGAN2Generator) -> None:
    w = mean_code(generator, "w")
    wide = mean_code(generator, "w+")
    assert_summed(styles_of(generator, "w", w[None]), styles_of(generator, "w+", wide[None]), len(w))


def test_the_preset_soat_follows_the_published_program(
    generator: StyleGAN2Generator, targets: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop of projector.py (mchong6/SOAT) written out: its losses, its prior, and its Adam without a ramp.

    Another distance of pixels replaces LPIPS, whose weights are not available to the tests.
    """

    def perceived(images: torch.Tensor, wanted: Sequence[torch.Tensor]) -> torch.Tensor:
        return (images - wanted[0]).abs().mean(dim=(1, 2, 3))

    monkeypatch.setattr("fgraph.inversion.problem.load_lpips", lambda device: perceived)
    double, steps, target = generator.to(dtype=torch.float64), 40, 3 * targets[:1].double()
    (found,) = invert(make_problem(double, make_settings("soat", steps=steps)), target)

    with torch.no_grad():
        samples = generator.affine(torch.cat(list(sample_w(generator.table, generator.tensors)))).double()
    mean, covariance = samples.mean(0, keepdim=True), torch.cov(samples.t())
    inverse = torch.inverse(covariance * torch.eye(len(covariance)))
    latent = mean.clone().requires_grad_()
    adam = torch.optim.Adam([latent], lr=0.05, betas=(0.9, 0.999))
    for _ in range(steps):
        image = double.synthesise(latent).clamp(-1, 1)
        error = torch.nn.functional.mse_loss(image, target)
        apart = (latent - mean) @ inverse @ (latent - mean).t()
        loss = 20 * perceived(image, [target]).mean() + error + 1e-3 * apart.mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    moved = float((latent - mean).detach().abs().max())
    assert moved > 0.5
    # Each step moves the code by about the learning rate, and reads mean and deviation, which are stored in float32.
    assert_within(found.code, latent.detach()[0], worst(4 * steps, moved))
