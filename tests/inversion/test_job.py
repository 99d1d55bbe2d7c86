"""Inversion jobs: from files to files, cached by content, resumed after a kill with equal bits."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fgraph._errors import FgraphError
from fgraph.array_files.latents import read_latent
from fgraph.inversion.job import InversionCallback, run_job
from fgraph.inversion.optimise import Search, SearchOutcome
from fgraph.inversion.pictures import PictureReading
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from tests.inversion.jobs import Killed, Watching, make_job, write_pictures
from tests.paths import ROOT
from tests.rounding import decibels, largest, likely, network_terms


@pytest.mark.numeric
def test_each_picture_gets_its_files(generator: StyleGAN2Generator, tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "in", generator, 2)
    results = run_job(make_job(generator, pictures, tmp_path / "out", None, InversionCallback(), noise=True))
    names = {path.name for path in (tmp_path / "out").iterdir()}
    endings = (".safetensors", ".png", ".curve.csv", ".curve.svg", ".noise.npz")
    assert names == {f"{stem}{ending}" for stem in ("00", "01") for ending in endings}
    code = read_latent(str(tmp_path / "out" / "00.safetensors"))
    assert code.space == "s"
    np.testing.assert_array_equal(code.codes.array[0], results["00"].latent.numpy())
    with (tmp_path / "out" / "00.curve.csv").open() as file:
        lines = list(csv.reader(file))
    assert lines[0] == ["step", "loss", "mse", "pyramid", "prior", "noise"]
    assert len(lines) == 9
    with Image.open(tmp_path / "out" / "00.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), results["00"].pixels.numpy())
        assert json.loads(picture.text["fgraph:inversion"])["sha256"] == generator.digest  # type: ignore[attr-defined]
    with np.load(tmp_path / "out" / "00.noise.npz") as noise:
        assert noise["noise_0"].shape == (1, 1, 4, 4)
    target = PictureReading((16, 16)).read(pictures / "00.png")
    image = generator.synthesise(results["00"].latent[None], [one[None] for one in results["00"].noises]).clamp(-1, 1)
    error = float((image[0] - torch.from_numpy(target)).square().mean())
    psnr = 10 * np.log10(4 / error)
    bound = decibels(likely(network_terms(generator.table), largest(image)), psnr)
    assert results["00"].psnr == pytest.approx(psnr, abs=bound)


@pytest.mark.parametrize("change", ["gone", "other pixels"])
def test_a_picture_that_changes_before_its_search_ends_the_job(
    generator: StyleGAN2Generator, tmp_path: Path, change: str
) -> None:
    pictures = write_pictures(tmp_path / "in", generator, 2)
    job = make_job(generator, pictures, tmp_path / "out", tmp_path / "cache", Watching())
    content = (pictures / "00.png").read_bytes()
    (pictures / "01.png").unlink() if change == "gone" else (pictures / "01.png").write_bytes(content)
    with pytest.raises(FgraphError, match=r"01.png .*: run again"):
        run_job(job)
    assert not list((tmp_path / "cache").rglob("*.safetensors"))


def test_results_are_cached_by_content(generator: StyleGAN2Generator, tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "in", generator, 2)
    (pictures / "again.png").write_bytes((pictures / "00.png").read_bytes())
    first, again, other = Watching(), Watching(), Watching()
    run_job(make_job(generator, pictures, tmp_path / "a", tmp_path / "cache", first))
    assert sorted(first.done) == [("00", False), ("01", False)]
    assert first.twins == [("again", "00")]
    run_job(make_job(generator, pictures, tmp_path / "b", tmp_path / "cache", again))
    assert [kept for _, kept in again.done] == [True] * 2
    assert again.twins == first.twins
    assert again.steps == 0
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    run_job(make_job(generator, pictures, tmp_path / "c", tmp_path / "cache", other, steps=7))
    assert sorted(other.done) == [("00", False), ("01", False)]
    assert list((tmp_path / "cache" / "searches").iterdir()) == []


def test_a_diverged_search_is_reported_and_the_others_continue(
    generator: StyleGAN2Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = write_pictures(tmp_path / "in", generator, 3)
    step = Search.step

    def spoiled(search: Search) -> dict[int, SearchOutcome]:
        if search.done == 2:
            search._values[0][1].fill_(torch.inf)
        return step(search)

    watching = Watching()
    with monkeypatch.context() as patch:
        patch.setattr(Search, "step", spoiled)
        results = run_job(make_job(generator, pictures, tmp_path / "a", tmp_path / "cache", watching))
    assert list(results) == ["00", "02"]
    assert watching.lost == ["01"]
    assert not list((tmp_path / "a").glob("01*"))
    again = Watching()
    run_job(make_job(generator, pictures, tmp_path / "b", tmp_path / "cache", again))  # it was not cached
    assert sorted(again.done) == [("00", True), ("01", False), ("02", True)]


def test_a_damaged_result_is_made_again(generator: StyleGAN2Generator, tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "in", generator, 1)
    run_job(make_job(generator, pictures, tmp_path / "a", tmp_path / "cache", InversionCallback()))
    (kept,) = (tmp_path / "cache" / "results").iterdir()
    kept.write_bytes(kept.read_bytes()[:-20])
    again = Watching()
    run_job(make_job(generator, pictures, tmp_path / "b", tmp_path / "cache", again))
    assert again.done == [("00", False)]


UNEVEN = {"patience": 2, "steps": 12}  # rows leave the batch at different steps


@pytest.fixture(scope="module")
def whole(generator: StyleGAN2Generator, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The folder of a job that was not killed, with pictures in `in` and results in `out`, and its number of steps."""
    folder, watching = tmp_path_factory.mktemp("whole"), Watching()
    pictures = write_pictures(folder / "in", generator, 5)
    run_job(make_job(generator, pictures, folder / "out", folder / "cache", watching, **UNEVEN))
    return folder, watching.steps


@pytest.mark.parametrize("dies_at", [1, 6, 14])
def test_a_killed_job_continues_to_the_same_bits(
    generator: StyleGAN2Generator, whole: tuple[Path, int], tmp_path: Path, dies_at: int
) -> None:
    (folder, steps), first, second = whole, Watching(dies_at), Watching()
    with pytest.raises(Killed):
        run_job(make_job(generator, folder / "in", tmp_path / "part", tmp_path / "cache", first, **UNEVEN))
    run_job(make_job(generator, folder / "in", tmp_path / "resumed", tmp_path / "cache", second, **UNEVEN))
    assert first.steps + second.steps <= steps + 1  # only the step at which it was killed is done twice
    for path in (folder / "out").iterdir():
        assert path.read_bytes() == (tmp_path / "resumed" / path.name).read_bytes(), path.name


RUN = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from fgraph.inversion.job import InversionCallback, run_job
from tests.inversion.jobs import make_job
from tests.networks import tiny
folder, out, cache = map(Path, sys.argv[1:])
run_job(make_job(tiny(1), folder, out, cache, InversionCallback(), steps=30))
"""


def start(*arguments: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", RUN, *map(str, arguments)], cwd=ROOT, env=environment)


@pytest.mark.slow
def test_twenty_images_survive_a_real_kill(generator: StyleGAN2Generator, tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "in", generator, 20)
    process = start(pictures, tmp_path / "part", tmp_path / "two")
    results = tmp_path / "two" / "results"
    while process.poll() is None and (not results.is_dir() or len(list(results.glob("*.safetensors"))) < 9):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=600) == -signal.SIGKILL
    done = {path: path.stat().st_mtime_ns for path in results.glob("*.safetensors")}
    assert 9 <= len(done) < 20
    run_job(make_job(generator, pictures, tmp_path / "part", tmp_path / "two", InversionCallback(), steps=30))
    assert all(path.stat().st_mtime_ns == when for path, when in done.items())  # finished files are not written again
    run_job(make_job(generator, pictures, tmp_path / "whole", tmp_path / "one", InversionCallback(), steps=30))
    assert len(list((tmp_path / "whole").iterdir())) == 80
    for path in (tmp_path / "whole").iterdir():
        assert path.read_bytes() == (tmp_path / "part" / path.name).read_bytes(), path.name
