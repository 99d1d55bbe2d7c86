"""Fixtures of the tests of plans."""

from __future__ import annotations

import pytest

from tests.plan.counting import Counted


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """The calls of generator layers from now on."""
    return Counted(monkeypatch)
