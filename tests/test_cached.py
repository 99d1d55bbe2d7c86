"""Properties that are computed once."""

from __future__ import annotations

import re
from pathlib import Path

import fgraph
from fgraph._cached import cached_property


class Counter:
    """A class whose property counts how often it is computed."""

    computed = 0

    @cached_property
    def value(self) -> int:
        """The number of computations."""
        self.computed += 1
        return self.computed


def test_a_property_is_computed_once_for_each_instance() -> None:
    one, other = Counter(), Counter()
    assert [one.value, one.value, other.value] == [1, 1, 1]
    assert (one.computed, vars(one)["value"]) == (1, 1)


def test_a_class_shows_the_documentation() -> None:
    assert Counter.value.__doc__ == "The number of computations."
    assert isinstance(Counter.value, cached_property)


def test_all_of_the_package_takes_this_one() -> None:
    package = Path(fgraph.__file__).parent
    taken = re.compile(r"^\s*from functools import .*\bcached_property\b", re.MULTILINE)
    assert [path.name for path in package.rglob("*.py") if taken.search(path.read_text("utf-8"))] == ["_cached.py"]
