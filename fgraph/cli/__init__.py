"""The command line: Hydra in front of load, compile, run and save."""

from fgraph.cli.command import main

__all__ = ["main"]
