"""Sweeps: Hydra launchers that run the jobs of a sweep together."""

from fgraph.sweep.plugin import register_launchers

__all__ = ["register_launchers"]
