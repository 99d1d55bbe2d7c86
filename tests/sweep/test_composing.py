"""A job's config composed by the short path equals the config of Hydra's own loader."""

import copy
from typing import Any

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import setup_globals
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from fgraph.cli.configuration import prepare_hydra
from fgraph.declare.config_source import BUNDLED
from fgraph.sweep.composing import SweepComposer


class Counting(ConfigLoaderImpl):
    """A counter of the configs that are composed in full."""

    composed = 0

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        self.composed += 1
        return super().load_sweep_config(master_config, sweep_overrides)


@pytest.fixture
def loader() -> Any:
    prepare_hydra()
    setup_globals()
    yield Counting(create_config_search_path(str(BUNDLED)))
    GlobalHydra.instance().clear()


@pytest.fixture
def master(loader: Counting) -> DictConfig:
    hydra = Hydra(task_name="fgraph", config_loader=loader)
    return hydra.compose_config("config", ["hydra.sweep.dir=x"], RunMode.MULTIRUN, with_log_configuration=False)


CASES = [
    # jobs, how many of them are composed in full
    ([["seed=1"], ["seed=2"], ["seed=null"]], 1),
    ([["seed=1", "model=avatar"], ["seed=2", "model='a b=c'"], ["seed=2", "model=${seed}"]], 1),
    ([["graph=extend", "seed=1"], ["graph=stretch", "seed=2"], ["graph=extend", "seed=3"]], 2),
    ([["graph=blend_horizontal", f"graph.nodes.fade.start={start}", "seed=3"] for start in (0.1, 0.2, 0.3)], 1),
    ([["graph.nodes.extra.op=shift", f"graph.nodes.extra.dx={dx}"] for dx in (0.5, -1e-3)], 1),
    ([["output.formats=[png,npy]"], ["output.formats=[png]"], ["output.formats=npy"]], 1),
    ([["graph.nodes.extra={op: shift, dx: 1}"], ["graph.nodes.extra={op: crop}"]], 2),
    ([["+graph.nodes.extra.op=shift"], ["++graph.nodes.extra.op=crop"], ["~graph.nodes.panorama"]], 3),
    ([["graph.nodes.extra=3", "graph.nodes.extra.op=a"], ["graph.nodes.extra=3", "graph.nodes.extra.op=b"]], 2),
    ([["seed=1", "seed=2"], ["seed=3", "seed=4"]], 2),
    ([["graph=transfer", "subgraph@graph.nodes.posed=pose_align", f"seed={seed}"] for seed in (1, 2)], 1),
]


@pytest.mark.parametrize(("jobs", "composed"), CASES)
def test_both_ways_give_one_config(loader: Counting, master: DictConfig, jobs: list[list[str]], composed: int) -> None:
    composer = SweepComposer(loader)
    quick = [composer.load_sweep_config(master, job) for job in jobs]
    assert loader.composed == composed
    for job, config in zip(jobs, quick, strict=True):
        _assert_same(config, loader.load_sweep_config(master, job))


def _assert_same(one: DictConfig, other: DictConfig) -> None:
    assert OmegaConf.to_container(one, resolve=False) == OmegaConf.to_container(other, resolve=False)
    assert OmegaConf.get_cache(one) == OmegaConf.get_cache(other)
    assert OmegaConf.is_struct(one) == OmegaConf.is_struct(other)
    assert OmegaConf.is_struct(one.graph.nodes) == OmegaConf.is_struct(other.graph.nodes)
    assert OmegaConf.is_readonly(one.hydra) == OmegaConf.is_readonly(other.hydra)
    assert one.hydra.runtime.choices == other.hydra.runtime.choices
    assert list(one.hydra.overrides.task) == list(other.hydra.overrides.task)


def test_jobs_do_not_share_their_configs(loader: Counting, master: DictConfig) -> None:
    composer = SweepComposer(loader)
    first, second, third = (composer.load_sweep_config(master, [f"seed={seed}"]) for seed in (1, 2, 3))
    first.graph.nodes.z.op = second.hydra.job.name = "changed"
    assert (first.seed, second.seed, third.seed) == (1, 2, 3)
    assert third.graph.nodes.z.op == "sample"
    assert third.hydra.job.name == "fgraph"


def test_a_deep_copy_is_equal_and_independent(loader: Counting, master: DictConfig) -> None:
    composer = SweepComposer(loader)
    for job in (["seed=1"], ["seed=2"]):
        config = composer.load_sweep_config(master, job)
        copied = copy.deepcopy(config)
        _assert_same(copied, config)
        copied.graph.nodes.z.op = "changed"
        assert config.graph.nodes.z.op == "sample"


@pytest.mark.parametrize("override", ["sead=2", "graph=nowhere", "seed=[1", "seed@here=2", "hydra.job.num=x"])
def test_mistakes_raise_the_errors_of_hydra(loader: Counting, master: DictConfig, override: str) -> None:
    composer = SweepComposer(loader)
    composer.load_sweep_config(master, ["seed=1"])
    with pytest.raises(HydraException) as expected:
        loader.load_sweep_config(master, [override])
    with pytest.raises(HydraException) as found:
        composer.load_sweep_config(master, [override])
    assert str(found.value) == str(expected.value)
