"""Settings of the whole suite: one thread, so that small operations do not wait for each other."""

import os
import sys
from collections.abc import Iterator

# Read by OpenMP when torch is imported, which only the tests that need it do.
os.environ["OMP_NUM_THREADS"] = "1"

import pytest


@pytest.fixture(autouse=True)
def _one_torch_thread() -> Iterator[None]:
    """A test that raised the thread count does not slow those after it."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)
