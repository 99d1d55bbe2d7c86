"""References, kinds, rows, cycles, models and outputs."""

import re
from typing import Literal

import pytest

from fgraph._errors import Fault
from fgraph._ports import Kind
from fgraph.declare import read
from fgraph.digraph import Wiring, wire
from fgraph.node import Node
from fgraph.registry import registry
from tests.declare.toys import BLEND, OPS, TOYS


def wired(text: str) -> tuple[Wiring, list[Fault]]:
    return wire(read(text, ops=OPS)[0])


def faults_of(nodes: str, outputs: str = "[image]") -> list[tuple[int | None, str, str, str | None]]:
    """Return the faults of these nodes, one for each line from line 2 on, beside a sound image."""
    text = f"nodes:\n{nodes}  code: {{op: sample}}\n  image: {{op: decode, of: code}}\noutputs: {outputs}\n"
    return [(fault.line, fault.where, fault.message, fault.hint) for fault in wired(text)[1]]


def test_a_sound_graph() -> None:
    wiring, faults = wired(BLEND.replace("left:  {op: sample}", "left: {op: sample, seed: [1, 2, 3]}"))
    assert not faults
    assert [(one.id, one.kind, one.rows) for one in wiring.nodes] == [
        ("left", Kind.LATENT, 3),
        ("right", Kind.LATENT, 1),
        ("fade", Kind.MASK, 1),
        ("mix", Kind.FEATURES, 3),
        ("image", Kind.IMAGE, 3),
    ]
    mix = wiring.by_id["mix"]
    assert mix.inputs == {"a": ("left",), "b": ("right",), "mask": ("fade",)}
    assert mix.path == ("nodes", "mix")
    assert wiring.outputs == {"image": "image"}


def test_order_follows_the_file_where_possible() -> None:
    text = """\
nodes:
  image: {op: decode, of: moved}
  z: {op: sample}
  moved: {op: shift, of: code}
  a: {op: sample}
  code: {op: sample}
outputs: [image]
"""
    assert [one.id for one in wired(text)[0].nodes] == ["z", "a", "code", "moved", "image"]


def test_kinds_follow_the_first_port() -> None:
    text = """\
nodes:
  code: {op: sample}
  fade: {op: mask, kind: ramp}
  image: {op: decode, of: code}
  a: {op: shift, of: code}
  b: {op: shift, of: fade}
  c: {op: shift, of: image}
  d: {op: concat, of: [code, a]}
  e: {op: knit, of: image}
outputs: {e: e}
"""
    wiring, faults = wired(text)
    assert not faults
    kinds = {one.id: one.kind for one in wiring.nodes}
    assert [kinds[name] for name in "abcde"] == [Kind.FEATURES, Kind.MASK, Kind.IMAGE, Kind.FEATURES, Kind.IMAGE]
    assert wiring.used == {"code", "image", "e"}


def test_references_to_nothing() -> None:
    found = faults_of(
        """\
  a: {op: decode, of: cod}
  b: {op: concat, of: [code, imge, qqq]}
  c: {op: decode, of: code.x}
""",
        "{x: imag, y: qqq}",
    )
    assert found == [
        (2, "nodes.a.of", "of reads 'cod', which is not a node", "did you mean 'code'?"),
        (3, "nodes.b.of[1]", "of reads 'imge', which is not a node", "did you mean 'image'?"),
        (3, "nodes.b.of[2]", "of reads 'qqq', which is not a node", "there are a, b, c, code, image"),
        (4, "nodes.c.of", "of reads 'code.x', which is not a node", "did you mean 'code'?"),
        (7, "outputs.x", "this names 'imag', which is not a node", "did you mean 'image'?"),
        (7, "outputs.y", "this names 'qqq', which is not a node", "there are a, b, c, code, image"),
    ]


def test_wrong_kinds() -> None:
    found = faults_of(
        """\
  fade: {op: mask, kind: ramp}
  a: {op: blend, a: fade, b: code, mask: code}
  b: {op: knit, of: code}
  c: {op: mask, kind: combine, of: [fade, image]}
  d: {op: decode, of: a}
"""
    )
    assert [entry[:3] for entry in found] == [
        (3, "nodes.a.a", "a reads 'fade', which makes Mask; it takes Features"),
        (3, "nodes.a.mask", "mask reads 'code', which makes Latent; it takes Mask"),
        (4, "nodes.b.of", "of reads 'code', which makes Latent; it takes Image"),
        (5, "nodes.c.of[1]", "of reads 'image', which makes Image; it takes Mask"),
    ]


def test_rows_that_do_not_broadcast() -> None:
    found = faults_of(
        """\
  two: {op: sample, seed: [1, 2]}
  a: {op: lerp, a: two, b: code, t: [0, 0.5, 1]}
  b: {op: lerp, a: two, b: code, t: [0, 1]}
"""
    )
    message = "row counts 2 and 3 do not broadcast: expected equal counts, or 1"
    assert found == [(3, "nodes.a", message, "'two' has 2, its t has 3")]


@pytest.mark.parametrize(
    ("nodes", "cycles"),
    [
        ("  a: {op: shift, of: b}\n  b: {op: shift, of: a}\n", ["a -> b -> a"]),
        ("  a: {op: shift, of: a}\n", ["a -> a"]),
        ("  c: {op: shift, of: a}\n  a: {op: shift, of: b}\n  b: {op: shift, of: c}\n", ["c -> b -> a -> c"]),
        ("  a: {op: tap, of: b}\n  b: {op: concat, of: [a, c]}\n  c: {op: tap, of: b}\n", ["a -> b -> a", "b -> c -> b"]),  # noqa: E501
        ("  a: {op: shift, of: a}\n  b: {op: shift, of: b}\n  d: {op: shift, of: a}\n", ["a -> a", "b -> b"]),
    ],
)  # fmt: skip
def test_each_cycle_is_reported_once_as_a_path(nodes: str, cycles: list[str]) -> None:
    assert [entry[2] for entry in faults_of(nodes)] == [f"a cycle: {cycle}" for cycle in cycles]


def test_a_long_cycle_and_many_cycles_stay_readable() -> None:
    chain = "".join(f"  n{i}: {{op: shift, of: n{(i + 1) % 500}}}\n" for i in range(500))
    ((line, where, message, _),) = faults_of(chain)
    assert (line, where) == (2, "nodes.n0")
    assert message.count(" -> ") == 500
    everything = ", ".join(f"n{i}" for i in range(40))
    assert len(faults_of("".join(f"  n{i}: {{op: concat, of: [{everything}]}}\n" for i in range(40)))) == 20


def test_unknown_models() -> None:
    text = """\
models: {toon: t.safetensors}
nodes:
  a: {op: sample, model: ton}
  b: {op: sample, model: main}
  c: {op: sample, model: toon}
  image: {op: decode, of: b}
outputs: [image]
"""
    (fault,) = wired(text)[1]
    assert (fault.line, fault.where, fault.message) == (3, "nodes.a.model", "there is no model 'ton'")
    assert fault.hint == "did you mean 'toon'?"


def test_no_outputs_names_the_last_image() -> None:
    _, (fault,) = wired("nodes:\n  code: {op: sample}\n  a: {op: decode, of: code}\n  b: {op: decode, of: code}\n")
    assert (fault.where, fault.message, fault.hint) == ("outputs", "the graph has no outputs", "outputs: [b]")
    _, (fault,) = wired("nodes: {code: {op: sample}}")
    assert fault.hint is None


def test_consequences_of_a_fault_are_not_reported() -> None:
    text = """\
nodes:
  code: {op: smple}
  other: {op: sample}
  a: {op: decode, of: code}
  b: {op: shift, of: a}
  c: {op: knit, of: othr}
  d: {op: shift, of: c}
  e: {op: blend, a: d, b: other, mask: other}
  f: {op: decode, of: other}
outputs: {a: a, b: b, d: d, f: f}
"""
    spec, found = read(text, ops=OPS)
    wiring, faults = wire(spec)
    assert [fault.where for fault in found] == ["nodes.code.op"]
    assert [fault.where for fault in faults] == ["nodes.c.of"]
    assert [one.id for one in wiring.nodes] == ["other", "f"]
    assert wiring.outputs == {"f": "f"}


@pytest.mark.parametrize("text", ["nodes: [a]", "seed: 1", "", "nodes: {a: {op: sample}}\noutputs: 3"])
def test_broken_top_level_keys_are_reported_once(text: str) -> None:
    spec, found = read(text, ops=OPS)
    assert len(found) == 1
    assert wire(spec)[1] == []


def test_a_class_without_a_kind_is_a_fault() -> None:
    class Source(Node):
        op: Literal["source"] = "source"

    spec, _ = read("nodes: {a: {op: source}, b: {op: sample}}\noutputs: [b]", ops=registry((*TOYS, Source)))
    _, (fault,) = wire(spec)
    assert fault.hint == "its class needs `produces`"


def test_a_thousand_nodes_keep_their_order() -> None:
    body = BLEND[BLEND.index("  left") : BLEND.index("outputs")]
    copies = "".join(re.sub(r"\b(left|right|fade|mix|image)\b", rf"\g<1>{i}", body) for i in range(200))
    wiring, faults = wired(f"nodes:\n{copies}outputs: [{', '.join(f'image{i}' for i in range(200))}]\n")
    assert not faults
    assert [one.id for one in wiring.nodes] == list(wiring.spec.nodes)
    assert len(wiring.used) == 1000
