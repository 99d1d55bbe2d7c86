"""Every mistake in a file becomes a fault with its place, all of them together."""
# ruff: noqa: E501 (a table of messages)

from pathlib import Path

import pytest

import fgraph
from fgraph._errors import Fault, GraphError
from fgraph.declare import read
from tests.declare.toys import BLEND, OPS


def faults_of(text: str) -> list[Fault]:
    return read(text, ops=OPS)[1]


def node_fault(node: str) -> Fault:
    read_by_it = "".join(f"  {name}: {{op: sample}}\n" for name in "abxy")
    (fault,) = faults_of(f"nodes:\n  n: {node}\n{read_by_it}outputs: [n]\n")
    assert fault.line == 2
    return fault


def test_a_sound_graph_has_none() -> None:
    spec, faults = read(BLEND, ops=OPS)
    assert not faults
    assert not spec.broken
    assert not spec.broken_keys
    assert list(spec.nodes) == ["left", "right", "fade", "mix", "image"]
    assert spec.outputs == {"image": "image"}
    assert spec.source.place("outputs", "image") == (None, 9)


def test_a_kind_in_place_of_an_op_is_named() -> None:
    fault = node_fault("{op: ramp}")
    assert fault.message == "there is no op 'ramp'"
    assert fault.hint is not None
    assert fault.hint.startswith("it is a kind of mask: {op: mask, kind: ramp}; one of ")


WRONG = """\
version: 2
sed: 4
noise: {mode: randm}
nodes:
  left: {op: sampel}
  right:
    op: sample
    truncaton: 0.7
    seed: [1, x]
  1st: {op: sample}
  fade: {op: mask, kind: rmp}
  mix: {op: blend, a: left, layers: "b8..b16..b32", parts: [both]}
outputs: {image: mix, out/put: mix}
"""


def test_all_faults_of_a_file_come_together_in_order(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(WRONG)
    spec, faults = read(file, ops=OPS)
    found = [(fault.line, fault.where, fault.message, fault.hint) for fault in faults]
    assert found == [
        (1, "version", "found 2, expected 1", None),
        (2, "sed", "a graph has no field 'sed'", "did you mean 'seed'?"),
        (3, "noise.mode", "found 'randm', expected one of const, random, none, given", None),
        (5, "nodes.left.op", "there is no op 'sampel'", f"did you mean 'sample'? one of {', '.join(OPS)}, subgraph"),
        (8, "nodes.right.truncaton", "sample has no field 'truncaton'", "did you mean 'truncation'?"),
        (9, "nodes.right.seed[1]", "found 'x', expected a whole number of at least 0", None),
        (10, "nodes.1st", "'1st' is not an id: use letters, digits and '_', with no digit first", None),
        (11, "nodes.fade.kind", "op 'mask' has no kind 'rmp'", "did you mean 'ramp'?"),
        (12, "nodes.mix.b", "blend needs its port 'b', which reads Features", None),
        (12, "nodes.mix.mask", "blend needs its port 'mask', which reads Mask", None),
        (
            12,
            "nodes.mix.layers",
            "found 'b8..b16..b32': 'b8..b16..b32' is not a layer: write a name, a σ index, or an inclusive range such as b8..b32",
            None,
        ),
        (12, "nodes.mix.parts", "found ['both'], expected one of both, activation, skip", None),
        (
            13,
            "outputs.out/put",
            "'out/put' cannot name an output: use letters, digits, '_', '-' and '.', 200 at most",
            None,
        ),
    ]
    assert all(fault.file == str(file) for fault in faults)
    assert str(faults[1]) == f"{file}:2: sed: a graph has no field 'sed' (did you mean 'seed'?)"
    assert spec.broken == {"left", "right", "1st", "fade", "mix"}
    assert spec.broken_keys == {"version", "sed", "noise", "outputs"}
    assert not spec.nodes
    assert spec.outputs == {"image": "mix"}


@pytest.mark.parametrize(
    ("node", "where", "message"),
    [
        ("{op: mask}", "nodes.n.kind", "op 'mask' needs a 'kind'"),
        ("{}", "nodes.n.op", "this node has no 'op'"),
        ("{op: [a]}", "nodes.n.op", "there is no op ['a']"),
        ("3", "nodes.n", "found 3, expected a node such as {op: sample}"),
        ("~", "nodes.n", "found nothing, expected a node such as {op: sample}"),
        ("{op: sample, seed: -1}", "nodes.n.seed", "found -1, expected a whole number of at least 0, or a list of these"),
        ("{op: sample, seed: 1.5}", "nodes.n.seed", "found 1.5, expected a whole number of at least 0, or a list of these"),
        ("{op: sample, seed: []}", "nodes.n.seed", "found [], expected a whole number of at least 0, or a list of these"),
        ("{op: sample, truncation: {}}", "nodes.n.truncation", "found {}, expected a number, or a list of these"),
        ("{op: sample, truncation: .nan}", "nodes.n.truncation", "found nan, expected a finite number"),
        ("{op: mask, kind: box, box: [0, 0, .inf, 1]}", "nodes.n.box[2]", "found inf, expected a finite number"),
        ("{op: latent, value: [.nan]}", "nodes.n.value", "found [nan]: there are numbers that are not finite, or too large for float32"),
        ("{op: lerp, a: x, b: y, t: 2}", "nodes.n.t", "found 2, expected a number from 0 to 1, or a list of these"),
        ("{op: lerp, a: x, b: y, t: [0, 2]}", "nodes.n.t[1]", "found 2, expected a number from 0 to 1"),
        ("{op: lerp, a: x, b: [y]}", "nodes.n.b", "found ['y'], expected the id of a node that makes Latent"),
        ("{op: lerp, a: x, b: y-z}", "nodes.n.b", "found 'y-z', expected the id of a node that makes Latent"),
        ("{op: concat, of: []}", "nodes.n.of", "found [], expected a list of 1 or more ids of nodes that make Features or Image or Mask"),
        ("{op: mask, kind: box, box: [1, 2]}", "nodes.n.box", "found [1, 2], expected a list of 4 numbers"),
        ("{op: mask, kind: box, box: [1, 2, 3, x]}", "nodes.n.box[3]", "found 'x', expected a number"),
        ("{op: mask, kind: box}", "nodes.n.box", "mask of kind box needs a field 'box': a list of 4 numbers"),
        ("{op: decode, of: x, clamp: 3}", "nodes.n.clamp", "found 3, expected true or false"),
        ("{op: tap, of: x, noise: {mod: none}}", "nodes.n.noise.mod", "noise has no field 'mod'"),
        ("{op: tap, of: x, noise: 3}", "nodes.n.noise", "found 3, expected a mapping of mode, seed, fit, file"),
        ("{op: latent}", "nodes.n", "give either file or value"),
        ("{op: latent, value: [[1], [2, 3]]}", "nodes.n.value", "found [[1], [2, 3]]: an array is nested lists of numbers, all of equal length, or a numpy array"),
    ],
)  # fmt: skip
def test_a_node_that_is_wrong(node: str, where: str, message: str) -> None:
    fault = node_fault(node)
    assert (fault.where, fault.message) == (where, message)


def test_references_of_a_node_with_a_fault_are_checked() -> None:
    text = "nodes:\n  left: {op: sample}\n  n: {op: decode, of: lft, clamp: 3}\noutputs: [n]\n"
    assert [(fault.where, fault.hint) for fault in faults_of(text)] == [
        ("nodes.n.clamp", None),
        ("nodes.n.of", "did you mean 'left'?"),
    ]


def test_an_override_of_a_misspelt_node_suggests_the_right_name() -> None:
    (fault,) = read(BLEND, ["nodes.fad.start=0.4"], ops=OPS)[1]
    assert fault.hint == "did you mean the node 'fade'?"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found nothing, expected a mapping with version, seed"),
        ("a\nb", "found 'a b', expected a mapping"),
        ("- a: 1", "found [{'a': 1}], expected a mapping"),
        ("seed: 1", "a graph needs 'nodes'"),
        ("nodes: [a]\noutputs: [a]", "found ['a'], expected a mapping from id to node"),
        ("nodes: {}\noutputs: a", "found 'a', expected a list of ids, or a mapping from name to id"),
        ("nodes: {}\noutputs: [[a]]", "found ['a'], expected the id of a node"),
        ("nodes: {}\noutputs: [a, a]", "'a' is given twice"),
        ("nodes: {}\nseed: x", "found 'x', expected a whole number from 0 to 9223372036854775807"),
        ("nodes: {}\nmodels: {main: 3}", "found 3, expected a bundled name, a path, a URL or a loaded generator"),
        ("nodes: {}\nmodels: landscape", "found 'landscape', expected a mapping"),
        ("defaults: []\nnodes: {}", "a 'defaults' list works only in a file"),
    ],
)
def test_a_document_that_is_wrong(text: str, message: str) -> None:
    (fault,) = faults_of(text)
    assert fault.message.startswith(message)


@pytest.mark.parametrize("model", ["{a: 1}", "[a]", "5", "''", "null", "true"])
def test_a_model_that_cannot_be_one_is_one_fault(model: str) -> None:
    (fault,) = fgraph.check(f"models: {{main: {model}}}\nnodes: {{a: {{op: sample}}}}\noutputs: [a]")
    assert fault.where == "models.main"
    assert "expected a bundled name, a path, a URL" in fault.message


def test_a_missing_file_suggests_a_similar_name(tmp_path: Path) -> None:
    (tmp_path / "blend.yaml").write_text(BLEND)
    _, (fault,) = read(str(tmp_path / "blent.yaml").replace(":", ""), ops=OPS)
    assert (fault.message, fault.hint) == ("there is no such file", "did you mean 'blend.yaml'?")
    _, (fault,) = read(tmp_path, ops=OPS)
    assert fault.message.startswith("this file cannot be read")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\xfa")
    _, (fault,) = read(tmp_path / "bytes.yaml", ops=OPS)
    assert fault.message == "this file cannot be read: it is not text in UTF-8: save it as UTF-8"


def test_a_bad_id_is_one_fault_however_often_it_is_read() -> None:
    faults = faults_of("nodes:\n  my-code: {op: sample}\n  image: {op: decode, of: my-code}\noutputs: [image]\n")
    assert [fault.where for fault in faults] == ["nodes.my-code"]


def test_a_doubled_node_is_still_checked() -> None:
    faults = faults_of("nodes:\n  a: {op: sample, sed: 1}\n  a: {op: sample}\n")
    assert [(fault.line, fault.where) for fault in faults] == [(2, "nodes.a.sed"), (3, "nodes.a")]


def test_faults_inside_a_subgraph_have_their_whole_path() -> None:
    text = """\
nodes:
  left:
    op: subgraph
    inputs: {x: code, y: 3, k: code}
    nodes:
      k: {op: mask, kind: ramp, strat: 0}
      deeper:
        op: subgraph
        nodes: {m: {op: smple}}
    output: k
outputs: [left]
"""
    spec, faults = read(text, ops=OPS)
    assert [(fault.line, fault.where) for fault in faults] == [
        (4, "nodes.left.inputs.y"),
        (6, "nodes.left.nodes.k.strat"),
        (7, "nodes.left.nodes.deeper.output"),
        (9, "nodes.left.nodes.deeper.nodes.m.op"),
    ]
    assert spec.broken == {"left", "left.k", "left.deeper", "left.deeper.m"}
    (fault,) = faults_of(
        text.replace("y: 3, ", "")
        .replace(", strat: 0", "")
        .replace("{m: {op: smple}}", "{m: {op: sample}}\n        output: m")
    )
    assert (fault.where, fault.message) == (
        "nodes.left.inputs.k",
        "the input 'k' is also an inner node: rename one of them",
    )


def test_a_mapping_is_read_and_not_changed() -> None:
    data = {"nodes": {"a": {"op": "sample", "seed": [1, 2]}, "b": {"op": "decode", "of": "a"}}, "outputs": {"x": "b"}}
    before = repr(data)
    spec, faults = read(data, ["nodes.a.seed=7"], ops=OPS)
    assert not faults
    assert spec.nodes["a"].seed == 7  # type: ignore[attr-defined]
    assert repr(data) == before
    assert read({"nodes": dict(spec.nodes), "outputs": ["b"]}, ops=OPS)[0].nodes == spec.nodes


HOSTILE = "\x1b]0;title\x07\x1b[2J\r\n1 fault, all is well\u202e\x85\u2028"


@pytest.mark.parametrize(
    "graph",
    [
        {"nodes": {HOSTILE: {"op": "sample"}}},
        {"nodes": {"a": {"op": HOSTILE}}},
        {"nodes": {"a": {"op": "mask", "kind": HOSTILE}}},
        {"nodes": {"a": {"op": "sample", HOSTILE: 1}}},
        {"nodes": {"a": {"op": "sample", "seed": HOSTILE}}},
        {"nodes": {"a": {"op": "sample", "model": HOSTILE}}, "outputs": ["a"]},
        {"nodes": {"a": {"op": "decode", "of": HOSTILE}}, "outputs": ["a"]},
        {"nodes": {"a": {"op": "sample"}}, "outputs": {HOSTILE: "a"}},
        {"nodes": {"a": {"op": "sample"}}, "outputs": [HOSTILE]},
        {"nodes": {"a": {"op": "sample"}}, "outputs": ["a"], "models": {"main": HOSTILE}},
        {"nodes": {"a": {"op": "image", "path": HOSTILE}}, "outputs": ["a"]},
        {"nodes": {}, HOSTILE: 1},
        {"nodes": {"a": {"op": "sample", "seed": "${" + HOSTILE + "}"}}},
    ],
)
def test_names_from_a_file_cannot_write_to_the_terminal(graph: dict[str, object]) -> None:
    with pytest.raises(GraphError) as caught:
        fgraph.compile(graph, device="cpu")
    title, *lines = str(caught.value).split("\n")
    assert len(lines) == len(caught.value.faults)
    assert all(line.isprintable() for line in (title, *lines))
