"""The resampling filter that fgraph's generators use: [1, 3, 3, 1] in both directions."""

from __future__ import annotations

from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor

_TAPS = (1.0, 3.0, 3.0, 1.0)
_TOLERANCE = 1e-5


def is_binomial_filter(stored: object, gain: float = 1.0) -> bool:
    """Return whether a stored tensor [4, 4] is the outer product of the taps, with the sum `gain`."""
    if type(stored) is not StoredTensor or stored.shape != (4, 4):
        return False
    expected = [a * b * gain / 64 for a in _TAPS for b in _TAPS]
    try:
        found = stored.numbers()
    except PickleRefused:
        return False
    return all(abs(one - other) <= _TOLERANCE * gain for one, other in zip(found, expected, strict=True))
