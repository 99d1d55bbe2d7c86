"""Pivotal tuning: the image of the model comes nearer to the target, and its file is small and can be loaded."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import fgraph
from fgraph._errors import FgraphError, ModelError
from fgraph._imaging.encode import to_pixels
from fgraph._imaging.finding import find_pictures
from fgraph.inversion.batch import invert
from fgraph.inversion.cache import InversionCache
from fgraph.inversion.job import InversionJob, run_job
from fgraph.inversion.pictures import PictureReading, read_pictures
from fgraph.inversion.problem import make_problem
from fgraph.inversion.settings import InversionSettings, Tuning
from fgraph.inversion.tuning import changed, tune, tune_results
from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.loading import load_stylegan2
from tests.inversion.conftest import problem_of
from tests.networks import tiny
from tests.rounding import decibels, likely, network_terms
from tests.stylegan3_networks import tiny_stylegan3

pytestmark = pytest.mark.numeric


@pytest.fixture(scope="module")
def hard() -> torch.Tensor:
    """An image that the generator cannot make, [3, 16, 16]."""
    return torch.randn(3, 16, 16, generator=torch.Generator().manual_seed(6)).clamp(-1, 1)


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("network", [tiny, tiny_stylegan3])
def test_tuning_reduces_the_error_and_changes_neither_mapping_nor_styles(
    network: Callable[[int], Generator], rank: int
) -> None:
    """The image comes from another generator."""
    generator, other = network(1), network(2)
    image = other.synthesise(other.affine(other.w_mean[None])).clamp(-1, 1)
    problem = problem_of(generator, steps=10)
    (found,) = invert(problem, image)
    tuned = tune(problem, found.code[None], image, Tuning(steps=25, rank=rank, learning_rate=0.02))

    def draw(one: Generator) -> torch.Tensor:
        return one.synthesise(found.code[None]).clamp(-1, 1)

    before = float((draw(generator) - image).square().mean())
    made = draw(changed(generator, tuned.changes))
    error = float((made - image).square().mean())
    assert error < 0.9 * before
    psnr = 10 * np.log10(4 / error)
    assert tuned.psnr == pytest.approx((psnr,), abs=decibels(likely(network_terms(generator.table)), psnr))
    assert not [name for name in tuned.changes if "affine" in name or "mapping" in name or "input" in name]
    assert {value.dtype for value in tuned.changes.values()} == {torch.float16}
    assert any(name.endswith(".weight.up") for name in tuned.changes) == (rank == 1)


def test_several_pictures_share_a_generator(generator: StyleGAN2Generator, targets: torch.Tensor) -> None:
    """From given codes, the images come nearer on average. Each batch leaves some of them out."""
    problem = problem_of(generator, space="w+", prior="none")
    codes = generator.w_mean.expand(5, generator.table.num_ws, -1)
    start = torch.linspace(-1, 1, 5)[:, None, None] * (codes + 1)
    tuned = tune(problem, start, targets, Tuning(steps=30, rank=0, learning_rate=0.02), batch=3)
    with torch.no_grad():
        made = generator.synthesise(generator.affine(start)).clamp(-1, 1)
    before = 10 * torch.log10(4 / (made - targets).square().mean(dim=(1, 2, 3)))
    assert len(tuned.psnr) == len(tuned.pixels) == 5
    assert sum(tuned.psnr) / 5 > float(before.mean()) + 1


@pytest.fixture
def models(tmp_path: Path) -> Iterator[Path]:
    with fgraph.downloads(tmp_path / "models"):
        yield tmp_path / "models"


def test_a_tuned_model_is_a_model_file(tmp_path: Path, models: Path, hard: torch.Tensor) -> None:
    save_generator(tiny(1), tmp_path / "base.safetensors")
    generator = load_stylegan2(tmp_path / "base.safetensors")
    (tmp_path / "in").mkdir()
    Image.fromarray(to_pixels(hard.numpy())).save(tmp_path / "in" / "one.png")
    reading = PictureReading((16, 16))
    pictures, _ = read_pictures(find_pictures(tmp_path / "in"), reading)
    job = InversionJob(
        problem_of(generator, steps=6), pictures, reading, tmp_path / "out", InversionCache(tmp_path / "cache")
    )
    results, messages = run_job(job), list[str]()
    for _ in range(2):  # the second time it is cached
        tune_results(job, results, Tuning(steps=10, rank=1, learning_rate=0.02), messages.append)
    assert messages[0] == messages[1]
    file = tmp_path / "out" / "one.model.safetensors"
    assert file.stat().st_size < (tmp_path / "base.safetensors").stat().st_size
    model = fgraph.load_generator(file)
    image = model.synthesise(results["one"].latent[None])[0].clamp(-1, 1)
    with Image.open(tmp_path / "out" / "one.tuned.png") as picture:
        np.testing.assert_array_equal(to_pixels(image.numpy()), np.asarray(picture))
    assert model.digest != generator.digest
    assert torch.equal(model.affine(model.w_mean[None]), generator.affine(generator.w_mean[None]))
    graph = (
        f"{{models: {{main: {file}}}, nodes: {{a: {{op: sample, seed: 1}}, b: {{op: decode, of: a}}}}, outputs: [b]}}"
    )
    assert fgraph.run(graph)["b"].array.shape == (1, 3, 16, 16)

    (tmp_path / "elsewhere").mkdir()
    for one in (file, tmp_path / "base.safetensors"):
        (tmp_path / "elsewhere" / one.name).write_bytes(one.read_bytes())
    save_generator(tiny(2), tmp_path / "base.safetensors")
    assert fgraph.load_generator(tmp_path / "elsewhere" / file.name).digest == model.digest  # its base is beside it
    (file.parent / "base.safetensors").write_bytes((tmp_path / "base.safetensors").read_bytes())
    assert fgraph.load_generator(file).digest == model.digest  # the base of that digest is in the cache
    shutil.rmtree(models)
    with pytest.raises(ModelError, match="is a delta to another version of"):
        fgraph.load_generator(file)
    (file.parent / "base.safetensors").unlink()
    with pytest.raises(ModelError, match="which is neither beside it, nor bundled, nor in the cache"):
        fgraph.load_generator(file)


def test_one_model_for_all_pictures_of_a_job(tmp_path: Path, models: Path, hard: torch.Tensor) -> None:
    """The file of a tuned StyleGAN3 is read back as a delta to its base."""
    save_generator(tiny_stylegan3(0), tmp_path / "base.safetensors")
    generator: Generator = fgraph.load_generator(tmp_path / "base.safetensors")
    (tmp_path / "in").mkdir()
    for name, image in (("one", hard), ("two", -hard)):
        Image.fromarray(to_pixels(image.numpy())).save(tmp_path / "in" / f"{name}.png")
    reading = PictureReading(generator.table.size)
    pictures, _ = read_pictures(find_pictures(tmp_path / "in"), reading)
    job = InversionJob(problem_of(generator, steps=2), pictures, reading, tmp_path / "out", InversionCache(None))
    results, messages = run_job(job), list[str]()
    tune_results(job, results, Tuning(steps=4, rank=1, together=True), messages.append)
    assert len(messages) == 1
    assert "dB on average of 2" in messages[0]
    model = fgraph.load_generator(tmp_path / "out" / "tuned.model.safetensors")
    for name, result in results.items():
        image = model.synthesise(result.latent[None])[0].clamp(-1, 1)
        with Image.open(tmp_path / "out" / f"{name}.tuned.png") as picture:
            assert np.abs(to_pixels(image.numpy()).astype(int) - np.asarray(picture)).max() <= 1


def test_a_stylegan3_has_no_noise_to_optimise() -> None:
    with pytest.raises(FgraphError, match="the layers of 'tiny_t0' have no noise"):
        make_problem(tiny_stylegan3(0), InversionSettings(noise=True))
