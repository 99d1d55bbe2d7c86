"""Graphs that come with fgraph; a package, so that a wheel carries them."""
