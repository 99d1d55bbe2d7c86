"""Settings of the whole suite: one thread, so that small operations do not wait for each other."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

# Read by OpenMP when torch is imported, which only the tests that need it do.
os.environ["OMP_NUM_THREADS"] = "1"

import pytest


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is measured of this machine meanwhile is not for the user's own forecasts."""
    os.environ["XDG_CACHE_HOME"] = os.environ["LOCALAPPDATA"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def _no_device_profile() -> Iterator[None]:
    """A test that measured the device does not change the plans of those after it."""
    yield
    shutil.rmtree(Path(os.environ["XDG_CACHE_HOME"], "fgraph", "profile"), ignore_errors=True)


@pytest.fixture(autouse=True)
def _one_torch_thread() -> Iterator[None]:
    """A test that raised the thread count does not slow those after it."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)
