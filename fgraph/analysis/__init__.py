"""Analyses of a Program: questions that passes and plans ask without rewriting it."""

from fgraph.analysis.access import windows_of
from fgraph.analysis.bounds import find_regions, without_differences
from fgraph.analysis.demand import Cell, Demand, Made, Wanted, all_whole
from fgraph.analysis.retention import Held, Row

__all__ = [
    "Cell",
    "Demand",
    "Held",
    "Made",
    "Row",
    "Wanted",
    "all_whole",
    "find_regions",
    "windows_of",
    "without_differences",
]
