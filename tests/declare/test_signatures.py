"""The signatures that `help` shows of a graph's methods."""

from __future__ import annotations

import inspect
import pydoc

import pytest

import fgraph
from fgraph.declare.signatures import describe
from fgraph.registry import field_order, kinds_of, registry_with


def test_help_shows_the_text_and_the_fields_of_a_node() -> None:
    text = pydoc.plain(pydoc.render_doc(fgraph.Graph().blend))
    assert "blend(a: NodeRef | str, b: NodeRef | str, mask: NodeRef | str" in text
    assert "Feature interpolation" in text
    assert "mask: α: 0 shows a, 1 shows b" in text


def test_a_node_with_kinds_lists_them() -> None:
    graph = fgraph.Graph()
    assert str(inspect.signature(graph.mask)).startswith("(kind: Literal['ramp', 'box'")
    assert "mask('ellipse'):" in (graph.mask.__doc__ or "")


@pytest.mark.parametrize("op", sorted(registry_with()))
def test_a_signature_names_every_field_in_the_order_of_the_call(op: str) -> None:
    entry = registry_with()[op]
    if kinds_of(entry) is not None:
        return
    signature, _ = describe(op, entry)
    names = [name.removesuffix("_") for name in signature.parameters]
    assert names == [*field_order(entry), "id"]


def test_a_method_calls_the_node_that_it_describes() -> None:
    graph = fgraph.Graph()
    method = graph.sample
    assert method.__name__ == "sample"
    made = method([3, 8], id="codes")
    assert graph.spec.nodes[made.node_id].seed == (3, 8)  # type: ignore[attr-defined]
