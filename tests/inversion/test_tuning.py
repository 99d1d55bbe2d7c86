"""Pivotal tuning: it comes nearer to the image; what it writes is a model file, and a small one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import fgraph
from fgraph._errors import FgraphError, ModelError
from fgraph._imaging.encode import to_pixels
from fgraph._imaging.files import find_pictures
from fgraph.inversion.batch import invert
from fgraph.inversion.cache import InversionCache
from fgraph.inversion.job import Job, run_job
from fgraph.inversion.pictures import Reading, read_pictures
from fgraph.inversion.problem import make_problem
from fgraph.inversion.settings import InversionSettings, Tuning
from fgraph.inversion.tuning import changed, tune, tune_results
from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.loading import load_stylegan2
from tests.inversion.conftest import problem_of
from tests.networks import tiny
from tests.stylegan3_networks import tiny_stylegan3

pytestmark = pytest.mark.numeric


@pytest.fixture(scope="module")
def hard() -> torch.Tensor:
    """An image that the generator cannot make, [3, 16, 16]."""
    return torch.randn(3, 16, 16, generator=torch.Generator().manual_seed(6)).clamp(-1, 1)


@pytest.mark.parametrize("rank", [0, 1])
def test_it_comes_nearer_and_leaves_codes_their_meaning(
    generator: StyleGAN2Generator, hard: torch.Tensor, rank: int
) -> None:
    problem = problem_of(generator, steps=10)
    (found,) = invert(problem, hard[None])
    tuned = tune(problem, found.code, hard, Tuning(steps=25, rank=rank, learning_rate=0.02))
    before = float((generator.synthesise(found.code[None]).clamp(-1, 1) - hard).square().mean())
    after = changed(generator, tuned.changes)
    error = float((after.synthesise(found.code[None]).clamp(-1, 1) - hard).square().mean())
    assert error < 0.9 * before
    assert tuned.psnr == pytest.approx(10 * np.log10(4 / error), abs=1e-3)
    assert not [name for name in tuned.changes if "affine" in name or "mapping" in name]
    assert {value.dtype for value in tuned.changes.values()} == {torch.float16}
    assert ("b16.conv1.weight.up" in tuned.changes) == (rank == 1)


@pytest.fixture
def models(tmp_path: Path) -> Iterator[Path]:
    with fgraph.downloads(tmp_path / "models"):
        yield tmp_path / "models"


def test_a_tuned_model_is_a_model_file(tmp_path: Path, models: Path, hard: torch.Tensor) -> None:
    save_generator(tiny(1), tmp_path / "base.safetensors")
    generator = load_stylegan2(tmp_path / "base.safetensors")
    (tmp_path / "in").mkdir()
    Image.fromarray(to_pixels(hard.numpy())).save(tmp_path / "in" / "one.png")
    reading = Reading((16, 16))
    pictures, _ = read_pictures(find_pictures(tmp_path / "in"), reading)
    job = Job(problem_of(generator, steps=6), pictures, reading, tmp_path / "out", InversionCache(tmp_path / "cache"))
    results, told = run_job(job), list[str]()
    for _ in range(2):  # the second time it is kept
        tune_results(job, results, Tuning(steps=10, rank=1, learning_rate=0.02), told.append)
    assert told[0] == told[1]
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
    with pytest.raises(ModelError, match="is a delta to another file than"):
        fgraph.load_generator(file)
    (file.parent / "base.safetensors").unlink()
    with pytest.raises(ModelError, match="which is neither beside it, nor bundled, nor in the cache"):
        fgraph.load_generator(file)


def test_a_stylegan3_is_not_tuned(hard: torch.Tensor) -> None:
    problem = replace(problem_of(tiny(0)), generator=tiny_stylegan3(0))
    with pytest.raises(ModelError, match="pivotal tuning fits StyleGAN2 only, and 'tiny_t0' is a stylegan3-t"):
        tune(problem, torch.zeros(8), hard[0], Tuning(steps=1))


def test_a_stylegan3_has_no_noise_to_seek() -> None:
    with pytest.raises(FgraphError, match="the layers of 'tiny_t0' have no noise"):
        make_problem(tiny_stylegan3(0), InversionSettings(noise=True))
