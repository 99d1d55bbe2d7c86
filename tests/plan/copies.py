"""Plans that keep whatever they can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fgraph.analysis import retention


@contextmanager
def free_copies() -> Iterator[None]:
    """Copies cost nothing, so that the tiny networks of tests keep whatever they can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retention, "_COPIED", 0.0)
        patch.setattr(retention, "_CALL", 0.0)
        yield
