"""Reading a plain pickle, as NVlabs' programs and PaddleGAN write it. Without torch and TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from fgraph.stylegan.checkpoints.pickles.known_globals import known_globals
from fgraph.stylegan.checkpoints.pickles.opcodes import run_pickle
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused
from fgraph.stylegan.checkpoints.pickles.span import FileSource


def read_networks(path: Path, file: BinaryIO, size: int) -> Any:
    """Return the value of a pickle, with stand-ins for modules and tensors.

    Raises:
        PickleRefused: the pickle is damaged, or exceeds a limit.
    """
    source = FileSource(file, path, 0, size)
    value = run_pickle(source, known_globals())
    if source.position != size:
        raise PickleRefused(f"{size - source.position} bytes follow its end")
    return value
