"""The version of fgraph."""

__version__ = "0.2.0"
