"""The node pack for ComfyUI, against the interface that ComfyUI loads."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.paths import ROOT
from tests.rounding import assert_rounded

WIDGETS = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}
SOCKETS = ("IMAGE", "MASK")


@pytest.fixture(scope="module")
def pack() -> Iterator[ModuleType]:
    """The pack, imported from its folder as ComfyUI imports a folder of custom_nodes."""
    folder = ROOT / "examples" / "comfyui"
    spec = importlib.util.spec_from_file_location(
        "custom_nodes_fgraph", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    for name in [one for one in sys.modules if one.startswith(spec.name)]:
        del sys.modules[name]


def defaults_of(node: Any) -> dict[str, Any]:
    """Return the values of the widgets when a node is placed."""
    return {name: options["default"] for name, (_, options) in node.INPUT_TYPES()["required"].items()}


def test_every_graph_file_is_a_node(pack: ModuleType) -> None:
    files = sorted((ROOT / "examples" / "comfyui" / "graphs").glob("*.yaml"))
    assert sorted(pack.NODE_CLASS_MAPPINGS) == [f"Fgraph_{path.stem}" for path in files]
    assert pack.NODE_DISPLAY_NAME_MAPPINGS.keys() == pack.NODE_CLASS_MAPPINGS.keys()


def test_nodes_have_the_interface_of_comfyui(pack: ModuleType) -> None:
    for node in pack.NODE_CLASS_MAPPINGS.values():
        assert len(node.RETURN_TYPES) == len(node.RETURN_NAMES) > 0
        assert set(node.RETURN_TYPES) <= set(SOCKETS)
        assert callable(getattr(node(), node.FUNCTION))
        assert node.CATEGORY == "fgraph"
        assert node.DESCRIPTION
        for name, (kind, options) in node.INPUT_TYPES()["required"].items():
            assert type(options["default"]) is WIDGETS[kind], name
        for name, (kind, *_) in node.INPUT_TYPES()["optional"].items():
            assert kind == "IMAGE" or "auto" in kind, name


def test_a_node_makes_images_and_masks_as_comfyui_has_them(pack: ModuleType) -> None:
    node = pack.NODE_CLASS_MAPPINGS["Fgraph_landscape_blend"]
    image, mask = node().run(**defaults_of(node), device="cpu")
    assert (image.shape, mask.shape) == ((1, 64, 64, 3), (1, 64, 64))
    assert image.dtype == mask.dtype == torch.float32
    assert float(image.min()) >= 0
    assert float(image.max()) <= 1
    assert mask[0, 0, 0] == 0
    assert mask[0, 0, -1] == 1


def test_widgets_reach_the_graph(pack: ModuleType) -> None:
    node = pack.NODE_CLASS_MAPPINGS["Fgraph_landscape_blend"]
    plain = {**defaults_of(node), "title": " "}
    first, _ = node().run(**plain, device="cpu")
    other, _ = node().run(**{**plain, "seed": 7}, device="cpu")
    titled, mask = node().run(**{**plain, "title": 'a "b"\\ c', "start": 0.5}, device="cpu")
    assert not torch.equal(first, other)
    assert not torch.equal(first, titled)
    assert mask[0, 0, 31] == 0


@pytest.mark.numeric
def test_an_image_takes_the_place_of_a_file(pack: ModuleType) -> None:
    node = pack.NODE_CLASS_MAPPINGS["Fgraph_picture_in_panorama"]
    red = torch.zeros(2, 64, 64, 3)
    red[1, ..., 0] = 1
    (made,) = node().run(**defaults_of(node), picture=red, device="cpu")
    assert made.shape == (2, 64, 320, 3)
    assert_rounded(made[1, 32, 160], torch.tensor([1.0, 0, 0]), 8)
    (alone,) = node().run(**defaults_of(node), device="cpu")
    assert alone.shape == (1, 64, 320, 3)


def test_a_changed_file_runs_again(pack: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "params: {seed: 1}\nseed: ${params.seed}\nnodes: {c: {op: sample}, i: {op: decode, of: c}}\noutputs: [i]"
    )
    (node,) = sys.modules[f"{pack.__name__}.pack"].find_nodes([tmp_path]).values()
    before = node.IS_CHANGED(seed=1)
    assert node.IS_CHANGED(seed=1) == before
    stamp = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(stamp, stamp))
    assert node.IS_CHANGED(seed=1) != before


def test_a_file_with_a_fault_is_left_out(pack: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wrong.yaml").write_text("nodes: {i: {op: decode, of: c}}\noutputs: [i]")
    (tmp_path / "codes.yaml").write_text("nodes: {c: {op: sample}}\noutputs: [c]")
    (tmp_path / "list.yaml").write_text(
        "params: {seeds: [1]}\nnodes: {c: {op: sample}, i: {op: decode, of: c}}\noutputs: [i]"
    )
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / "a.png")
    assert sys.modules[f"{pack.__name__}.pack"].find_nodes([tmp_path]) == {}
    printed = capsys.readouterr().out
    assert "reads 'c', which is not a node" in printed
    assert "has no output that is an image or a mask" in printed
    assert "params.seeds is [1]" in printed
