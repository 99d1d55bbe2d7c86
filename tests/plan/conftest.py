"""Fixtures for tests of plans."""

from __future__ import annotations

import pytest

from tests.plan.counting import Counted


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Count the calls of generator layers."""
    return Counted(monkeypatch)
