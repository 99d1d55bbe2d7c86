"""Directions in files of other programs: their content, and how codes move along them."""

from __future__ import annotations

import hashlib
import logging
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import fgraph
from fgraph.save.recording import record_graph
from tests.networks import tiny
from tests.rounding import assert_rounded, assert_within, worst
from tests.strategies import load

TABLE = tiny(0).table
WIDTH, ROWS = TABLE.w_dim, TABLE.num_ws
CODE = {"code": {"op": "sample", "seed": 3, "truncation": 0.5}}
CONVS = [layer for layer in TABLE.layers[1:] if layer.kind == "conv"]
COORDINATE = worst(64, 8)  # of a coordinate: a sum of 8 products times a quotient of such sums, with terms below 8


def numbers(*shape: int, seed: int = 7) -> np.ndarray:
    return np.random.RandomState(seed).randn(*shape)


def save(path: Path, content: Any) -> str:
    if path.suffix == ".pt":
        torch.save(content, path)
    elif path.suffix == ".pkl":
        path.write_bytes(pickle.dumps(content))
    elif path.suffix == ".npz":
        np.savez(path, **content)
    else:
        np.save(path, content)
    return str(path)


def run(**node: Any) -> Any:
    nodes = {**CODE, "moved": {"op": "direction", "kind": "file", "of": "code", **node}}
    result = fgraph.run(load({"nodes": nodes, "outputs": ["code", "moved"]}), device="cpu")
    return result["code"].array, result["moved"]


def faults(**node: Any) -> str:
    nodes = {**CODE, "moved": {"op": "direction", "kind": "file", "of": "code", **node}}
    found = fgraph.check({"models": {"main": tiny(0)}, "nodes": nodes, "outputs": ["moved"]})
    return " | ".join(fault.message for fault in found)


# -- plain arrays: e4e, PTI, StyleGAN-NADA, InterFaceGAN, SeFa, StyleGAN3-editing, STIT, SFE


def view_of_a_large_storage() -> torch.Tensor:
    return torch.from_numpy(numbers(50, WIDTH)).float()[3:4]


PLAIN = {
    "a tensor [1, w_dim]": ("age.pt", torch.from_numpy(numbers(1, WIDTH)).float(), "w"),
    "a tensor [1, num_ws, w_dim]": ("pose.pt", torch.from_numpy(numbers(1, ROWS, WIDTH)).float(), "w+"),
    "a view of a large storage": ("upper_length.pt", view_of_a_large_storage(), "w"),
    "float64, in W by its name": ("stylegan_ffhq_age_c_gender_w_boundary.npy", numbers(1, WIDTH), "w"),
    "float64, of StyleGAN3-editing": ("Smiling_boundary.npy", numbers(1, WIDTH), "w"),
    "float64, of SeFa": ("direction.npy", numbers(1, WIDTH), "w"),
    "flattened W+, of SFE": ("Eyeglasses_boundary.npy", numbers(1, ROWS * WIDTH), "w+"),
}


@pytest.mark.numeric
@pytest.mark.parametrize("case", PLAIN)
def test_plain_arrays(case: str, tmp_path: Path) -> None:
    name, content, space = PLAIN[case]
    code, moved = run(file=save(tmp_path / name, content), strength=1.5)
    assert moved.space == space
    way = np.asarray(content, np.float32).reshape(-1, WIDTH)
    assert_rounded(moved.array, code + 1.5 * way if space == "w" else code[:, None] + 1.5 * way[None], 4)


@pytest.mark.numeric
def test_an_array_as_large_as_w_plus_needs_its_space(tmp_path: Path) -> None:
    array = numbers(ROWS, WIDTH)
    path = save(tmp_path / "smile.npy", array)
    assert "can be read as 6 in w or 1 in w+ of this model: give space: w or space: w+" in faults(file=path)
    code, moved = run(file=path, space="w+")
    assert_rounded(moved.array, code[:, None] + array.astype(np.float32)[None], 4)
    code, moved = run(file=path, space="w", component=4)
    assert_rounded(moved.array, code + array.astype(np.float32)[4], 4)


def test_a_boundary_named_as_in_z_needs_a_space(tmp_path: Path) -> None:
    path = save(tmp_path / "stylegan_celebahq_age_boundary.npy", numbers(1, WIDTH))
    assert "has the name of a boundary of InterFaceGAN in Z" in faults(file=path)
    assert "give space: z or space: w" in faults(file=path)
    assert run(file=path, space="w")[1].space == "w"
    nodes = {"code": {"op": "sample"}, "moved": {"op": "direction", "kind": "file", "of": "code", "file": path}}
    nodes["moved"]["space"] = "z"
    assert fgraph.run(load({"nodes": nodes, "outputs": ["moved"]}), device="cpu")["moved"].space == "z"


def test_a_boundary_that_may_be_in_z_gives_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = save(tmp_path / "age_boundary.npy", numbers(1, WIDTH))
    with caplog.at_level(logging.WARNING, "fgraph"):
        assert faults(file=path) == ""
    assert "age_boundary.npy is read as a direction in W; if it is a boundary in Z, give space: z" in caplog.text
    caplog.clear()
    assert faults(file=path, space="w") == ""
    assert caplog.text == ""


def test_rosinalitys_factors_are_columns(tmp_path: Path) -> None:
    square = numbers(WIDTH, WIDTH).astype(np.float32)
    path = save(tmp_path / "factor.pt", {"ckpt": "own.pt", "eigvec": torch.from_numpy(square)})
    code, moved = run(file=path, component=2)
    assert_rounded(moved.array, code + square[:, 2], 4)


def test_files_and_folders_of_directions_are_in_the_record(tmp_path: Path) -> None:
    folder = tmp_path / "styles"
    folder.mkdir()
    for number, layer in enumerate(CONVS):
        save(folder / f"style_vect_mean_{number}.pkl", numbers(layer.in_channels, seed=number))
    path = save(tmp_path / "own.npy", numbers(1, WIDTH))
    nodes = {
        **CODE,
        "one": {"op": "direction", "kind": "file", "of": "code", "file": path},
        "two": {"op": "direction", "kind": "file", "of": "one", "file": str(folder)},
    }
    graph = fgraph.load({"nodes": nodes, "outputs": ["two"]})
    before = record_graph(graph).files
    assert before[path] == f"sha256:{hashlib.sha256(Path(path).read_bytes()).hexdigest()}"
    save(folder / "style_vect_mean_0.pkl", numbers(CONVS[0].in_channels, seed=99))
    after = record_graph(graph).files
    assert before[str(folder)].startswith("sha256:")
    assert before[str(folder)] != after[str(folder)]


def test_a_folder_beside_the_graph_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "styles").mkdir()
    for number, layer in enumerate(CONVS):
        save(tmp_path / "styles" / f"a_{number}.npy", numbers(layer.in_channels))
    text = "nodes: {s: {op: sample}, z: {op: direction, kind: file, of: s, file: styles}}\noutputs: [z]\n"
    (tmp_path / "graph.yaml").write_text(text)
    graph = fgraph.load(tmp_path / "graph.yaml")
    assert getattr(graph.spec.nodes["z"], "file") == str(tmp_path / "styles")  # noqa: B009


# -- components


def components() -> dict[str, np.ndarray]:
    rows = np.linalg.qr(numbers(WIDTH, WIDTH))[0][:4]
    return {"comp": rows[:, None].astype(np.float32), "std": np.array([3, 2, 1, 0.5], np.float32),
            "mean": 0.1 * numbers(1, WIDTH, seed=8).astype(np.float32)}  # fmt: skip


def e4e_edit(code: np.ndarray, number: int, start: int, end: int, strength: float) -> np.ndarray:
    """Apply the edit of e4e's ganspace.py: the coordinate of row 0 becomes the strength, on rows from start to end."""
    held = components()
    w = np.repeat(code[:, None], ROWS, axis=1).astype(np.float64)
    unit, spread = held["comp"][number, 0].astype(np.float64), float(held["std"][number])
    coordinate = (w[:, 0] - held["mean"][0]) @ unit / spread
    w[:, start:end] += ((strength - coordinate) * spread)[:, None, None] * unit
    return w


@pytest.mark.numeric
@pytest.mark.parametrize("kind", ["ffhq_pca.pt", "components.npz"])
def test_components_are_added_or_set(kind: str, tmp_path: Path) -> None:
    held = components()
    content: Any = {name: torch.from_numpy(one) for name, one in held.items()}
    if kind.endswith(".npz"):  # GANSpace's own
        content = {"lat_comp": held["comp"], "lat_stdev": held["std"], "lat_mean": held["mean"],
                   "act_comp": numbers(4, 1, 6), "var_ratio": numbers(4)}  # fmt: skip
    path = save(tmp_path / kind, content)
    code, moved = run(file=path, component=1, strength=-1.5)
    assert_rounded(moved.array, code - 1.5 * 2 * held["comp"][1], 8)
    code, moved = run(file=path, component=1, strength=4, rows="1..3", how="set")
    assert_within(moved.array, e4e_edit(code, 1, 1, 4, 4.0), COORDINATE)
    _, again = run(file=path, component=1, strength=4, how="set")
    assert again.space == "w"
    spans = (again.array - held["mean"]) @ held["comp"][1, 0] / 2
    assert_within(spans, 4, COORDINATE)


@pytest.mark.numeric
def test_set_uses_the_mean_of_the_model_for_its_own_components() -> None:
    nodes = {
        **CODE,
        "moved": {"op": "direction", "kind": "pca", "of": "code", "component": 1, "strength": 0, "how": "set"},
    }
    result = fgraph.run(load({"nodes": nodes, "outputs": ["code", "moved"]}), device="cpu")
    way = result["moved"].array - result["code"].array
    assert np.linalg.norm(way) > 0.01
    along = way[0] / np.linalg.norm(way)
    assert abs((result["moved"].array[0] - tiny(0).w_mean.numpy()) @ along) < COORDINATE


def test_coordinates_cannot_be_set_in_s(tmp_path: Path) -> None:
    path = save(tmp_path / "pca.pt", {name: torch.from_numpy(one) for name, one in components().items()})
    assert "set reads the coordinate of codes in w or w+" in faults(file=path, how="set", layers="b8.conv0")


def test_components_that_do_not_fit_together(tmp_path: Path) -> None:
    held = {name: torch.from_numpy(one) for name, one in components().items()}
    path = save(tmp_path / "mean.pt", held | {"mean": torch.zeros(1, 3)})
    assert "components of 8 numbers and a mean of 3" in faults(file=path)
    path = save(tmp_path / "std.pt", held | {"std": torch.zeros(3)})
    assert "4 components and 3 deviations" in faults(file=path)
    path = save(tmp_path / "plain.pt", {"comp": held["comp"]})  # without deviations, it is a plain array
    assert run(file=path, component=3)[1].space == "w"


def exported(**fields: Any) -> dict[str, Any]:
    """Return an edit as GANSpace's interactive.py exports it."""
    return {
        "name": "smile", "sigma_range": 2.0, "component_index": 3, "act_comp": numbers(1, WIDTH, seed=1),
        "lat_comp": numbers(1, WIDTH).astype(np.float32), "latent_space": "W", "act_stdev": 4.0, "lat_stdev": 1.5,
        "model_name": "StyleGAN2", "output_class": "ffhq", "decomposition": {"name": "ipca", "samples": 1000},
        "edit_type": "latent", "truncation": 0.7, "edit_start": 1, "edit_end": 3, "example_seed": 5, **fields,
    }  # fmt: skip


@pytest.mark.numeric
def test_exported_edits_of_ganspace_have_their_deviation_and_rows(tmp_path: Path) -> None:
    code, moved = run(file=save(tmp_path / "edit.pkl", exported()), strength=2)
    expected = np.repeat(code[:, None], ROWS, axis=1)
    expected[:, 1:3] += 2 * np.float32(1.5) * exported()["lat_comp"]
    assert_rounded(moved.array, expected, 8)
    _, own = run(file=save(tmp_path / "edit.pkl", exported()), strength=2, rows="4")
    assert np.flatnonzero(np.abs(own.array - code[:, None]).max(axis=(0, 2))).tolist() == [4]
    path = save(tmp_path / "whole.pkl", exported(edit_start=0, edit_end=ROWS))
    assert run(file=path)[1].space == "w"


def test_exported_edits_that_move_something_else_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "act.pkl", exported(edit_type="activation"))
    assert "moves activations, not codes" in faults(file=path)
    path = save(tmp_path / "z.pkl", exported(latent_space="Z"))
    assert "a direction in z moves codes in z" in faults(file=path)
    path = save(tmp_path / "all.pkl", exported(latent_space="Z", edit_start=0, edit_end=ROWS))
    nodes = {"code": {"op": "sample"}, "moved": {"op": "direction", "kind": "file", "of": "code", "file": path}}
    assert fgraph.run(load({"nodes": nodes, "outputs": ["moved"]}), device="cpu")["moved"].space == "z"
    path = save(tmp_path / "lost.pkl", {name: one for name, one in exported().items() if name != "lat_stdev"})
    assert "without their deviations 'lat_stdev'" in faults(file=path)


# -- styles of each convolution: StyleGAN-Human


@pytest.mark.numeric
def test_a_folder_has_the_styles_of_each_convolution(tmp_path: Path) -> None:
    folder = tmp_path / "upper_length"
    folder.mkdir()
    parts = [numbers(layer.in_channels, seed=number) for number, layer in enumerate(CONVS[:-1])]
    for number, part in enumerate(parts):
        save(folder / f"style_vect_mean_{number}.pkl", part[None] if number % 2 else part)
    _, moved = run(file=str(folder), strength=2)
    _, still = run(file=str(folder), strength=0)
    expected = still.array.copy()
    for layer, part in zip(CONVS, parts, strict=False):
        expected[:, layer.style_slice] += 2 * part.astype(np.float32)
    assert moved.space == "s"
    assert_rounded(moved.array, expected, 4)
    (folder / "style_vect_mean_1.pkl").unlink()
    assert "numbered from 0, one for each convolution" in faults(file=str(folder))
    save(folder / "style_vect_mean_1.pkl", numbers(3))
    assert "have [" in faults(file=str(folder))
