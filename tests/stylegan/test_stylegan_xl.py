"""StyleGAN-XL: projected class embeddings, a mean for each class, and layers of a stem and a head."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import fgraph
from fgraph._errors import ModelError
from fgraph.stylegan import convert, inspect
from fgraph.stylegan.loading import load_generator
from tests.layouts import flat
from tests.rounding import PROMISED, assert_within
from tests.stylegan3_networks import design, random_stylegan3, superresolution, tiny_stylegan3
from tests.stylegan3_pickles import checkpoint, class_mapping, classed, stylegan3_network

CLASSES, Z = 3, 8
TABLE, NUMBERS = classed(tiny_stylegan3(0, "t", CLASSES))


def numbers() -> dict[str, torch.Tensor]:
    return dict(NUMBERS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    tensors = numbers()
    written = tmp_path / "xl.pkl"
    written.write_bytes(checkpoint(TABLE, tensors, class_mapping(TABLE, tensors, tensors["embedding"])))
    return written


def mapped(z: torch.Tensor, classes: list[int]) -> torch.Tensor:
    """Return w by the formulas of StyleGAN-XL's mapping network."""
    tensors = {name: value.double() for name, value in numbers().items()}

    def normal(x: torch.Tensor) -> torch.Tensor:
        return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()

    def dense(x: torch.Tensor, name: str, rate: float) -> torch.Tensor:
        weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        x = x @ (weight * rate / math.sqrt(weight.shape[1])).t() + bias * rate
        return torch.nn.functional.leaky_relu(x, 0.2) * math.sqrt(2)

    x = torch.cat([normal(z.double()), normal(dense(tensors["embedding"][classes], "proj", 1.0))], dim=1)
    for i in range(TABLE.mapping_layers):
        x = dense(x, f"mapping.{i}", TABLE.mapping_rate)
    return x


@pytest.mark.numeric
def test_classes_are_projected_and_truncated_towards_their_own_means(path: Path) -> None:
    found = load_generator(path)
    z, classes = torch.randn(2, Z, generator=torch.Generator().manual_seed(1)), [2, 0]
    c = torch.eye(CLASSES)[classes]
    w, expected = found.map(z, c), mapped(z, classes).float()
    assert_within(w, expected, PROMISED)
    centre = numbers()["w_mean"][classes]
    assert_within(found.truncate(w, 0.6, c=c), centre + 0.6 * (expected - centre), PROMISED)
    cut = found.truncate(w, 0.6, 1, c)
    assert_within(cut[:, 0], centre + 0.6 * (expected - centre), PROMISED)
    assert_within(cut[:, 1], expected, PROMISED)


def test_a_converted_file_holds_the_means_of_classes(path: Path, tmp_path: Path) -> None:
    assert convert(path, tmp_path / "own.safetensors").exact
    found = load_generator(tmp_path / "own.safetensors")
    assert found.table == TABLE
    assert inspect(path).lines()["classes"] == "3, each with a mean of w"


def test_layers_of_a_stem_and_a_head_are_read_each_by_its_own_rates(tmp_path: Path) -> None:
    made = random_stylegan3(3, *superresolution())
    assert [layer.in_rate for layer in made.table.filtered] == [16, 16, 16, 16, 32, 32]
    (tmp_path / "head.pkl").write_bytes(checkpoint(made.table, made.tensors))
    found = load_generator(tmp_path / "head.pkl")
    assert found.table == made.table
    styles = torch.randn(1, made.table.style_length, generator=torch.Generator().manual_seed(0))
    image = found.synthesise(styles)
    assert image.shape == (1, 3, 32, 32)
    assert torch.equal(image, made.synthesise(styles))


@pytest.mark.parametrize("head", [False, True])
@pytest.mark.parametrize("classes", [CLASSES, 0])
def test_a_flat_state_dict_is_read(classes: int, head: bool, tmp_path: Path) -> None:
    parts = superresolution(classes) if head else design("t", classes, 32, 6, 2, 10, 8)
    table, tensors = classed(random_stylegan3(0, *parts))
    if not classes:
        table, tensors["w_mean"] = replace(table, embed_width=0, class_means=False), tensors["w_mean"].new_ones(8)
    mapping = class_mapping(table, tensors, tensors["embedding"])
    state = flat(stylegan3_network(table, tensors, mapping)) | {"mapping.embed.weight": tensors["embedding"]}
    torch.save({"G_ema": state}, tmp_path / "flat.pt")
    (tmp_path / "whole.pkl").write_bytes(
        checkpoint(table, tensors, class_mapping(table, tensors, tensors["embedding"]))
    )
    one, other = load_generator(tmp_path / "flat.pt"), load_generator(tmp_path / "whole.pkl")
    assert one.table == other.table
    assert all(torch.equal(value, other.tensors[name]) for name, value in one.tensors.items())


def test_a_projection_to_more_numbers_is_refused(tmp_path: Path) -> None:
    """Otherwise, a file of some kilobytes could declare an embedding of gigabytes."""
    tensors = numbers()
    tensors["proj.weight"] = tensors["proj.weight"][:, :7].contiguous()
    written = tmp_path / "wrong.pkl"
    written.write_bytes(checkpoint(TABLE, tensors, class_mapping(TABLE, tensors, tensors["embedding"][:, :7])))
    with pytest.raises(ModelError, match="maps 7 numbers to 8"):
        load_generator(written)


def test_an_embedding_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    tensors = numbers()
    for embedding, says in ((tensors["embedding"][:2], "for 3 classes"), (tensors["embedding"][:, :4], "does not fit")):
        written = tmp_path / "wrong.pkl"
        written.write_bytes(checkpoint(TABLE, tensors, class_mapping(TABLE, tensors, embedding)))
        with pytest.raises(ModelError, match=says):
            load_generator(written)


def sampled(generator: Any, **fields: Any) -> Any:
    graph = {"models": {"main": generator}, "nodes": {"code": {"op": "sample", **fields}}, "outputs": ["code"]}
    return fgraph.run(fgraph.load(graph))["code"]


@pytest.mark.numeric
def test_sample_truncates_towards_the_means_of_classes(path: Path) -> None:
    found = load_generator(path)
    given = {"seed": [4, 5], "class": [2, "1 + 2"]}
    z = torch.from_numpy(np.array(sampled(found, **given).array))
    c = z[:, Z:]
    assert c.tolist() == [[0, 0, 1], [0, 0.5, 0.5]]
    expected = found.truncate(found.map(z), 0.5, c=c)
    assert_within(torch.from_numpy(np.array(sampled(found, truncation=0.5, **given).array)), expected, PROMISED)


def test_a_transition_between_classes_is_even(path: Path) -> None:
    found = load_generator(path)
    rows = sampled(found, **{"seed": [1] * 5, "class": "0..0.5*1 + 1.5*2"}).array
    np.testing.assert_array_equal(
        rows[:, Z:], [[1, 0, 0], [0.75, 0.0625, 0.1875], [0.5, 0.125, 0.375], [0.25, 0.1875, 0.5625], [0, 0.25, 0.75]]
    )
    assert (rows[:, :Z] == rows[0, :Z]).all()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("2..3", "there is no class 3"),
        ("1 +", "a class is a number, a mixture"),
        ("1..2..0", "a class is a number, a mixture"),
        ("0*1", "a class is a number, a mixture"),
        (["0..1", 2], "give class as one text"),
    ],
)
def test_invalid_classes_are_refused(given: Any, says: str, path: Path) -> None:
    nodes = {"code": {"op": "sample", "seed": [1, 2], "class": given}, "image": {"op": "decode", "of": "code"}}
    faults = fgraph.check({"models": {"main": str(path)}, "nodes": nodes, "outputs": ["image"]})
    assert any(says in fault.message for fault in faults), faults
