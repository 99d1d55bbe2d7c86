"""Codes in files of other programs: the choice of the array, and its space."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import fgraph
from fgraph.array_files.latents import read_latent
from fgraph.array_files.quads import read_quads
from tests.paths import GOLDENS

ROWS = np.arange(2 * 10 * 64, dtype=np.float32).reshape(2, 10, 64)  # W+ of the golden 64-pixel network
VECTOR = np.arange(368, dtype=np.float32)  # its S


def save(path: Path, content: Any) -> Any:
    if path.suffix == ".pt":
        torch.save(content, path)
    elif path.suffix == ".npz":
        np.savez(path, **content)
    elif path.suffix in ("", ".pkl"):
        path.write_bytes(pickle.dumps(content))
    else:
        np.save(path, content)
    return str(path)


CASES = {
    "SOAT, S": ("soat.pt", {"latent": torch.from_numpy(VECTOR)}, "s", VECTOR),
    "SOAT, S, a parameter": ("p.pt", {"latent": torch.nn.Parameter(torch.from_numpy(VECTOR))}, "s", VECTOR),
    "SOAT, W+": ("soat.pt", {"latent": torch.from_numpy(ROWS[0])}, "w+", ROWS[:1]),
    "NVlabs' projector": ("projected_w.npz", {"w": ROWS[:1]}, "w+", ROWS[:1]),
    "an encoder's tensor": ("latents.pt", torch.from_numpy(ROWS), "w+", ROWS),
    "an encoder's images by name": ("l.pt", {"a.png": torch.from_numpy(ROWS[0]), "b.png": torch.from_numpy(ROWS[1])},
                                    "w+", ROWS),
    "a list": ("list.pt", [torch.from_numpy(ROWS[:1]), torch.from_numpy(ROWS[1:])], "w+", ROWS),
    "numpy": ("w.npy", ROWS, "w+", ROWS),
    "numpy, W": ("w.npy", ROWS[0, 0], None, ROWS[0, 0]),
    "pSp, images by name": ("latents.npy", {"a.png": ROWS[0], "b.png": ROWS[1]}, "w+", ROWS),
    "one image by name": ("latents.npy", {"a.jpg": ROWS[0]}, "w+", ROWS[:1]),
    "ReStyle, each image's steps": ("latents.npy", {"a.png": [ROWS[1], ROWS[0]], "b.png": [ROWS[0], ROWS[1]]},
                                    "w+", ROWS),
    "tensors in an array of objects": ("latents.npy", {"a.png": torch.from_numpy(ROWS[0])}, "w+", ROWS[:1]),
    "objects in an .npz": ("l.npz", {"latents": np.array({"a.png": ROWS[0]}, dtype=object)}, "w+", ROWS[:1]),
    "an encoder's numpy in a .pt": ("n.pt", {"a.png": ROWS[0], "b.png": ROWS[1]}, "w+", ROWS),
    "rosinality's projector": ("p.pt", {"a.png": {"img": torch.zeros(1, 3, 4, 4), "latent": torch.from_numpy(ROWS[0]),
                                                  "noise": [torch.zeros(1, 1, 4, 4)]}}, "w+", ROWS[:1]),
    "STIT": ("stit.pt", {"generator": torch.nn.Linear(2, 2), "pivots": torch.from_numpy(ROWS),
                         "quads": [np.zeros((4, 2))]}, "w+", ROWS),
    "one W, expanded": ("w.pt", torch.from_numpy(ROWS[:1, :1]).expand(1, 10, 64), "w+", ROWS[:1, :1].repeat(10, 1)),
    "codes beside something else": ("c.pt", (torch.from_numpy(ROWS), {"lr": 0.1}), "w+", ROWS),
    "a plain pickle": ("w.pkl", ROWS, "w+", ROWS),
    "bfloat16": ("b.pt", torch.from_numpy(ROWS).bfloat16(), "w+", torch.from_numpy(ROWS).bfloat16().float().numpy()),
    "one image, without an ending": ("l.pt", {"0001": torch.from_numpy(ROWS[0])}, "w+", ROWS[:1]),
    "images, without an ending": ("l.pt", {"0001": torch.from_numpy(ROWS[0]), "0002": torch.from_numpy(ROWS[1])},
                                  "w+", ROWS),
    "W by name": ("l.pt", {"a.png": ROWS[0, :1], "b.png": ROWS[1, :1]}, None, ROWS[:, 0]),
    "StyleCLIP, S": ("S", (["Conv", "ToRGB"], [ROWS[:, 0], ROWS[:, 1, :32]]), "s",
                     np.concatenate([ROWS[:, 0], ROWS[:, 1, :32]], axis=1)),
    "a mask beside codes, numpy": ("w.npz", {"latent": ROWS[:1], "mask": np.array([True])}, "w+", ROWS[:1]),
    "a mask beside codes, torch": ("w.pt", {"latent": torch.from_numpy(ROWS[0]), "mask": torch.tensor([True])},
                                   "w+", ROWS[:1]),
    "half, strided": ("h.pt", torch.from_numpy(ROWS).half().transpose(1, 2), "w+", ROWS.swapaxes(1, 2)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_files_of_other_programs(case: Any, tmp_path: Path) -> None:
    name, content, space, expected = CASES[case]
    found = read_latent(save(tmp_path / name, content))
    assert found.space == space
    np.testing.assert_array_equal(found.codes.array, expected)


@pytest.mark.parametrize("content", [ROWS[0], {"a": ROWS[0]}], ids=["npy", "npz"])
def test_an_array_that_can_be_one_w_plus_or_many_w_needs_its_space(content: Any, tmp_path: Path) -> None:
    path = save(tmp_path / ("codes.npz" if isinstance(content, dict) else "codes.npy"), content)
    graph: dict[str, Any] = {
        "models": {"main": str(GOLDENS / "soat64_a.pt")},
        "nodes": {"code": {"op": "latent", "file": path}},
    }
    (fault,) = fgraph.check({**graph, "outputs": ["code"]})
    assert "[10, 64] can be read as 10 in w or 1 in w+ of this model: give space: w or space: w+" in fault.message
    for space, rows in (("w", 10), ("w+", 1)):
        graph["nodes"]["code"] = {"op": "latent", "file": path, "space": space}
        result = fgraph.run({**graph, "outputs": ["code"]}, device="cpu")["code"]
        assert (result.space, len(result.array)) == (space, rows)
        np.testing.assert_array_equal(result.array.reshape(10, 64), ROWS[0])


@pytest.mark.parametrize("names", [("0001",), ("0001", "0002"), ("a.tif",), ("a.tif", "b.tif")])
def test_dicts_of_codes_are_read_alike_for_any_number_of_entries_and_any_names(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    for suffix in (".npy", ".pt", ".pkl"):
        path = save(tmp_path / f"codes{suffix}", dict(zip(names, ROWS, strict=False)))
        graph = fgraph.Graph(models={"main": str(GOLDENS / "soat64_a.pt")})
        result = fgraph.run(graph, outputs={"code": graph.latent(file=path)}, device="cpu")["code"]
        assert result.space == "w+"
        np.testing.assert_array_equal(result.array, ROWS[: len(names)])


def test_w_plus_may_be_flat(tmp_path: Path) -> None:
    path = save(tmp_path / "flat.npy", ROWS.reshape(2, -1))
    graph = fgraph.Graph(models={"main": str(GOLDENS / "soat64_a.pt")})
    result = fgraph.run(graph, outputs={"code": graph.latent(file=path)}, device="cpu")["code"]
    assert result.space == "w+"
    np.testing.assert_array_equal(result.array, ROWS)


def test_directions_of_ganspace_are_not_codes(tmp_path: Path) -> None:
    path = save(tmp_path / "edit.pkl", {"lat_comp": ROWS[0, :1], "act_comp": ROWS[0, :1], "lat_stdev": 1.5})
    with pytest.raises(ValueError, match="holds directions of GANSpace: read it by a direction of kind file"):
        read_latent(path)


class Hostile:
    def __init__(self, command: Any) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.pkl", "a.pt"])
def test_nothing_in_a_file_is_run(name: str, tmp_path: Path) -> None:
    marker = tmp_path / "was_run"
    content = {"a.png": Hostile(f"touch {marker}")}
    path = save(tmp_path / name, {"w": np.array(content, dtype=object)} if name == "a.npz" else content)
    with pytest.raises(
        ValueError, match=r"holds a stand-in for '(posix|nt)\.system', whose class fgraph does not read"
    ):
        read_latent(path)
    assert not marker.exists()


@pytest.mark.parametrize("part", range(16))
def test_objects_cut_short(part: int, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, {"a.png": ROWS[0]})
    content = buffer.getvalue()
    (tmp_path / "cut.npy").write_bytes(content[: part * len(content) // 16])
    with pytest.raises(ValueError, match=r"cut\.npy is not a \.npz or \.npy file"):
        read_latent(str(tmp_path / "cut.npy"))


def test_quads_of_stit(tmp_path: Path) -> None:
    quads = [np.arange(8.0).reshape(4, 2), np.arange(8.0, 16.0).reshape(4, 2)]
    path = save(
        tmp_path / "stit.pt", {"generator": torch.nn.Linear(2, 2), "pivots": torch.zeros(2, 1, 1), "quads": quads}
    )
    np.testing.assert_array_equal(read_quads(path).array, np.stack(quads))
    with pytest.raises(ValueError, match="it has no arrays under 'quads'"):
        read_quads(save(tmp_path / "other.pt", {"quads": [1, 2]}))
    with pytest.raises(ValueError, match=r"'quads' has shape \[1, 3, 2\]; expected \[n, 4, 2\]"):
        read_quads(save(tmp_path / "three.pt", {"quads": [np.zeros((3, 2))]}))


def test_legacy_files(tmp_path: Path) -> None:
    torch.save({"latent": torch.from_numpy(VECTOR)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert read_latent(str(tmp_path / "old.pt")).space == "s"


def test_latents_of_fgraph_are_read_back(tmp_path: Path) -> None:
    graph = fgraph.Graph(models={"main": str(GOLDENS / "soat64_a.pt")})
    code = graph.latent(file=save(tmp_path / "s.pt", {"latent": torch.from_numpy(VECTOR)}))
    fgraph.run(graph, outputs={"code": code})["code"].save(tmp_path / "code.safetensors")
    again = graph.latent(file=str(tmp_path / "code.safetensors"))
    result = fgraph.run(graph, outputs={"code": again})["code"]
    assert result.space == "s"
    np.testing.assert_array_equal(result.array, VECTOR[None])


@pytest.mark.parametrize(
    ("content", "space", "says"),
    [
        (np.zeros((1, 18, 512)), None, "takes \\[10, 64\\]; it would fit a published 1024-pixel model"),
        (np.zeros((1, 8704)), "s", "it would fit a published 256-pixel model of config-f"),
        (np.zeros((1, 7424)), "s", "it would fit a published 256-pixel model with half its channels"),
        (np.zeros((1, 368)), "w", "its shape would fit space: s"),
        (np.zeros((1, 424)), "s", "it would fit the model 'soat256_a'"),
        (np.zeros((1, 7)), "s", "takes \\[368\\]$"),
        (np.zeros((1, 1, 1, 7)), None, "codes in w have 2 axes"),
    ],
)
def test_the_message_names_the_space_or_model_that_would_fit(
    content: Any, space: str, says: str, tmp_path: Path
) -> None:
    models = {"main": str(GOLDENS / "soat64_a.pt"), "other": str(GOLDENS / "soat256_a.pt")}
    nodes = {
        "code": {"op": "latent", "file": save(tmp_path / "code.npy", content), "space": space},
        "image": {"op": "decode", "of": "code"},
        "second": {"op": "sample", "model": "other", "seed": 1},
    }
    nodes = {name: {key: one for key, one in node.items() if one is not None} for name, node in nodes.items()}
    graph = {"models": models, "nodes": nodes, "outputs": ["image", "second"]}
    with pytest.raises(fgraph.GraphError, match=says):
        fgraph.run(graph)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.npz", b"PK\x03\x04 not a zip", "is not a .npz or .npy file"),
        (
            "a.npy",
            b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }" + b" " * 58 + b"\n.",
            "is not a .npz or .npy file",
        ),
        ("a.pt", b"cos\nsystem\n.", "cannot read"),
        ("a.safetensors", b"12345678", "cannot read"),
        ("missing.pt", None, "No such file"),
    ],
)
def test_other_files_are_refused(name: str, content: Any, says: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=says):
        read_latent(str(tmp_path / name))


def test_the_choice_of_the_array(tmp_path: Path) -> None:
    path = save(tmp_path / "two.npz", {"a": ROWS[:, 0], "b": ROWS[:, :3, 0]})
    with pytest.raises(ValueError, match="holds a, b: name the array"):
        read_latent(path)
    assert read_latent(path, "b").codes.shape == (2, 3)


def test_a_missing_file_is_a_fault_of_its_node() -> None:
    nodes = {"code": {"op": "latent", "file": "no/such.pt"}, "image": {"op": "decode", "of": "code"}}
    (fault,) = fgraph.check({"nodes": nodes, "outputs": ["image"]})
    assert (fault.where, "no/such.pt" in fault.message) == ("nodes.code", True)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_codes_that_are_not_finite_are_refused_and_other_arrays_are_not_checked(tmp_path: Path, number: float) -> None:
    path = str(tmp_path / "codes.npz")
    np.savez(path, latent=np.ones((1, 8)), loss=np.array([1.0, number]), bad=np.full((1, 8), number))
    assert read_latent(path).codes.shape == (1, 8)
    with pytest.raises(ValueError, match=r"in .*codes\.npz there are numbers that are not finite"):
        read_latent(path, "bad")
