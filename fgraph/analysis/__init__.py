"""Analyses: answers about a Program for passes and plans. They rewrite nothing."""

from fgraph.analysis.access import footprints_of, operands_read
from fgraph.analysis.bounds import BoundsMemo, infer_bounds, repeated_flops, without_differences
from fgraph.analysis.retention import Retained, Row
from fgraph.analysis.value_bounds import Bounds, ChunkOutputs, OutputTile, ValueBounds, whole_bounds

__all__ = [
    "Bounds",
    "BoundsMemo",
    "ChunkOutputs",
    "OutputTile",
    "Retained",
    "Row",
    "ValueBounds",
    "footprints_of",
    "infer_bounds",
    "operands_read",
    "repeated_flops",
    "whole_bounds",
    "without_differences",
]
