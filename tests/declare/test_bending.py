"""Published configurations of network bending become graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import fgraph
from fgraph._errors import FgraphError
from fgraph.cli import main
from fgraph.declare.bending import convert_bending, in_ranges, layer_name
from tests.paths import GOLDENS

# In the form of its example configuration.
CONFIG = """
transforms:
- layer: 4
  transform: "translate"
  params: [0.25, -0.125]
  features: "all"
  feature-param:
- layer: 5
  transform: "ablate"
  params: []
  features: "cluster"
  feature-param: 2
- layer: 3
  transform: "binary-thresh"
  params: [0.5]
  features: "random"
  feature-param: 0.5
other-transforms: []
"""
CLUSTERS = """
5:
- {cluster_index: 2, feature_index: 0}
- {cluster_index: 1, feature_index: 1}
- {cluster_index: 2, feature_index: 2}
- {cluster_index: 2, feature_index: 3}
"""


def one(**entry: Any) -> dict[str, Any]:
    """Return the fields of the node that one transform becomes."""
    full = {"layer": 2, "params": [], "features": "all"} | entry
    nodes = convert_bending({"transforms": [full]}).document["nodes"]
    return {key: value for key, value in nodes["bend_1"].items() if key not in ("op", "of", "layers")}


def test_transforms_become_a_chain_of_bends() -> None:
    document = convert_bending(yaml.safe_load(CONFIG), yaml.safe_load(CLUSTERS)).document
    nodes = document["nodes"]
    assert nodes["bend_1"] == {
        "op": "bend", "kind": "translate", "of": "code", "dx": 0.25, "dy": -0.125, "layers": "b16.conv1",
    }  # fmt: skip
    assert nodes["bend_2"]["of"] == "bend_1"
    assert (nodes["bend_2"]["layers"], nodes["bend_2"]["channels"]) == ("b32.conv0", "0,2..3")
    assert (nodes["bend_3"]["kind"], nodes["bend_3"]["fraction"]) == ("threshold", 0.5)
    assert nodes["image"] == {"op": "decode", "of": "bend_3"}
    assert fgraph.check(document) == []
    assert fgraph.run(document, device="cpu")["image"].array.shape == (1, 3, 64, 64)


@pytest.mark.parametrize(
    ("transform", "params", "fields"),
    [
        ("scale", [1.2], {"kind": "scale", "factor": 1.2, "about": "published"}),
        ("rotate", [45], {"kind": "rotate", "degrees": 45, "about": "published"}),
        ("erode", [2], {"kind": "erode", "radius": 2}),
        ("dilate", [2], {"kind": "dilate", "radius": 2}),
        ("scalar-multiply", [-1.5], {"kind": "multiply", "factor": -1.5}),
        ("binary-tresh", [0.9], {"kind": "threshold", "value": 0.9}),
        ("flip-h", [], {"kind": "flip", "axis": "x"}),
        ("flip-v", [], {"kind": "flip", "axis": "y"}),
        ("invert", [], {"kind": "invert"}),
        ("ablate", None, {"kind": "ablate"}),
    ],
)
def test_every_transform_has_its_kind(transform: str, params: Any, fields: dict[str, Any]) -> None:
    assert one(transform=transform, params=params) == fields


def test_layers_are_the_convolutions_in_order() -> None:
    convs = [layer_name(number) for number in range(9)]
    table = fgraph.load_generator("landscape").table
    assert convs == [layer.name for layer in table.layers if layer.kind == "conv"]


def test_a_sample_strip_bends_each_layer_alone() -> None:
    strip = {"transform": "binary-thresh", "params": [0.9], "features": "all", "feature-param": None}
    made = convert_bending(strip, strip_layers=3)
    nodes = made.document["nodes"]
    assert made.document["outputs"] == ["layer_0", "layer_1", "layer_2", "layer_3"]
    assert {nodes[f"bend_{number}"]["of"] for number in (1, 2, 3)} == {"code"}
    assert [nodes[f"bend_{number}"]["layers"] for number in (1, 2, 3)] == ["b8.conv0", "b8.conv1", "b16.conv0"]
    assert nodes["layer_0"] == {"op": "decode", "of": "code"}
    assert "layers 1 to 3 alone" in made.notes[0]
    result = fgraph.run(made.document, device="cpu")
    assert {image.array.shape for image in result.values()} == {(1, 3, 64, 64)}
    with pytest.raises(FgraphError, match="the configuration: unknown transform 'resize'"):
        convert_bending({**strip, "transform": "resize"})


def test_layer_0_is_left_out_with_a_note() -> None:
    made = convert_bending({"transforms": [{"layer": 0, "transform": "ablate", "params": [], "features": "all"}]})
    assert made.document["nodes"]["image"]["of"] == "code"
    assert "layer 0" in made.notes[0]


def test_runs_of_numbers() -> None:
    assert in_ranges([7]) == "7"
    assert in_ranges([3, 2, 1, 9, 10]) == "1..3,9..10"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"transform": "rotat"}, r"transforms\[0\]: unknown transform 'rotat'.*did you mean 'rotate'"),
        ({"transform": "resize", "params": [1.0, 2.0]}, "unknown transform 'resize'"),
        ({"transform": "scale"}, r"params of scale are \[\]; expected the numbers \[factor\]"),
        ({"transform": "ablate", "layer": 17}, "layer is 17; expected 1 to 16"),
        ({"transform": "ablate", "features": "some"}, "features is 'some'"),
        ({"transform": "ablate", "features": "random"}, "feature-param is None"),
        ({"transform": "ablate", "features": "cluster", "feature-param": 2}, "needs the dictionary of clusters"),
    ],
)
def test_configurations_that_cannot_be_converted_are_refused(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(FgraphError, match=message):
        one(**entry)


def test_missing_clusters_are_reported() -> None:
    config, clusters = yaml.safe_load(CONFIG), yaml.safe_load(CLUSTERS)
    with pytest.raises(FgraphError, match="has no layer 5"):
        convert_bending(config, {1: []})
    with pytest.raises(FgraphError, match="no channel in cluster 2 of layer 5"):
        convert_bending(config, {5: clusters[5][1:2]})
    with pytest.raises(FgraphError, match="not a list of cluster_index"):
        convert_bending(config, {5: [{"a": 1}]})


def test_the_command_line_writes_a_graph(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(CONFIG, encoding="utf-8")
    Path("clusters.yaml").write_text(CLUSTERS, encoding="utf-8")
    call = ["mode=convert", "bending=config.yaml"]
    assert main([*call, "clusters=clusters.yaml", "target=bent.yaml", "model=avatar"]) == 0
    assert capsys.readouterr().out == "bent.yaml\n"
    graph = fgraph.load("bent.yaml")
    assert graph.spec.models == {"main": "avatar"}
    assert fgraph.check(graph) == []
    Path("strip.yaml").write_text("transform: invert\nparams: []\nfeatures: all\n", encoding="utf-8")
    assert main(["mode=convert", "bending=strip.yaml", "target=strips.yaml", "model=landscape128"]) == 0
    assert "a sample strip" in capsys.readouterr().out
    assert len(fgraph.load("strips.yaml").outputs) == 11  # the model has 11 convolutions
    for arguments, message in (
        ([*call, "target=bent.yaml"], "needs the dictionary of clusters"),
        ([*call, "target=bent.pt"], "must end in .yaml"),
        (["mode=convert", "bending=none.yaml", "target=bent.yaml"], "cannot read none.yaml"),
        (["mode=check", "bending=config.yaml"], "bending is for mode=convert"),
        (["mode=convert", "bending=strip.yaml", "target=bent.yaml", "model=none.pt"], "there is no model 'none.pt'"),
        (
            ["mode=convert", "bending=strip.yaml", "target=bent.yaml", f"model={GOLDENS}/sg3_t_32.pkl"],
            "is a stylegan3-t",
        ),
    ):
        assert main(arguments) == 2
        assert message in capsys.readouterr().err


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda number: {"transform": "erode", "params": [number]}, "params of erode are"),
        (lambda number: {"features": "cluster", "feature-param": number}, "features: cluster needs a number"),
    ],
)
def test_numbers_that_are_not_finite(number: float, change: Any, says: str) -> None:
    plain = {"layer": 5, "transform": "ablate", "params": [], "features": "all"}
    with pytest.raises(FgraphError, match=says):
        convert_bending({"transforms": [plain | change(number)]}, yaml.safe_load(CLUSTERS))


def test_a_dictionary_of_clusters_with_numbers_that_are_not_finite() -> None:
    entry = {"layer": 5, "transform": "ablate", "params": [], "features": "cluster", "feature-param": 2}
    clusters = {5: [{"cluster_index": 2, "feature_index": float("inf")}]}
    with pytest.raises(FgraphError, match="the clusters of layer 5 are not a list"):
        convert_bending({"transforms": [entry]}, clusters)
