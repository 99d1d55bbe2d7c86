"""Measurements of a loaded generator: directions, channel clusters, channel ownership."""
