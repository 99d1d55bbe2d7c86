"""Random numbers that depend on the seed and the step alone, so that a resumed training draws the same ones."""

from __future__ import annotations

import hashlib

import torch


def draw_for(seed: int, purpose: str, *numbers: int) -> torch.Generator:
    """Return a random generator on the CPU that depends on all arguments and on nothing else."""
    text = ":".join([str(seed), purpose, *map(str, numbers)])
    digest = hashlib.sha256(text.encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
