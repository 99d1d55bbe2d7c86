"""Measurements of a generator: directions, clusters of channels, owners of parts."""
