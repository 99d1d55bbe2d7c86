"""Sweeps: Hydra launchers that run the jobs of a sweep together."""
