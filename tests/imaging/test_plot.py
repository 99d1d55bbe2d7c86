"""Curves as SVG: where points lie, which values are drawn."""

import math
import re

from fgraph._imaging.plot import plot_curves


def points(svg: str) -> list[list[tuple[float, float]]]:
    """Return the points of each line except the axes."""
    lines = re.findall(r'<polyline points="([^"]*)"', svg)[1:]
    return [[(float(x), float(y)) for x, y in (one.split(",") for one in line.split())] for line in lines]


def test_linear() -> None:
    svg = plot_curves({"a": [(0, 0.0), (10, 4.0)], "b": [(5, 2.0)]}, "images")
    assert points(svg) == [[(48, 252), (672, 48)], [(360, 150)]]
    assert ">10 images<" in svg


def test_logarithmic_curves_have_powers_of_ten_at_the_ends() -> None:
    svg = plot_curves({"loss": [(0, 100.0), (1, 10.0), (2, 1.0)]}, "steps", logarithmic=True)
    assert points(svg) == [[(48, 48), (360, 150), (672, 252)]]
    assert ">1e2<" in svg
    assert ">1e0<" in svg


def test_zeros_and_values_that_are_not_finite() -> None:
    svg = plot_curves({"loss": [(0, 1.0), (1, 0.0), (2, math.nan), (3, math.inf)]}, "steps", logarithmic=True)
    assert points(svg) == [[(48, 48), (672, 252)]]
    assert points(plot_curves({"a<b": [(0, 0.0)]}, "images")) == [[(48, 252)]]
    assert "a&lt;b" in plot_curves({"a<b": []}, "images")
