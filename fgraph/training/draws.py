"""Random numbers that depend on the seed and the step alone, so that a training that goes on draws the same ones."""

from __future__ import annotations

import hashlib

import torch


def draw_for(seed: int, purpose: str, *numbers: int) -> torch.Generator:
    """A source of random numbers on the CPU, the same for the same arguments and different for any others."""
    text = ":".join([str(seed), purpose, *map(str, numbers)])
    digest = hashlib.sha256(text.encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
