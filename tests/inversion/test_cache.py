"""The cache of inversions: entries of wrong shapes and values are made again, whatever their digest."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fgraph.inversion.cache import InversionCache, read_entry, write_entry
from fgraph.inversion.job import InversionCallback, run_job
from fgraph.inversion.optimise import Search
from fgraph.inversion.snapshots import is_state
from fgraph.inversion.statistics import read_statistics
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from tests.inversion.conftest import problem_of
from tests.inversion.jobs import Killed, Watching, make_job, write_pictures


def spoil(tensors: dict[str, torch.Tensor], name: str, how: str) -> dict[str, torch.Tensor]:
    """Return the tensors of a cache entry, with one of them wrong."""
    value = tensors[name]
    if how == "absent":
        return {key: one for key, one in tensors.items() if key != name}
    not_finite = torch.full_like(value, torch.nan) if value.is_floating_point() else -1 - value
    return {**tensors, name: {"nan": not_finite, "shape": value[None], "scalar": torch.tensor(torch.nan)}[how]}


WRONG = [(name, how) for name in ("latent", "curve", "noise.0") for how in ("shape", "nan", "absent", "scalar")]


@pytest.mark.parametrize(("name", "how"), [*WRONG, ("pixels", "shape"), ("pixels", "absent")])
def test_a_wrong_result_is_made_again(generator: StyleGAN2Generator, tmp_path: Path, name: str, how: str) -> None:
    """The digest fits the content, but no result of these settings has such content."""
    pictures, cache = write_pictures(tmp_path / "in", generator, 1), InversionCache(tmp_path / "cache")
    settings = {"noise": True, "steps": 2}
    run_job(make_job(generator, pictures, tmp_path / "a", cache.folder, InversionCallback(), **settings))
    (path,) = (tmp_path / "cache" / "results").iterdir()
    entry = cache.read("results", path.stem)
    assert entry is not None
    cache.write("results", path.stem, spoil(entry.tensors, name, how), entry.facts)
    again = Watching()
    run_job(make_job(generator, pictures, tmp_path / "b", cache.folder, again, **settings))
    assert again.done == [("00", False)]


@pytest.mark.parametrize(
    "wrong",
    [{"done": torch.tensor(torch.nan)}, {"owners": torch.tensor(1)}, {"found.\u00b2.curve": torch.zeros(1)}],
    ids=["done", "owners", "name"],
)
def test_a_snapshot_of_another_form_is_ignored(
    generator: StyleGAN2Generator, tmp_path: Path, wrong: dict[str, torch.Tensor]
) -> None:
    pictures, cache = write_pictures(tmp_path / "in", generator, 1), InversionCache(tmp_path / "cache")
    killed = Watching(2)
    with pytest.raises(Killed):
        run_job(make_job(generator, pictures, tmp_path / "a", cache.folder, killed, steps=4))
    (path,) = (tmp_path / "cache" / "searches").iterdir()
    entry = cache.read("searches", path.stem)
    assert entry is not None
    cache.write("searches", path.stem, entry.tensors | wrong, entry.facts)
    again = Watching()
    run_job(make_job(generator, pictures, tmp_path / "b", cache.folder, again, steps=4))
    assert again.done == [("00", False)]


@pytest.mark.parametrize("name", ["value.0", "first.0", "second.1", "schedules", "curve", "owners", "done"])
def test_a_search_does_not_continue_from_a_wrong_snapshot(generator: StyleGAN2Generator, name: str) -> None:
    problem = problem_of(generator, noise=True, steps=4)
    search = Search(problem, torch.zeros(2, 3, 16, 16))
    search.step()
    state = search.state()
    assert is_state(problem, 2, state)
    assert not is_state(problem, 1, state)
    assert not is_state(problem_of(generator, steps=4, space="w"), 2, state)
    for how in ("shape", "absent", "nan"):
        assert is_state(problem, 2, spoil(state, name, how)) == (how == "nan" and name in ("curve", "schedules")), how


def test_a_cache_that_cannot_be_written_gives_a_warning(
    generator: StyleGAN2Generator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = write_pictures(tmp_path / "in", generator, 2)
    (tmp_path / "cache").write_text("a file is here")
    done = run_job(make_job(generator, pictures, tmp_path / "a", tmp_path / "cache", InversionCallback(), steps=2))
    assert sorted(done) == ["00", "01"]
    assert len([line for line in caplog.messages if "results are not cached" in line]) == 1


def test_statistics_are_checked(generator: StyleGAN2Generator, tmp_path: Path) -> None:
    first = read_statistics(generator, tmp_path)
    (path,) = tmp_path.iterdir()
    entry = read_entry(path, generator.digest)
    assert entry is not None
    for how in ("shape", "nan", "absent"):
        write_entry(path, generator.digest, spoil(entry.tensors, "w_covariance", how), {})
        assert torch.equal(read_statistics(generator, tmp_path).w_covariance, first.w_covariance)
    write_entry(path, generator.digest, {**entry.tensors, "w_mean": entry.tensors["w_mean"] + 1}, {})
    assert not torch.equal(read_statistics(generator, tmp_path).w_mean, first.w_mean)  # it is read, not measured
