"""A job is prepared in the environment in which Hydra runs it."""

import os
from pathlib import Path
from typing import Any

import pytest
from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import run_job, setup_globals
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from fgraph.cli.configuration import prepare_hydra
from fgraph.declare.config_source import BUNDLED
from fgraph.sweep.composing import SweepComposer
from fgraph.sweep.launcher import entered

SETTINGS = ["hydra.sweep.subdir=job${hydra:job.num}", "+hydra.job.env_set={OF_THE_JOB: '${hydra:job.num}'}"]


def _composed(folder: Path, *settings: str) -> list[DictConfig]:
    """Return the configs of two jobs, composed in full and copied."""
    prepare_hydra()
    setup_globals()
    loader = ConfigLoaderImpl(create_config_search_path(str(BUNDLED)))
    try:
        hydra = Hydra(task_name="fgraph", config_loader=loader)
        given = [f"hydra.sweep.dir={folder}", *SETTINGS, *settings]
        master = hydra.compose_config("config", given, RunMode.MULTIRUN)
        composer = SweepComposer(loader)
        jobs = [composer.load_sweep_config(master, [f"seed={number}"]) for number in range(2)]
    finally:
        GlobalHydra.instance().clear()
    for number, job in enumerate(jobs):
        with open_dict(job):
            job.hydra.job.id = job.hydra.job.num = number
    return jobs


def _seen(config: DictConfig) -> dict[str, Any]:
    return {
        "config": OmegaConf.to_container(config),
        "is_struct": OmegaConf.is_struct(config),
        "hydra": OmegaConf.to_container(HydraConfig.instance().cfg, resolve=True),
        "directory": str(Path.cwd()),
        "environment": os.environ.get("OF_THE_JOB"),
    }


@pytest.mark.parametrize("chdir", [True, False])
def test_surroundings_equal_those_of_run_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chdir: bool) -> None:
    monkeypatch.chdir(tmp_path)
    jobs = _composed(tmp_path / "sweep", f"hydra.job.chdir={chdir}", "hydra.output_subdir=null", "hydra.run.dir=x")
    for number, job in enumerate(jobs):
        with entered(job.copy()) as (config, directory):
            found = _seen(config)
        assert (Path.cwd(), os.environ.get("OF_THE_JOB")) == (tmp_path, None)
        context = HydraContext(None, Callbacks())  # loads nothing
        expected = run_job(_seen, job, "hydra.sweep.dir", "hydra.sweep.subdir", context)
        assert found == expected.return_value
        assert directory == str(tmp_path / "sweep" / f"job{number}")
        assert found["environment"] == str(number)
        assert (found["directory"] == directory) == chdir


def test_an_error_ends_the_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = HydraConfig.instance().cfg
    (job, _) = _composed(tmp_path / "sweep", "hydra.job.chdir=true")
    with pytest.raises(ZeroDivisionError), entered(job):
        raise ZeroDivisionError
    assert Path.cwd() == tmp_path
    assert HydraConfig.instance().cfg is before
    (tmp_path / "sweep" / "job0").rmdir()
    (tmp_path / "sweep" / "job0").write_text("a file is in the way")
    with pytest.raises(OSError, match="job0"), entered(job):
        pass
    assert HydraConfig.instance().cfg is before
