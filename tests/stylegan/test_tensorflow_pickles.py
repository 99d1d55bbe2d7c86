"""Pickles of NVlabs' TensorFlow programs are read without TensorFlow, and give the tensors they were made from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.header import read_header
from fgraph.stylegan.loading import load_stylegan2
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from tests.network_pickles import random_tensors
from tests.rounding import assert_rounded
from tests.tensorflow_pickles import checkpoint

TABLE = StyleGAN2Table(channels=((4, 6), (8, 5), (16, 4)), z_dim=7, w_dim=8, mapping_layers=2)
TABLES = [
    TABLE,
    replace(TABLE, architecture="resnet", image_channels=1),
    replace(TABLE, c_dim=3, embed_width=5, activation="swish", mapping_rate=0.03),
    replace(TABLE, has_noise=False, clamp=256.0, architecture="orig"),
    replace(TABLE, base=(4, 3)),
]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("table", TABLES)
def test_tensors_equal_those_that_the_file_was_made_of(table: Any, protocol: int, tmp_path: Path) -> None:
    tensors = random_tensors(table)
    path = tmp_path / "tensorflow.pkl"
    path.write_bytes(checkpoint(table, tensors, protocol))
    header = read_header(path)
    assert (header.format, header.table) == ("tensorflow", table)
    found = load_stylegan2(header)
    assert set(found.tensors) == set(tensors)
    for name, value in tensors.items():
        assert_rounded(found.tensors[name], value, 2)  # the file stores affine biases minus 1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"resample_kernel": [1, 2, 1]}, "resample_kernel is not"),
        ({"architecture": "dense"}, "its architecture is 'dense'"),
        ({"nonlinearity": 3}, "has 3 as 'nonlinearity'"),
        ({"conv_clamp": "much"}, "conv_clamp is 'much'"),
        ({"blur": True}, "has the setting 'blur', which fgraph does not know"),
    ],
)
def test_wrong_settings(settings: Any, says: str, tmp_path: Path) -> None:
    path = tmp_path / "tensorflow.pkl"
    path.write_bytes(checkpoint(TABLE, random_tensors(TABLE), **settings))
    with pytest.raises(ModelError, match=says):
        read_header(path)


def test_missing_settings_have_the_usual_values(tmp_path: Path) -> None:
    none = dict.fromkeys(("architecture", "nonlinearity", "mapping_lrmul", "use_noise", "conv_clamp"))
    path = tmp_path / "tensorflow.pkl"
    path.write_bytes(checkpoint(TABLE, random_tensors(TABLE), **none))
    assert read_header(path).table == TABLE


def test_settings_that_the_shapes_imply_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "tensorflow.pkl"
    given: dict[str, Any] = {"fmap_decay": 1.0, "fmap_min": 1, "randomize_noise": False, "impl": "ref"}
    path.write_bytes(checkpoint(TABLE, random_tensors(TABLE), **given))
    assert read_header(path).table == TABLE


def test_missing_variables_have_their_original_names(tmp_path: Path) -> None:
    table = replace(TABLE, c_dim=3, embed_width=5)
    tensors = random_tensors(table)
    tensors["b8.conv0.bias"] = torch.zeros(3)
    path = tmp_path / "tensorflow.pkl"
    path.write_bytes(checkpoint(table, tensors))
    with pytest.raises(ModelError, match=r"synthesis/8x8/Conv0_up/bias is \[3\], but the others imply \[5\]"):
        read_header(path)
