"""Settings of the whole suite: workers of one thread each, and which tests run by default."""

from __future__ import annotations

import compileall
import contextlib
import gc
import importlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

# Read by OpenMP when torch is imported, which only the tests that need it do.
os.environ["OMP_NUM_THREADS"] = "1"
# Ray's workers do the work of a test, so they keep the normal priority.
os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - as Ray spells it

import hypothesis
import pytest

ROOT = Path(__file__).parents[1]

# The same examples in each run of the same sources: Hypothesis draws some of them from the constants in our code.
hypothesis.settings.register_profile("fgraph", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("fgraph")

# Processes that tests start reuse compiled bytecode: compiling fgraph again takes each of them two seconds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Start workers for a run of the whole suite, and none for named tests.

    There is one for each processor, at most eight, and one more, since some tests wait for processes.
    """
    named = config.args_source == pytest.Config.ArgsSource.ARGS
    processors = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return 0 if named else min(8, processors) + 1


def pytest_collection(session: pytest.Session) -> None:
    """Turn the garbage collector off while modules are imported and tests are collected, which makes no garbage."""
    gc.disable()
    _compile_share(session.config)


def _compile_share(config: pytest.Config) -> None:
    """Compile a share of all modules, and import a share of the tests: each worker would compile all of them.

    All workers import the same modules in the same order at the same time, so after a fresh clone none would find the
    bytecode of another.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None:
        return
    mine = slice(int(worker["workerid"].removeprefix("gw")), None, worker["workercount"])
    for path in sorted(path for folder in ("fgraph", "nodes") for path in (ROOT / folder).rglob("*.py"))[mine]:
        compileall.compile_file(path, quiet=2)
    for path in sorted((ROOT / "tests").rglob("test_*.py"))[mine]:
        with contextlib.suppress(Exception, pytest.skip.Exception):  # raised again when its tests are collected
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def pytest_collection_finish() -> None:
    """Exclude all existing objects from garbage collection, and collect less often, to save a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests that depend on the clock, unless `-m` names them."""
    if "timing" not in config.option.markexpr:
        left = [item for item in items if item.get_closest_marker("timing")]
        items[:] = [item for item in items if not item.get_closest_marker("timing")]
        config.hook.pytest_deselected(items=left)


@pytest.fixture(autouse=True, scope="session")
def _cache_of_the_suite(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Use another cache folder, so that measurements during tests do not change the user's forecasts."""
    os.environ["XDG_CACHE_HOME"] = os.environ["LOCALAPPDATA"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def _no_device_profile() -> Iterator[None]:
    """Remove the device profile that a test measured, so that it does not change plans of later tests."""
    yield
    shutil.rmtree(Path(os.environ["XDG_CACHE_HOME"], "fgraph", "profile"), ignore_errors=True)


@pytest.fixture(autouse=True)
def _one_torch_thread() -> Iterator[None]:
    """Reset the number of threads after a test that raised it."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)
