"""Python -> YAML -> the same graph."""

import re
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fgraph.declare import Graph, read, to_yaml
from tests.declare.toys import BLEND, OPS

text = st.text(st.characters(exclude_categories=("Cs",)), max_size=8).filter(lambda value: value != "???")
names = st.from_regex(re.compile(r"[a-z_][a-z0-9_]{0,5}"), fullmatch=True)
numbers = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | numbers | text
plain = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))


@st.composite
def graphs(draw: Any) -> Graph:
    """Draw graphs of random nodes, whose fields are of every kind."""
    models = draw(st.dictionaries(names, text.filter(bool), max_size=2))
    noise = {"mode": draw(st.sampled_from(["const", "none"])), "seed": draw(st.none() | st.integers(0, 9))}
    params = draw(st.dictionaries(names, plain, max_size=3))
    graph = Graph(models, draw(st.integers(0, 2**40)), noise, params=params, ops=OPS)
    for name in draw(st.lists(names, unique=True, min_size=1, max_size=6)):
        _add(draw, graph, name, st.sampled_from([*graph.spec.nodes, "elsewhere"]))
    for name in draw(st.lists(st.from_regex(re.compile(r"[a-z0-9_][a-z0-9_.-]{0,5}"), fullmatch=True), max_size=3)):
        graph.output(name, draw(st.sampled_from(list(graph.spec.nodes))))
    return graph


def _add(draw: Any, graph: Graph, name: str, ids: Any) -> None:
    shape = draw(st.sampled_from(["sample", "latent", "mask", "tap", "concat", "blend", "subgraph"]))
    if shape == "sample":
        seed = draw(st.none() | st.integers(0, 2**32) | st.lists(st.integers(0, 9), min_size=1, max_size=3))
        graph.sample(seed, draw(numbers | st.lists(numbers, min_size=1, max_size=2)), draw(st.none() | text), id=name)
    elif shape == "latent":
        value = draw(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=4))
        graph.latent(np.array([value], np.float32), space=draw(st.sampled_from(["z", "w+"])), id=name)
    elif shape == "mask":
        graph.mask("box", draw(st.lists(numbers, min_size=4, max_size=4)), id=name)
    elif shape == "tap":
        layer = draw(text | st.integers(0, 30))
        graph.tap(draw(ids), layer, noise=draw(st.sampled_from([None, {"mode": "random", "seed": 3}])), id=name)
    elif shape == "concat":
        graph.concat(draw(st.lists(ids, min_size=1, max_size=3)), id=name)
    elif shape == "blend":
        layers = draw(st.sampled_from(["all", "here", "0,4..9", "b8..", "3"]))
        graph.blend(draw(ids), draw(ids), draw(ids), layers, id=name)
    else:
        inner = Graph.from_spec(graph.spec, ops=OPS)
        graph.subgraph(inner, inputs={"elsewhere": draw(ids)}, output=draw(ids), id=name)


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_any_graph_reads_back_equal(graph: Graph) -> None:
    written = graph.to_yaml()
    spec, faults = read(written, ops=OPS)
    assert not faults
    assert spec == graph.spec
    assert to_yaml(spec) == written


def test_is_written_as_a_person_would() -> None:
    spec, _ = read(BLEND, ops=OPS)
    written = to_yaml(spec)
    assert written == BLEND.replace(", axis: x, start: 0.25, stop: 0.75", "")


def test_noise_models_params_and_named_outputs() -> None:
    graph = Graph({"main": "avatar", "toon": "x.pt"}, 7, {"mode": "none"}, params={"w": [1, {"a": "1e3"}]}, ops=OPS)
    graph.output("picture", graph.decode(graph.sample(id="code"), clamp=False, id="image"))
    assert (
        graph.to_yaml()
        == """\
version: 1
seed: 7
params: {w: [1, {a: '1e3'}]}
models: {main: avatar, toon: x.pt}
noise: {mode: none}
nodes:
  code:  {op: sample}
  image: {op: decode, of: code, clamp: false}
outputs: {picture: image}
"""
    )


def test_long_nodes_are_broken_over_lines() -> None:
    graph = Graph(ops=OPS)
    graph.latent(np.arange(40).reshape(2, 20), id="numbers")
    lines = graph.to_yaml().splitlines()
    assert lines[3:6] == [
        "  numbers:",
        "    op: latent",
        f"    value: {graph.spec.nodes['numbers'].model_dump()['value']}",
    ]
    assert read(graph.to_yaml(), ops=OPS)[0] == graph.spec
