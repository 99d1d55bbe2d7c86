"""Arrays in pickled files, as programs beside StyleGAN save their codes. Nothing in a file is run.

| file | of | holds |
| --- | --- | --- |
| `.npy` of objects | ReStyle, HyperStyle, pSp and their forks | {image: codes}, or {image: [codes of each step]} |
| `.pt` | SOAT, e4e, rosinality's projector | a tensor, {name: tensor}, {image: {latent, noise, img}} |
| `.pkl` | anyone | the same |
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from fgraph._arrays import Array
from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.pickles.files import read_pickled, read_torch
from fgraph.stylegan.checkpoints.pickles.network_files import network_globals
from fgraph.stylegan.checkpoints.pickles.numpy_values import read_array, read_objects
from fgraph.stylegan.checkpoints.pickles.opcodes import run_pickle
from fgraph.stylegan.checkpoints.pickles.refusal import Refused
from fgraph.stylegan.checkpoints.pickles.span import MemorySource
from fgraph.stylegan.checkpoints.pickles.stand_ins import Record
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor

_LARGEST = 1 << 27  # numbers of an array
_LONGEST = 256 << 20  # bytes of a pickle that is held in memory
_OF_AN_IMAGE = "latent"  # what rosinality's projector calls the codes among the results for an image


def read_pickled_arrays(path: Path) -> dict[str, Array]:
    """The arrays of a `.pt` or `.pkl` file by name.

    Raises:
        ValueError: it cannot be read, or holds something else.
    """
    try:
        value = read_pickled(path, "pickle") if path.suffix.lower() == ".pkl" else read_torch(path)
        return dict(_named(value, path))
    except ModelError as error:
        raise ValueError(f"cannot read {path}: {error}") from error
    except (Refused, OSError) as error:
        raise ValueError(f"cannot read {path}: {error}") from error


def read_object_array(file: BinaryIO, path: Path) -> dict[str, Array] | None:
    """The arrays in a `.npy` of objects that `file` stands at the start of, by name; None if it is none of objects.

    Raises:
        ValueError: its header is damaged, or its pickle cannot be read.
    """
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read_header(file)
    if dtype.kind != "O":
        return None
    data = file.read(_LONGEST + 1)
    if len(data) > _LONGEST:
        raise ValueError(f"its objects take more than {_LONGEST >> 20} MiB")
    try:
        values = read_objects(run_pickle(MemorySource(data), network_globals()))
        return dict(_named(values[0] if shape == () and len(values) == 1 else values, path))
    except Refused as error:
        raise ValueError(f"cannot be read safely: {error}") from error


def _named(value: Any, path: Path) -> Iterator[tuple[str, Array]]:
    """The arrays in a value, by name: a tensor, or a list or dict of what holds codes."""
    if (whole := _array(value)) is not None:
        yield "tensor", whole
        return
    if type(value) not in (dict, list, tuple):
        raise ValueError(f"{path} holds neither a tensor nor a dictionary of tensors")
    for key, one in value.items() if type(value) is dict else enumerate(value):
        if (found := _codes(one)) is not None:
            yield str(key), found


def _codes(value: Any) -> Array | None:
    """The codes in what stands under a name: an array, the last of its steps, or what is called `latent` in it."""
    if type(value) in (list, tuple) and value:
        value = value[-1]
    elif type(value) is dict:
        value = value.get(_OF_AN_IMAGE)
    return _array(value)


def _array(value: Any) -> Array | None:
    if type(value) is Record and value.kind == "ndarray":
        value = read_array(value)
    if type(value) is not StoredTensor or math.prod(value.shape) > _LARGEST:
        return None
    return Array(value.array())
