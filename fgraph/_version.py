"""The version of fgraph."""

__version__ = "0.1.0"
