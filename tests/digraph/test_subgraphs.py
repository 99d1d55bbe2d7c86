"""Graphs as nodes of graphs."""

from fgraph._errors import Fault
from fgraph._ports import Kind
from fgraph._seeds import derive_seed
from fgraph.declare import read
from fgraph.digraph import Wiring, wire
from tests.declare.toys import OPS

TEXT = """\
nodes:
  code: {op: sample}
  left:
    op: subgraph
    inputs: {x: code}
    output: inner
    nodes:
      fade: {op: mask, kind: ramp}
      inner:
        op: subgraph
        inputs: {y: x, m: fade}
        output: mixed
        nodes:
          mixed: {op: blend, a: y, b: moved, mask: m}
          moved: {op: shift, of: y}
  image: {op: decode, of: left}
  again: {op: shift, of: left.inner.moved}
outputs: {image: image, fade: left.fade, again: again}
"""


def wired(text: str) -> tuple[Wiring, list[Fault]]:
    spec, found = read(text, ops=OPS)
    wiring, faults = wire(spec)
    return wiring, found + faults


def test_inner_nodes_get_full_ids_and_a_subgraph_means_its_output() -> None:
    wiring, faults = wired(TEXT)
    assert not faults
    assert {one.id: dict(one.inputs) for one in wiring.nodes} == {
        "code": {},
        "left.fade": {},
        "left.inner.moved": {"of": ("code",)},
        "left.inner.mixed": {"a": ("code",), "b": ("left.inner.moved",), "mask": ("left.fade",)},
        "image": {"of": ("left.inner.mixed",)},
        "again": {"of": ("left.inner.moved",)},
    }
    assert wiring.outputs == {"image": "image", "fade": "left.fade", "again": "again"}
    assert wiring.by_id["left.inner.mixed"].kind is Kind.FEATURES
    assert wiring.by_id["left.inner.mixed"].path == ("nodes", "left", "nodes", "inner", "nodes", "mixed")
    assert wiring.spec.source.place(*wiring.by_id["left.inner.moved"].path) == (None, 15)


def test_the_order_follows_the_file() -> None:
    wiring, _ = wired(TEXT)
    ids = [one.id for one in wiring.nodes]
    assert ids == ["code", "left.fade", "left.inner.moved", "left.inner.mixed", "image", "again"]


def test_equal_inner_ids_have_different_seeds() -> None:
    seeds = {derive_seed(0, name) for name in ("code", "left.code", "right.code")}
    assert len(seeds) == 3
    assert derive_seed(1, "code") not in seeds
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert derive_seed(0, "left") == 1896653388  # must never change, or images would change


def test_inner_nodes_do_not_see_outer_ones() -> None:
    _, (fault,) = wired(TEXT.replace("moved: {op: shift, of: y}", "moved: {op: shift, of: fade}"))
    assert (fault.line, fault.where) == (15, "nodes.left.nodes.inner.nodes.moved.of")
    assert fault.message == "of reads 'fade', which is not a node"
    assert fault.hint == "inner nodes see only each other: add 'fade' to the inputs of the sub-graph"


def test_a_wrong_input_is_one_fault_however_often_it_is_read() -> None:
    _, (fault,) = wired(TEXT.replace("inputs: {x: code}", "inputs: {x: cod}"))
    assert (fault.line, fault.where, fault.message) == (
        5,
        "nodes.left.inputs.x",
        "this reads 'cod', which is not a node",
    )
    assert fault.hint == "did you mean 'code'?"


def test_a_wrong_output_is_one_fault() -> None:
    for wrong, hint in (("innr", "did you mean 'inner'?"), ("x", "name an inner node")):
        _, (fault,) = wired(TEXT.replace("output: inner", f"output: {wrong}"))
        assert (fault.line, fault.where) == (6, "nodes.left.output")
        assert fault.message == f"the output is '{wrong}', which is not an inner node"
        assert fault.hint == hint


def test_a_broken_inner_node_is_one_fault_however_far_out_it_is_read() -> None:
    _, (fault,) = wired(TEXT.replace("moved: {op: shift, of: y}", "moved: {op: shft, of: y}"))
    assert fault.where == "nodes.left.nodes.inner.nodes.moved.op"
    _, (fault,) = wired(TEXT.replace("        output: mixed\n", ""))
    assert fault.where == "nodes.left.nodes.inner.output"


def test_names_inside_are_suggested() -> None:
    _, (fault,) = wired(TEXT.replace("left.inner.moved", "left.inner.movd"))
    assert fault.hint == "did you mean 'left.inner.moved'?"
    _, (fault,) = wired(TEXT.replace("fade: left.fade", "fade: left.x"))
    assert (fault.where, fault.message) == ("outputs.fade", "this names 'left.x', which is not a node")


def test_a_cycle_through_a_subgraph() -> None:
    _, faults = wired(TEXT.replace("inputs: {x: code}", "inputs: {x: again}"))
    assert [fault.message for fault in faults] == ["a cycle: left.inner.moved -> again -> left.inner.moved"]
    _, faults = wired(TEXT.replace("inputs: {x: code}", "inputs: {x: left}"))
    assert faults[0].message == "a cycle: left.inner.mixed -> left.inner.mixed"


def test_kinds_are_checked_through_a_subgraph() -> None:
    _, (fault,) = wired(TEXT.replace("m: fade", "m: x"))
    assert fault.where == "nodes.left.nodes.inner.nodes.mixed.mask"
    assert fault.message == "mask reads 'code', which makes Latent; it takes Mask"
