"""Reading a checkpoint made by `torch.save`, tensors and plain values only."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from fgraph._errors import ModelError


def read_torch_file(path: Path) -> Any:
    """What `torch.save` wrote to `path`, on the CPU; no code in the file is run.

    Training checkpoints hold their arguments as `argparse.Namespace`, so that one class is allowed.

    Raises:
        ModelError: the file is damaged, or holds anything but tensors and plain values.
    """
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file may fail in any way
        reason = str(error).strip().split("\n")[0]
        raise ModelError(
            f"{path}: cannot be read as a checkpoint: {reason}. Expected are tensors, dicts and plain values; "
            "if the file is whole, save it again as a state dict"
        ) from error
