"""Classes as `sample` takes them: a class, a mixture of classes, or a transition from one to another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, Field

from fgraph.node import PerRow

MOST = 1_000_000  # the largest number of a class
_TERM = re.compile(r"(?:([0-9]{1,6}(?:\.[0-9]{1,9})?|\.[0-9]{1,9}) ?\* ?)?([0-9]{1,7})")
_LONGEST = 10_000  # characters

Mixture = tuple[tuple[int, float], ...]  # pairs of class and weight; weights sum to 1


def _parsed(text: str) -> str:
    _ends(text)
    return text


ClassNumber = Annotated[int, Field(ge=0, le=MOST)]
ClassText = Annotated[str, AfterValidator(_parsed)]
Classes = PerRow[ClassNumber | ClassText] | None


def mixtures(given: Sequence[int | str | None], rows: int) -> list[Mixture | None]:
    """Return the mixture of classes of each row; None where no class is given.

    Args:
        given: one entry for all rows, or one for each row.
        rows: the number of rows, over which a transition is spread evenly.
    """
    if len(given) > 1:
        return [None if one is None else _blended(*_ends(str(one)), 0) for one in given]
    if given[0] is None:
        return [None] * rows
    start, stop = _ends(str(given[0]))
    return [_blended(start, stop, Fraction(row, max(1, rows - 1))) for row in range(rows)]


def is_transition(given: int | str | None) -> bool:
    """Return whether an entry is a transition from one class to another."""
    return isinstance(given, str) and ".." in given


def _ends(text: str) -> tuple[Mixture, Mixture]:
    """Return the two ends of a transition, which are equal for a single mixture.

    Raises:
        ValueError: the text is something else.
    """
    if len(text) <= _LONGEST:
        ends = [_mixture(part) for part in text.split("..")]
        if len(ends) <= 2 and all(ends):
            return ends[0], ends[-1]
    raise ValueError(
        f"a class is a number, a mixture such as '0.7*3 + 0.3*8', or a transition such as '3..8'; found '{text[:60]}'"
    )


def _mixture(text: str) -> Mixture:
    """Return the mixture that a text names, its weights divided by their sum; empty if it names none."""
    found: dict[int, Fraction] = {}
    for term in text.split("+"):
        match = _TERM.fullmatch(term.strip())
        if match is None or int(match[2]) > MOST:
            return ()
        found[int(match[2])] = found.get(int(match[2]), Fraction(0)) + Fraction(match[1] or 1)
    total = sum(found.values())
    return tuple((one, float(weight / total)) for one, weight in found.items()) if total else ()


def _blended(start: Mixture, stop: Mixture, share: Fraction | int) -> Mixture:
    """Return `(1 - share) start + share stop`."""
    if share == 0 or start == stop:
        return start
    if share == 1:
        return stop
    weights: dict[int, float] = {}
    for mixture, part in ((start, 1 - share), (stop, share)):
        for one, weight in mixture:
            weights[one] = weights.get(one, 0.0) + float(part) * weight
    return tuple(weights.items())
