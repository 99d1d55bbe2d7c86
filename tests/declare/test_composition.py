"""Graph files with a `defaults` list, composed by Hydra."""

from pathlib import Path

import pytest
from hydra.version import VersionBase
from omegaconf import OmegaConf

from fgraph.declare import Graph, Subgraph, config_source, read, trace_files
from tests.declare.toys import OPS

GRAPH = """\
defaults:
  - /subgraph@nodes.left: moved
  - _self_
params: {seed: 4}
nodes:
  code: {op: sample, seed: "${...params.seed}"}
  left: {inputs: {x: code}}
  image: {op: decode, of: left}
outputs: [image]
"""
MOVED = """\
op: subgraph
inputs:
  x: ???
nodes:
  move: {op: shift, of: x, dx: 0.5}
output: move
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "graph").mkdir()
    (tmp_path / "subgraph").mkdir()
    (tmp_path / "graph" / "mine.yaml").write_text(GRAPH)
    (tmp_path / "subgraph" / "moved.yaml").write_text(MOVED)
    (tmp_path / "subgraph" / "other.yaml").write_text(MOVED.replace("dx: 0.5", "dy: 0.25"))
    return tmp_path / "graph" / "mine.yaml"


def test_a_subgraph_is_merged_under_its_node(file: Path) -> None:
    spec, faults = read(file, ops=OPS)
    assert not faults
    left = spec.nodes["left"]
    assert isinstance(left, Subgraph)
    assert left.inputs == {"x": "code"}
    assert left.nodes["move"].model_dump()["dx"] == 0.5
    assert spec.nodes["code"].model_dump()["seed"] == 4


def test_places_name_each_file(file: Path) -> None:
    place = read(file, ops=OPS)[0].source.place
    inner = str(file.parent.parent / "subgraph" / "moved.yaml")
    assert place("nodes", "image", "of") == (str(file), 8)
    assert place("nodes", "left", "inputs", "x") == (str(file), 7)
    assert place("nodes", "left", "nodes", "move", "dx") == (inner, 5)
    assert place("nodes", "left", "output") == (inner, 6)


def test_overrides_of_fields_and_of_groups(file: Path) -> None:
    overrides = ["subgraph@graph.nodes.left=other", "graph.nodes.left.nodes.move.dx=0.75", "params.seed=9", "new=1"]
    spec, faults = read(file, overrides, ops=OPS)
    assert [(fault.file, fault.message) for fault in faults] == [("override 'new=1'", "a graph has no field 'new'")]
    left = spec.nodes["left"]
    assert isinstance(left, Subgraph)
    assert (left.nodes["move"].model_dump()["dx"], left.nodes["move"].model_dump()["dy"]) == (0.75, 0.25)
    assert spec.nodes["code"].model_dump()["seed"] == 9


def test_a_fault_in_a_merged_file_names_that_file(file: Path) -> None:
    inner = file.parent.parent / "subgraph" / "moved.yaml"
    inner.write_text(MOVED.replace("dx", "dxx"))
    _, (fault,) = read(file, ops=OPS)
    assert (fault.file, fault.line, fault.where) == (str(inner), 5, "nodes.left.nodes.move.dxx")


def test_an_input_that_was_not_given_is_a_fault(file: Path) -> None:
    file.write_text(GRAPH.replace("  left: {inputs: {x: code}}\n", ""))
    _, (fault,) = read(file, ops=OPS)
    assert (fault.where, fault.message) == ("nodes.left.inputs.x", "this value must be given")


def test_a_default_that_does_not_exist_is_one_fault(file: Path) -> None:
    file.write_text(GRAPH.replace(": moved", ": movd"))
    spec, (fault,) = read(file, ops=OPS)
    assert (fault.file, fault.line, fault.where) == (str(file), 1, "defaults")
    assert "Could not find 'subgraph/movd'" in fault.message
    assert "moved" in fault.message
    assert "nodes" in spec.broken_keys


def test_a_merged_file_that_is_not_yaml_is_a_fault_with_its_line(file: Path) -> None:
    inner = file.parent.parent / "subgraph" / "moved.yaml"
    inner.write_text("op: subgraph\nnodes: {a: [}\n")
    _, (fault,) = read(file, ops=OPS)
    assert (fault.file, fault.line) == (str(inner), 2)
    assert fault.message.startswith("this is not YAML")


def test_hydras_own_state_is_left_as_it_was(file: Path) -> None:
    before = VersionBase.instance().getbase()
    read(file, ops=OPS)
    assert VersionBase.instance().getbase() is before


def test_a_composed_graph_is_written_as_one_plain_file(file: Path) -> None:
    spec, _ = read(file, ops=OPS)
    text = Graph.from_spec(spec, ops=OPS).to_yaml()
    assert "defaults" not in text
    assert read(text, ops=OPS)[0].nodes == spec.nodes


def test_a_mapping_composed_elsewhere_can_be_traced(file: Path) -> None:
    trace = trace_files([(file, ()), (file.parent.parent / "subgraph" / "moved.yaml", ("nodes", "left"))])
    data = {"nodes": {"left": {"op": "subgraph", "nodes": {"move": {"op": "shif"}}, "output": "move"}, "code": 3}}
    _, faults = read(data, ops=OPS, trace=trace)
    assert {(Path(fault.file or "").name, fault.line) for fault in faults} == {("mine.yaml", 6), ("moved.yaml", 5)}


def test_a_bundled_file_is_read_again_only_if_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_source, "BUNDLED", tmp_path.resolve())
    parsed: dict[object, bytes] = {}
    monkeypatch.setattr(config_source, "_parsed", parsed)
    source = config_source.GraphFileSource("main", f"file://{tmp_path}")
    (tmp_path / "own.yaml").write_text("a: {b: 1}")
    first, second = source.load_config("own"), source.load_config("own")
    assert len(parsed) == 1
    OmegaConf.update(first.config, "a.b", 2)  # as an override does
    assert second.config == {"a": {"b": 1}}
    assert (second.path, second.provider, second.header) == (first.path, first.provider, first.header)
    (tmp_path / "own.yaml").write_text("a: {b: 30}")
    assert source.load_config("own").config == {"a": {"b": 30}}
