"""A graph without each of its nodes, for the studio and the command line."""

from __future__ import annotations

from pathlib import Path

import fgraph
from fgraph.digraph import wire
from fgraph.digraph.bypass import find_bypasses, without_node
from fgraph.studio.explaining import ExplainJob
from tests.studio.pages import session_of

GRAPH = """\
nodes:
  z: {op: sample, seed: 1}
  calm: {op: truncate, of: z, truncation: 0.5}
  other: {op: sample, seed: 2}
  inner:
    op: subgraph
    inputs: {code: calm}
    output: mean
    nodes:
      mean: {op: lerp, a: code, b: code}
  both: {op: stack, of: [calm, other]}
  one: {op: decode, of: inner}
  two: {op: decode, of: both}
outputs: {single: one, pair: two}
"""


def test_a_bypassed_node_is_replaced_in_lists_and_in_inputs_of_sub_graphs(tmp_path: Path) -> None:
    job = ExplainJob.of(session_of(tmp_path, GRAPH), 0)
    specs = {cell.key: spec for cell, spec in job.make(job.cells)}
    assert {key.partition("/")[0] for key in specs} >= {"", "calm", "both"}
    (inner,) = [node for name, node in specs["calm/single"].nodes.items() if name == "inner"]
    assert inner.inputs == {"code": "z"}  # type: ignore[attr-defined]
    assert specs["calm/pair"].nodes["both"].of == ("z", "other")  # type: ignore[attr-defined]
    assert specs["/pair"].nodes["both"].of == ("calm", "other")  # type: ignore[attr-defined]


def test_the_command_line_bypasses_the_same_nodes(tmp_path: Path) -> None:
    session = session_of(tmp_path, GRAPH)
    document = session.reading.data
    wiring, _ = wire(fgraph.load(GRAPH).spec)
    found = find_bypasses(wiring)
    assert found == {"calm": "z", "both": "calm"}
    without = without_node(document, wiring, "calm", "z")
    assert without["nodes"]["inner"]["inputs"] == {"code": "z"}
    assert without["nodes"]["both"]["of"] == ["z", "other"]
    assert without["nodes"]["calm"] == document["nodes"]["calm"]
    assert without_node(document, wiring, "both", "calm")["outputs"] == {"single": "one", "pair": "two"}
    assert not fgraph.check(without)
