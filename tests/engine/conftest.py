"""Kernels compute in every run: a second run that read kept codes would equal the first one, whatever it computes."""

from __future__ import annotations

from collections.abc import Hashable

import pytest
from torch import Tensor

from fgraph.runtime.kernels import encoding


class Forgetful(dict[Hashable, Tensor]):
    """A dictionary that keeps nothing."""

    def update(self, *_: object) -> None:  # type: ignore[override]
        pass


@pytest.fixture(autouse=True)
def _no_kept_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "_CODES", Forgetful())
