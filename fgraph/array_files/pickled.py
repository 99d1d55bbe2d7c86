"""Arrays in pickled files, as programs around StyleGAN save their codes. No code in a file is run.

| file | of | holds |
| --- | --- | --- |
| `.npy` of objects | ReStyle, HyperStyle, pSp and their forks | {image: codes}, or {image: [codes of each step]} |
| `.pt` | SOAT, e4e, rosinality's projector | a tensor, {name: tensor}, {image: {latent, noise, img}} |
| `.pkl` | any | the same |
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from fgraph._arrays import Array
from fgraph._errors import ModelError, show
from fgraph._limits import ARRAY_FILE, ARRAY_FREE, OBJECT_ARRAYS
from fgraph._sizes import in_words
from fgraph.stylegan.checkpoints.pickles.files import read_pickled, read_torch
from fgraph.stylegan.checkpoints.pickles.known_globals import known_globals
from fgraph.stylegan.checkpoints.pickles.numpy_values import read_array, read_objects
from fgraph.stylegan.checkpoints.pickles.opcodes import run_pickle
from fgraph.stylegan.checkpoints.pickles.refusal import Refused, brief
from fgraph.stylegan.checkpoints.pickles.span import MemorySource
from fgraph.stylegan.checkpoints.pickles.stand_ins import Record, Unknown
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor

_OF_AN_IMAGE = "latent"  # the key of the codes among the results for an image, in rosinality's projector


def read_pickled_arrays(path: Path) -> dict[str, Array]:
    """Return the arrays of a `.pt` or `.pkl` file by name.

    Raises:
        ValueError: the file cannot be read, holds something else, or its arrays are larger than the limits allow.
    """
    try:
        value = read_pickled(path, "pickle") if path.suffix.lower() == ".pkl" else read_torch(path)
        return read_all(dict(_named(value)), path.stat().st_size)
    except (ModelError, Refused, OSError, ValueError) as error:
        raise ValueError(f"cannot read {show(path, 300)}: {error}") from error


def read_object_array(file: IO[bytes], path: Path, shape: tuple[int, ...], size: int) -> dict[str, Array]:
    """Return the arrays in a `.npy` of objects, by name.

    Args:
        file: at the pickle that follows the header.
        path: the file.
        shape: of the array of objects.
        size: bytes of the `.npy`.

    Raises:
        ValueError: the pickle cannot be read, or its arrays are larger than the limits allow.
    """
    data = file.read(OBJECT_ARRAYS + 1)
    if len(data) > OBJECT_ARRAYS:
        raise ValueError(f"its objects take more than {in_words(OBJECT_ARRAYS)}")
    try:
        values = read_objects(run_pickle(MemorySource(data), known_globals()))
        return read_all(dict(_named(values[0] if shape == () and len(values) == 1 else values)), size)
    except (Refused, RecursionError) as error:
        raise ValueError(f"cannot be read safely: {error}") from error


def read_all(stored: dict[str, StoredTensor], size: int) -> dict[str, Array]:
    """Read the numbers of tensors in a file of `size` bytes.

    Tensors can be views of one storage. So both the bytes to read and the memory to fill are bounded first: by
    `ARRAY_FREE`, or in a larger file by its size.

    Raises:
        ValueError: the tensors are larger than the limits allow.
        Refused: the file changed.
        OSError: the file cannot be read.
    """
    to_read = sum(one.bytes_read for one in stored.values())
    to_fill = sum(4 * math.prod(one.shape) for one in stored.values())
    if to_read > max(ARRAY_FREE, size) or to_fill > min(ARRAY_FILE, max(ARRAY_FREE, 4 * size)):
        raise ValueError(f"its arrays take {in_words(max(to_read, to_fill))} in a file of {in_words(size)}")
    return {name: Array(one.array()) for name, one in stored.items()}


def _named(value: Any) -> Iterator[tuple[str, StoredTensor]]:
    """Yield the tensors in a value by name: a tensor, or those in a list or dict of entries with codes."""
    if (whole := stored_tensor(value)) is not None:
        yield "tensor", whole
        return
    if type(value) not in (dict, list, tuple):
        raise ValueError(f"it holds {brief(value)}, neither a tensor nor a dictionary of tensors")
    unread, some = [], False
    for key, one in value.items() if type(value) is dict else enumerate(value):
        if (found := _codes(one)) is not None:
            some = True
            yield str(key), found
        elif type(one) in (Record, Unknown):
            unread.append(one)
    if unread and not some:
        raise ValueError(f"it holds {brief(unread[0])}, whose class fgraph does not read, and no tensor")


def _codes(value: Any) -> StoredTensor | None:
    """Return the codes of a name: an array, the last of its steps, or the entry `latent` of a dict."""
    if type(value) in (list, tuple) and value:
        value = value[-1]
    elif type(value) is dict:
        value = value.get(_OF_AN_IMAGE)
    return stored_tensor(value)


def stored_tensor(value: Any) -> StoredTensor | None:
    """Return the tensor or the array that a value of a pickle stands for, or None.

    Raises:
        Refused: the array has an unknown layout.
    """
    if type(value) is Record and value.kind == "ndarray":
        value = read_array(value)
    return value if type(value) is StoredTensor else None
