"""Arrays in pickled files, as programs around StyleGAN save their codes. No code in a file is run.

| file | written by | holds |
| --- | --- | --- |
| `.npy` of objects | ReStyle, HyperStyle, pSp and their forks | {image: codes}, or {image: [codes of each step]} |
| `.pt` | SOAT, e4e, rosinality's projector | a tensor, {name: tensor}, {image: {latent, noise, img}} |
| `.pkl` | any | the same |
| `S` | StyleCLIP | names of layers, and the styles of each layer |
| `S_mean_std` | StyleCLIP | the mean and the standard deviation of the styles of each layer |
| `semantic_top_32` | StyleSpace | for each layer, the share of each region of the image in the change by a channel |
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from fgraph._arrays import Array
from fgraph._errors import ModelError, show
from fgraph._files import open_file
from fgraph._limits import ARRAY_FILE, ARRAY_FREE, OBJECT_ARRAYS
from fgraph._sizes import in_words
from fgraph.stylegan.checkpoints.pickles.files import read_pickled, read_torch
from fgraph.stylegan.checkpoints.pickles.known_globals import known_globals
from fgraph.stylegan.checkpoints.pickles.numpy_values import read_array, read_objects
from fgraph.stylegan.checkpoints.pickles.opcodes import run_pickle
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused, brief
from fgraph.stylegan.checkpoints.pickles.span import MemorySource
from fgraph.stylegan.checkpoints.pickles.stand_ins import StandIn, Unknown
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor, view

STYLES = "styles"  # the name of the array that the styles of all layers make
_OF_AN_IMAGE = "latent"  # the key of the codes among the results for an image, in rosinality's projector
_SUFFIXES = (".pt", ".pth", ".pkl")
_START = b"\x80"  # start of a pickle; the files of StyleCLIP have no suffix

Plain = Array | str | int | float


def is_pickled(path: Path) -> bool:
    """Return whether a file is read as a pickle: by its suffix or, without one, by its first byte.

    Raises:
        OSError: the file cannot be read.
    """
    if path.suffix:
        return path.suffix.lower() in _SUFFIXES
    with open_file(path) as file:
        return file.read(1) == _START


def read_pickled_arrays(path: Path) -> dict[str, Array]:
    """Return the arrays of a `.pt`, `.pkl` or StyleCLIP file by name.

    An entry of a list or of a dict has the codes of one image. An entry with two axes is one code of W+, [1, rows,
    w_dim].

    Raises:
        ValueError: the file cannot be read, holds something else, or its arrays are larger than the limits allow.
    """
    with _named_errors(path):
        value, size = _read(path), path.stat().st_size
        if (layers := _style_layers(value)) is not None:
            return {STYLES: _joined(layers, size)}
        return read_all(dict(_named(value)), size)


def read_fields(path: Path) -> dict[str, Plain]:
    """Return the arrays, texts and numbers of a dict in a `.pt` or `.pkl` file; empty if it holds no dict.

    Raises:
        ValueError: the file cannot be read, or its arrays are larger than the limits allow.
    """
    with _named_errors(path):
        value = _read(path)
        if type(value) is not dict:
            return {}
        tensors = {str(key): one for key, item in value.items() if (one := stored_tensor(item)) is not None}
        plain = {str(key): item for key, item in value.items() if type(item) in (str, int, float)}
        return plain | read_all(tensors, path.stat().st_size)


def read_state(path: Path, pattern: re.Pattern[str]) -> dict[re.Match[str], Array]:
    """Return the tensors of a state dict whose names match a pattern, by the match; `state_dict` may hold the dict.

    Raises:
        ValueError: the file cannot be read, or its arrays are larger than the limits allow.
    """
    with _named_errors(path):
        value = _read(path)
        content = value.get("state_dict", value) if type(value) is dict else {}
        state: dict[Any, Any] = content if type(content) is dict else {}
        matches = {key: found for key in state if type(key) is str and (found := pattern.fullmatch(key))}
        stored = {key: tensor for key in matches if (tensor := stored_tensor(state[key])) is not None}
        return {matches[key]: array for key, array in read_all(stored, path.stat().st_size).items()}


def read_style_moments(path: Path) -> tuple[Array, Array]:
    """Return mean and standard deviation of styles, each [styles], of StyleCLIP's `S_mean_std`.

    Raises:
        ValueError: the file cannot be read, or holds something else.
    """
    with _named_errors(path):
        value, size = _read(path), path.stat().st_size
        parts = [_tensors(part) for part in value] if type(value) in (list, tuple) and len(value) == 2 else []
        if len(parts) != 2 or not all(parts):
            raise ValueError("it is not the S_mean_std of StyleCLIP: two lists, with an array for each layer")
        mean, deviation = (_joined([*part], size, flat=True) for part in parts if part)
        return mean, deviation


def read_layers(path: Path) -> list[Array]:
    """Return the arrays of a pickled list with one for each layer, such as StyleSpace's `semantic_top_32`.

    Raises:
        ValueError: the file cannot be read, or holds something else.
    """
    with _named_errors(path):
        layers = _tensors(_read(path))
        if not layers:
            raise ValueError("it is not a list with an array for each layer")
        return [*read_all({str(at): one for at, one in enumerate(layers)}, path.stat().st_size).values()]


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (ModelError, PickleRefused, OSError, ValueError) as error:
        raise ValueError(f"cannot read {show(path, 300)}: {error}") from error


def _read(path: Path) -> Any:
    return read_torch(path) if path.suffix.lower() in (".pt", ".pth") else read_pickled(path, "pickle")


def _style_layers(value: Any) -> list[StoredTensor] | None:
    """Return the arrays of StyleCLIP's `S`: names of layers, and an array [codes, channels] for each."""
    if type(value) not in (list, tuple) or len(value) != 2 or type(value[0]) not in (list, tuple):
        return None
    names, layers = value[0], _tensors(value[1])
    if not layers or len(layers) != len(names) or not all(type(name) is str for name in names):
        return None
    return layers


def _tensors(value: Any) -> list[StoredTensor] | None:
    """Return the tensors of a list that holds nothing else, or None."""
    found = [stored_tensor(one) for one in value] if type(value) in (list, tuple) else [None]
    return None if None in found else [one for one in found if one is not None]


def _joined(layers: list[StoredTensor], size: int, *, flat: bool = False) -> Array:
    """Return the styles of all layers side by side: [codes, styles] or, if `flat`, [styles]."""
    arrays = [one.array for one in read_all({str(at): one for at, one in enumerate(layers)}, size).values()]
    arrays = [one.reshape(-1) if flat else one.reshape(len(one), -1) for one in arrays]
    if len({one.shape[:-1] for one in arrays}) != 1:
        raise ValueError("its layers have different numbers of codes")
    return Array(np.concatenate(arrays, axis=-1))


def read_object_array(file: IO[bytes], path: Path, shape: tuple[int, ...], size: int) -> dict[str, Array]:
    """Return the arrays in a `.npy` of objects, by name.

    Args:
        file: at the pickle that follows the header.
        path: the file.
        shape: the shape of the array of objects.
        size: bytes of the `.npy`.

    Raises:
        ValueError: the pickle cannot be read, or its arrays are larger than the limits allow.
    """
    with _safe_errors():
        return read_all(dict(_named(_read_objects(file, shape))), size)


def read_last_arrays(file: IO[bytes], shape: tuple[int, ...], size: int) -> dict[str, Array]:
    """Return the last array of each entry in a `.npy` of one dict of lists, by name.

    Args:
        file: at the pickle that follows the header.
        shape: the shape of the array of objects.
        size: bytes of the `.npy`.

    Raises:
        ValueError: the pickle cannot be read, holds something else, or its arrays are larger than the limits allow.
    """
    with _safe_errors():
        value = _read_objects(file, shape)
        last = {
            str(key): stored_tensor(one[-1] if type(one) in (list, tuple) and one else one)
            for key, one in (value.items() if type(value) is dict else ())
        }
        if not last or None in last.values():
            raise ValueError("it does not hold an array for the name of each picture")
        return read_all({key: one for key, one in last.items() if one is not None}, size)


@contextmanager
def _safe_errors() -> Iterator[None]:
    try:
        yield
    except (PickleRefused, RecursionError) as error:
        raise ValueError(f"cannot be read safely: {error}") from error


def _read_objects(file: IO[bytes], shape: tuple[int, ...]) -> Any:
    data = file.read(OBJECT_ARRAYS + 1)
    if len(data) > OBJECT_ARRAYS:
        raise ValueError(f"its objects take more than {in_words(OBJECT_ARRAYS)}")
    values = read_objects(run_pickle(MemorySource(data), known_globals()))
    return values[0] if shape == () and len(values) == 1 else values


def read_all(stored: dict[str, StoredTensor], size: int) -> dict[str, Array]:
    """Read the numbers of tensors in a file of `size` bytes.

    Tensors can be views of one storage. So both the bytes to read and the memory to fill are bounded first: by
    `ARRAY_FREE`, or in a larger file by its size.

    Raises:
        ValueError: the tensors are larger than the limits allow.
        PickleRefused: the file changed.
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
    unread, has_codes = [], False
    for key, one in value.items() if type(value) is dict else enumerate(value):
        if (found := _codes(one)) is not None:
            has_codes = True
            yield str(key), found
        elif type(one) in (StandIn, Unknown):
            unread.append(one)
    if unread and not has_codes:
        raise ValueError(f"it holds {brief(unread[0])}, whose class fgraph does not read, and no tensor")


def _codes(value: Any) -> StoredTensor | None:
    """Return the codes of an image: an array, the last of its steps, or the entry `latent` of a dict."""
    if type(value) in (list, tuple) and value:
        steps = _tensors(value)
        value = steps[-1] if steps and len({one.shape for one in steps}) == 1 else None
    elif type(value) is dict:
        value = value.get(_OF_AN_IMAGE)
    found = stored_tensor(value)
    if found is None or len(found.shape) != 2 or found.shape[0] == 1:
        return found
    return view(found.storage, found.offset, (1, *found.shape), (0, *found.stride))


def stored_tensor(value: Any) -> StoredTensor | None:
    """Return the tensor or the array that a value of a pickle represents, or None.

    Raises:
        PickleRefused: the array has an unknown layout.
    """
    if type(value) is StandIn and value.kind == "ndarray":
        value = read_array(value)
    return value if type(value) is StoredTensor else None
