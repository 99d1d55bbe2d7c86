"""Protocols for the parts of a graph that lowering needs, so that it imports neither graphs nor nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol


class NoiseSettings(Protocol):
    """The noise of a pass, as a node or a graph declares it. See `fgraph.node.Noise`."""

    @property
    def mode(self) -> Literal["const", "random", "none", "given"]:
        """The source of the noise."""

    @property
    def seed(self) -> int | None:
        """The seed of random noise; None: derived from the graph's seed."""

    @property
    def fit(self) -> Literal["tile", "ends", "follow"]:
        """The rule for a buffer on a canvas of another size."""

    @property
    def file(self) -> str | None:
        """The file of given noise."""


class GraphSettings(Protocol):
    """The graph of a node, with its model names resolved."""

    @property
    def seed(self) -> int:
        """The seed that nodes without a seed derive theirs from."""

    @property
    def models(self) -> Mapping[str, str]:
        """The program's model for each model name of the graph."""

    @property
    def noise(self) -> NoiseSettings:
        """The noise of every pass that declares none."""
