"""Corners of the faces in the pictures of a film, which STIT saves beside the codes. No code in a file is run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fgraph._arrays import Array
from fgraph._errors import ModelError, show
from fgraph._paths import expanded
from fgraph.array_files.pickled import read_all, stored_tensor
from fgraph.stylegan.checkpoints.pickles.files import read_torch
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused

_KEY = "quads"
_SHAPE = (4, 2)


def read_quads(path: str | Path) -> Array:
    """Return the corners [n, 4, 2] of the crop in each picture, x and y in pixels of the picture.

    The corners are in the order upper left, lower left, lower right, upper right. A crop is pasted back by the
    perspective that maps the corners of the crop to these.

    Raises:
        ValueError: the file cannot be read, or holds no quads.
    """
    file = expanded(path)
    try:
        value = read_torch(file)
        content = value.get(_KEY) if type(value) is dict else None
        parts = content if type(content) is list else [content]
        stored = {str(i): tensor for i, one in enumerate(parts) if (tensor := stored_tensor(one)) is not None}
        if not stored or len(stored) != len(parts):
            raise ValueError(f"it has no arrays under '{_KEY}'")
        quads = np.concatenate(
            [one.array.reshape(-1, *one.shape[-2:]) for one in read_all(stored, file.stat().st_size).values()]
        )
    except (ModelError, PickleRefused, OSError, ValueError) as error:
        raise ValueError(f"cannot read {show(path, 300)}: {error}") from error
    if quads.shape[1:] != _SHAPE:
        raise ValueError(f"in {show(path, 300)}, '{_KEY}' has shape {list(quads.shape)}; expected [n, 4, 2]")
    return Array(quads).check()
