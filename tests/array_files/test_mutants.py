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
from fgraph.array_files.named_edits import read_edits
from fgraph.array_files.pickled import read_layers, read_style_moments
from fgraph.array_files.transforms import read_transforms
from tests.hostile.mutants import mutate

COUNT = 40  # mutants of each file
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


WAY = ARRAY[0, :1]
EDIT = {"lat_comp": WAY, "act_comp": WAY, "lat_stdev": 1.5, "latent_space": "W", "edit_type": "latent", "edit_start": 1,
        "edit_end": 3, "name": "smile"}  # fmt: skip
TURNS: Any = {"a.png": (12.0, np.zeros(2), np.eye(3), np.eye(3)), "b.png": (0.0, np.zeros(2), np.eye(3), np.eye(3))}
DIRECTIONS: dict[str, tuple[bytes, Callable[[str], Any]]] = {
    "edit.pkl": (pickle.dumps(EDIT), read_directions),
    "pca.pt": (
        written(
            lambda file: torch.save({"comp": torch.ones(2, 1, 8), "std": torch.ones(2), "mean": torch.ones(1, 8)}, file)
        ),
        read_directions,
    ),
    "S": (pickle.dumps((["a", "b"], [ARRAY[0], ARRAY[0]])), read_latent),
    "S_mean_std": (pickle.dumps(([WAY, WAY], [WAY, WAY])), lambda path: read_style_moments(Path(path))),
    "semantic_top_32": (pickle.dumps([WAY.T, WAY.T]), lambda path: read_layers(Path(path))),
    "landmarks.npy": (written(lambda file: np.save(file, TURNS)), read_transforms),
    "edits.csv": (b"bald\t2\t1\t3\t20\r\nsmile\t4\t0\t6\t-10\r\n", read_edits),
}


@pytest.mark.parametrize("name", DIRECTIONS)
def test_damaged_files_of_edits(name: str, tmp_path: Path) -> None:
    whole, read = DIRECTIONS[name]
    (tmp_path / name).write_bytes(whole)
    read(str(tmp_path / name))
    messages = list[str]()
    for seed in range(COUNT):
        path = tmp_path / str(seed) / name
        path.parent.mkdir()
        path.write_bytes(mutate(whole, seed))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read(str(path))
        except ValueError as error:
            messages.append(str(error))
    assert len(messages) > COUNT // 10
    assert [message for message in messages if not message.isprintable()] == []


@pytest.mark.parametrize("name", FILES)
def test_damaged_files(name: str, tmp_path: Path) -> None:
    whole, messages = FILES[name], list[str]()
    for seed in range(COUNT):
        path = tmp_path / f"{seed}{Path(name).suffix}"
        path.write_bytes(mutate(whole, seed))
        for read in (read_latent, read_arrays, read_directions):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # numpy warns about headers of Python 2
                    read(str(path))
            except ValueError as error:
                messages.append(str(error))
    assert len(messages) > COUNT // 10
    assert [message for message in messages if not message.isprintable()] == []
    path = tmp_path / name
    path.write_bytes(whole)
    assert len(read_latent(str(path), next(iter(TENSOR)) if b"latent" in whole else None).codes.shape) >= 2
