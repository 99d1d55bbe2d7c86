"""`${...}` in a graph."""

from omegaconf import OmegaConf

from fgraph.declare import read, to_yaml
from tests.declare.toys import OPS

TEXT = """\
params: {seed: 4, seeds: [1, 2]}
nodes:
  a: {op: sample, seed: "${...params.seed}", truncation: "${.seed}"}
  b: {op: sample, seed: "${...params.seeds}", truncation: "${..a.truncation}"}
  c: {op: sample, model: "${params.seed}x"}
outputs: [a]
"""


def test_relative_and_absolute() -> None:
    spec, faults = read(TEXT, ops=OPS)
    assert not faults
    a, b, c = (spec.nodes[name].model_dump() for name in "abc")
    assert (a["seed"], a["truncation"]) == (4, 4.0)
    assert (b["seed"], b["truncation"]) == ((1, 2), 4.0)
    assert c["model"] == "4x"


def test_a_text_that_contains_a_value_is_no_number() -> None:
    _, (fault,) = read('params: {seed: 4}\nnodes:\n  a: {op: sample, seed: "1${params.seed}"}\noutputs: [a]\n', ops=OPS)
    assert fault.message.startswith("found '14', expected a whole number")


def test_interpolations_see_overrides() -> None:
    spec, faults = read(TEXT, ["params.seed=9", "nodes.b.truncation=${...params.seed}"], ops=OPS)
    assert not faults
    assert [spec.nodes[name].model_dump()["truncation"] for name in "ab"] == [9.0, 9.0]


def test_relative_interpolation_works_alike_inside_a_larger_config() -> None:
    config = OmegaConf.create({"graph": OmegaConf.create(TEXT.replace("${params.seed}x", "x")), "device": "cpu"})
    spec, faults = read(config.graph, ops=OPS)
    assert not faults
    assert spec.nodes["a"] == read(TEXT, ops=OPS)[0].nodes["a"]
    outer = OmegaConf.create({"graph": {"nodes": {"a": {"op": "sample", "seed": "${number}"}}}, "number": 5})
    assert read(outer.graph, ops=OPS)[0].nodes["a"].model_dump()["seed"] == 5


def test_an_interpolation_without_a_value_is_a_fault_at_its_place() -> None:
    text = """\
nodes:
  a: {op: sample, seed: "${params.x}", sed: 3}
  b: {op: sample, seed: "${.truncatoin}"}
  c: {op: sample, seed: "???"}
  d: {op: sample, model: "${seed}"}
"""
    spec, faults = read(text, ops=OPS)
    assert [(fault.line, fault.where) for fault in faults] == [
        (2, "nodes.a.seed"),
        (2, "nodes.a.sed"),
        (3, "nodes.b.seed"),
        (4, "nodes.c.seed"),
        (5, "nodes.d.model"),
    ]
    assert "each further dot goes up by one" in str(faults[0])
    assert faults[3].message == "this value must be given"
    assert spec.broken == {"a", "b", "c", "d"}
    assert not read(text, [f"nodes.{name}.seed=1" for name in "abc"] + ["~nodes.a.sed", "~nodes.d"], ops=OPS)[1]


def test_literal_dollars_survive_being_written() -> None:
    spec, _ = read({"nodes": {"a": {"op": "sample", "model": r"\${x}"}}}, ops=OPS)
    assert spec.nodes["a"].model_dump()["model"] == "${x}"
    assert read(to_yaml(spec), ops=OPS)[0] == spec
