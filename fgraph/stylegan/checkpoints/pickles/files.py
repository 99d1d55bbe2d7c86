"""Reading a pickled file of any kind; errors name the file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from fgraph._errors import ModelError
from fgraph._files import open_file
from fgraph.stylegan.checkpoints.pickles.network_files import read_networks
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused
from fgraph.stylegan.checkpoints.pickles.torch_files import read_legacy, read_zip

Kind = Literal["zip", "legacy", "pickle"]
_CURE = "If the file is whole, save the generator's state dict again; otherwise copy or download the file again"


def read_torch(path: Path) -> Any:
    """Return the value of a file that `torch.save` wrote, of either kind, with stand-ins for tensors and objects.

    Raises:
        ModelError: the file cannot be read, is damaged, or exceeds a limit.
    """
    try:
        with open_file(path) as file:
            start = file.read(4)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error
    return read_pickled(path, "zip" if start == b"PK\x03\x04" else "legacy")


def read_pickled(path: Path, kind: Kind) -> Any:
    """Return the value of a file, with stand-ins for everything except plain data. No code in the file is run.

    Raises:
        ModelError: the file cannot be read, is damaged, or exceeds a limit.
    """
    try:
        with open_file(path) as file:
            size = os.fstat(file.fileno()).st_size
            if kind == "zip":
                return read_zip(path, file)
            return read_legacy(path, file, size) if kind == "legacy" else read_networks(path, file, size)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error
    except (PickleRefused, RecursionError) as error:
        raise ModelError(f"{path}: cannot be read safely: {error}. {_CURE}") from error
