"""Graphs written in Python."""
# ruff: noqa: E501 (a table of messages)

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fgraph._errors import GraphError
from fgraph._results import Latents
from fgraph.declare import Graph, GraphSpec, NodeRef, read
from fgraph.digraph import wire
from fgraph.registry import registry_with
from tests.declare.toys import BLEND, OPS


@pytest.fixture
def g() -> Graph:
    return Graph(ops=OPS)


def fault_of(call: Any) -> tuple[str, str, str | None]:
    with pytest.raises(GraphError) as caught:
        call()
    (fault,) = caught.value.faults
    assert fault.file == __file__
    return fault.where, fault.message, fault.hint


def test_equals_the_same_graph_in_yaml(g: Graph) -> None:
    left, right = g.sample(id="left"), g.sample(id="right")
    fade = g.mask("ramp", "x", start=0.25, stop=0.75, id="fade")
    g.output("image", g.decode(g.blend(left, right, fade, id="mix"), id="image"))
    assert g.spec == read(BLEND, ops=OPS)[0]
    assert read(g.to_yaml(), ops=OPS)[0] == g.spec


def test_ids_are_counted_by_op_and_skip_those_taken(g: Graph) -> None:
    g.sample(id="sample_2")
    assert [g.sample().node_id for _ in range(3)] == ["sample_1", "sample_3", "sample_4"]
    assert g.mask("ramp").node_id == "mask_1"


def test_python_values_are_accepted(g: Graph) -> None:
    g.sample(range(3), id="a")
    g.sample(seed=[1, 2], truncation=(0.5, 0.7), id="b")
    g.concat([g["a"], "b"], axis="y", id="c")
    g.latent(value=np.eye(2, dtype=np.float64), id="d")
    nodes = {name: node.model_dump() for name, node in g.spec.nodes.items()}
    assert nodes["a"]["seed"] == (0, 1, 2)
    assert nodes["b"]["truncation"] == (0.5, 0.7)
    assert nodes["c"]["of"] == ("a", "b")
    assert nodes["d"]["value"] == [[1.0, 0.0], [0.0, 1.0]]


def test_a_spec_does_not_change_with_its_graph(g: Graph) -> None:
    g.sample()
    spec = g.spec
    g.sample()
    assert len(spec.nodes) == 1
    again = Graph.from_spec(spec, ops=OPS)
    assert again.spec == spec
    assert again.sample().node_id == "sample_2"


def test_outputs(g: Graph) -> None:
    code = g.sample(id="code")
    g.outputs = {"image": g.decode(code), "code": "code"}
    assert g.outputs == {"image": "decode_1", "code": "code"}
    g.outputs = [code]
    assert g.outputs == {"code": "code"}
    g.output("again", code)
    assert list(g.spec.outputs) == ["code", "again"]


def test_models_may_be_one_or_several() -> None:
    class Generator:
        table = ()

    loaded = Generator()
    assert Graph("landscape", ops=OPS).spec.models == {"main": "landscape"}
    assert Graph(loaded, ops=OPS).spec.models == {"main": loaded}
    graph = Graph({"main": "a", "toon": loaded}, ops=OPS)
    with pytest.raises(GraphError, match=r"models\.toon: a loaded Generator has no form in YAML"):
        graph.to_yaml()


def test_subgraphs(g: Graph) -> None:
    inner = Graph(ops=OPS)
    inner.output("moved", inner.shift("x", dx=0.5, id="move"))
    code = g.sample(id="code")
    left = g.subgraph(inner, inputs={"x": code}, id="left")
    right = g.subgraph({"move": inner.spec.nodes["move"]}, inputs={"x": left}, output="move", id="right")
    g.output("image", g.decode(right, id="image"))
    wiring, faults = wire(g.spec)
    assert not faults
    assert {wired.id: dict(wired.inputs) for wired in wiring.nodes} == {
        "code": {},
        "left.move": {"of": ("code",)},
        "right.move": {"of": ("left.move",)},
        "image": {"of": ("right.move",)},
    }
    assert read(g.to_yaml(), ops=OPS)[0] == g.spec
    assert fault_of(lambda: g.subgraph(g.spec.nodes, output="code", inputs={"code": code}))[1].startswith(
        "'code' cannot"
    )
    assert "needs an 'output'" in fault_of(lambda: g.subgraph(g.spec.nodes))[1]
    assert "is a node of another graph" in fault_of(lambda: g.subgraph(inner, output=code))[1]


@pytest.mark.parametrize(
    ("call", "where", "message", "hint"),
    [
        (lambda g: g.sample(sed=3), "nodes.sample_1.sed", "sample has no field 'sed'", "did you mean 'seed'?"),
        (lambda g: g.sample("x"), "nodes.sample_1.seed", "found 'x', expected a whole number of at least 0, or a list of these", None),
        (lambda g: g.decode(), "nodes.decode_1.of", "decode needs its port 'of', which reads Features", None),
        (lambda g: g.decode(g, id="d"), "nodes.d.of", "found Graph(0 nodes, outputs: none), expected the id of a node that makes Features", None),
        (lambda g: g.mask("rmp"), "", "mask has no kind 'rmp'", "did you mean 'ramp'?"),
        (lambda g: g.mask(), "", "mask needs a kind", "one of ramp, box, combine"),
        (lambda g: g.mask("ramp", kind="box"), "nodes.mask_1.box", "found 'ramp', expected a list of 4 numbers", None),
        (lambda g: g.sample(1, 2, 3, 4), "", "sample takes at most 3 values by position: seed, truncation, model", None),
        (lambda g: g.sample(1, seed=2), "", "sample is given 'seed' twice: by position and by name", None),
        (lambda g: g.sample(id="1a"), "", "'1a' is not an id: use letters, digits and '_', with no digit first", None),
        (lambda g: g.output("a/b", "x"), "", "'a/b' cannot name an output: use letters, digits, '_', '-' and '.', 200 at most", None),
        (lambda g: g["x"], "", "there is no node 'x'", None),
        (lambda g: Graph(seed=-1, ops=OPS), "seed", "found -1, expected a whole number from 0 to 9223372036854775807", None),
        (lambda g: Graph(models={"main": 3}, ops=OPS), "models.main", "found 3, expected a bundled name, a path, a URL or a loaded generator", None),
        (lambda g: Graph(noise={"mode": "x"}, ops=OPS), "noise.mode", "found 'x', expected one of const, random, none, given", None),
    ],
)  # fmt: skip
def test_a_wrong_call_fails_at_once_in_plain_words(
    g: Graph, call: Any, where: str, message: str, hint: str | None
) -> None:
    assert fault_of(lambda: call(g)) == (where, message, hint)
    assert not g.spec.nodes


def test_a_node_of_another_graph_is_refused(g: Graph) -> None:
    other = Graph(ops=OPS).sample(id="code")
    _, message, hint = fault_of(lambda: g.concat([g.sample(), other]))
    assert message == "'code' is a node of another graph"
    assert "subgraph" in str(hint)


def test_an_id_is_taken_once(g: Graph) -> None:
    g.sample(id="a")
    assert fault_of(lambda: g.sample(id="a"))[1] == "there is a node 'a' already"


def test_an_unknown_node_is_an_attribute_error_too(g: Graph) -> None:
    with pytest.raises(GraphError, match="did you mean 'sample'"):
        g.smaple()
    assert not hasattr(g, "nonsense")
    assert {"sample", "blend", "to_yaml"} <= set(dir(g))
    assert copy.copy(g).spec == g.spec


def test_later_faults_name_the_line_of_the_program(g: Graph) -> None:
    g.decode("nothing", id="image")
    line = g.spec.source.place("nodes", "image")[1]
    assert "g.decode" in Path(__file__).read_text(encoding="utf-8").splitlines()[(line or 0) - 1]
    _, faults = wire(g.spec)
    assert {fault.file for fault in faults if fault.line} == {__file__}


def test_handles_are_short_and_hashable() -> None:
    graph = Graph(ops=OPS)
    code = graph.sample(id="code")
    assert isinstance(code, NodeRef)
    assert (str(code), repr(code), code.graph) == ("code", "NodeRef(node_id='code')", graph)
    assert code in {code}
    assert "code" in graph
    assert GraphSpec() == Graph(ops=OPS).spec


@pytest.mark.parametrize(
    "codes", [np.eye(2, 128), np.eye(2, 128).tolist(), Latents(np.eye(2, 128, dtype=np.float32), "z", "main")]
)
def test_codes_may_be_the_first_argument(codes: Any) -> None:
    """As an array, as lists, and as the result of a run, which knows its space."""
    graph = Graph(models="landscape")
    graph.latent(codes, id="codes")
    node: Any = graph.spec.nodes["codes"]
    assert node.file is None
    assert node.value.shape == (2, 128)
    assert node.space == ("z" if isinstance(codes, Latents) else None)
    assert read(graph.to_yaml(), ops=registry_with())[0].nodes == graph.spec.nodes


def test_a_file_and_numbers_exclude_each_other() -> None:
    with pytest.raises(GraphError, match="give either file or value"):
        Graph(models="landscape").latent("codes.npy", [[1.0]])
