"""Damaged files of arrays: each is read, or refused with a `ValueError` that has no control characters."""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from fgraph.array_files.directions import read_directions
from fgraph.array_files.latents import read_arrays, read_latent
from tests.hostile.mutants import mutate

COUNT = 40  # of each file
ARRAY = np.random.RandomState(0).randn(3, 4, 8).astype(np.float32)


def written(write: Callable[[io.BytesIO], Any]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


TENSOR = {"latent": torch.from_numpy(ARRAY)}
OBJECTS: Any = {"a.png": ARRAY[0], "b.png": [ARRAY[1], ARRAY[2]]}
FILES = {
    "plain.npz": written(lambda file: np.savez(file, latent=ARRAY, other=ARRAY[:1])),
    "compressed.npz": written(lambda file: np.savez_compressed(file, w=ARRAY)),
    "plain.npy": written(lambda file: np.save(file, ARRAY)),
    "fortran.npy": written(lambda file: np.save(file, np.asfortranarray(ARRAY))),
    "objects.npy": written(lambda file: np.save(file, OBJECTS)),
    "own.safetensors": save({"latent": ARRAY, "other": ARRAY[0]}),
    "zip.pt": written(lambda file: torch.save(TENSOR, file)),
    "legacy.pt": written(lambda file: torch.save(TENSOR, file, _use_new_zipfile_serialization=False)),
    "plain.pkl": pickle.dumps({"a": ARRAY}),
}


@pytest.mark.parametrize("name", FILES)
def test_damaged_files(name: str, tmp_path: Path) -> None:
    whole, messages = FILES[name], list[str]()
    for seed in range(COUNT):
        path = tmp_path / f"{seed}{Path(name).suffix}"
        path.write_bytes(mutate(whole, seed))
        for read in (read_latent, read_arrays, read_directions):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of numpy, about headers of Python 2
                    read(str(path))
            except ValueError as error:
                messages.append(str(error))
    assert len(messages) > COUNT // 10
    assert [message for message in messages if not message.isprintable()] == []
    path = tmp_path / name
    path.write_bytes(whole)
    assert len(read_latent(str(path), next(iter(TENSOR)) if b"latent" in whole else None).codes.shape) >= 2
