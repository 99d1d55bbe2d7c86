"""The registry of node classes."""

from types import ModuleType
from typing import Literal

import pytest
from pydantic import create_model

from fgraph._errors import FgraphError
from fgraph.api import bundled
from fgraph.node import Node
from fgraph.registry import field_order, registry, registry_with
from tests.declare.toys import TOYS, Box, Ramp, Sample


class Inherited(Ramp):
    """A ramp with more."""

    kind: Literal["steep"] = "steep"  # type: ignore[assignment]
    steps: int


def test_ops_and_kinds() -> None:
    ops = registry(TOYS)
    assert ops["sample"] is Sample
    assert dict(ops["mask"])["box"] is Box
    assert registry((Sample, Sample)) == {"sample": Sample}  # named twice, it is one class


def test_own_fields_come_before_inherited_ones() -> None:
    assert field_order(Inherited) == ("kind", "steps", "axis", "start", "stop")
    assert field_order(Sample) == ("seed", "truncation", "model")


def test_two_classes_of_one_name_are_refused() -> None:
    class Other(Node):
        op: Literal["sample"] = "sample"

    class Steep(Node):
        op: Literal["mask"] = "mask"
        kind: Literal["box"] = "box"

    with pytest.raises(FgraphError, match="several node classes have op 'sample'"):
        registry((*TOYS, Other))
    with pytest.raises(FgraphError, match="both have op 'mask' and kind 'box'"):
        registry((*TOYS, Steep))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "needs a field such as"),
        ({"op": (Literal["subgraph"], "subgraph")}, "is reserved"),
        ({"op": (Literal["a-b"], "a-b")}, "needs a field such as"),
        ({"op": (Literal["a"], "a"), "id": (int, 3)}, "has a field 'id', which is reserved"),
    ],
)
def test_classes_that_cannot_be_nodes(fields: dict[str, object], message: str) -> None:
    with pytest.raises(FgraphError, match=message):
        registry((create_model("Mine", __base__=Node, **fields),))  # type: ignore[call-overload]


def test_another_package_called_nodes_is_refused() -> None:
    other = ModuleType("nodes")
    other.__file__ = "/somewhere/nodes.py"
    with pytest.raises(FgraphError, match=r"hidden by /somewhere/nodes\.py: rename that"):
        bundled._checked(other)
    folder = ModuleType("nodes")
    folder.__path__ = ["/somewhere/nodes"]
    with pytest.raises(FgraphError, match="hidden by /somewhere/nodes: rename that"):
        bundled._checked(folder)
    other.__fgraph__ = True  # type: ignore[attr-defined]
    assert bundled._checked(other) is other


def test_bundled_and_own_nodes_work_together() -> None:
    class Mine(Node):
        op: Literal["mine"] = "mine"

    ops = registry_with((Mine,))
    assert ops["mine"] is Mine
    assert set(registry_with()) == set(ops) - {"mine"}
