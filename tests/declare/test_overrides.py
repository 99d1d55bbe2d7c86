"""Overrides in Hydra's grammar."""

import pytest

from fgraph.declare import GraphSpec, read
from tests.declare.toys import BLEND, OPS


def sound(*overrides: str) -> GraphSpec:
    spec, faults = read(BLEND, overrides, ops=OPS)
    assert not faults
    return spec


def test_fields_old_and_new() -> None:
    spec = sound(
        "graph.nodes.fade.start=0.4",
        "seed=3",
        "+nodes.fade.axis=y",
        "++graph.nodes.left.seed=[1,2]",
        "nodes.mix.layers='0,4..9'",
        "models.main=toon",
        "params.anything.at=all",
        "outputs.0=mix",
    )
    fade = spec.nodes["fade"].model_dump()
    assert (fade["start"], fade["axis"], spec.seed) == (0.4, "y", 3)
    assert spec.nodes["left"].model_dump()["seed"] == (1, 2)
    assert spec.nodes["mix"].model_dump()["layers"] == "0,4..9"
    assert (spec.models, spec.params, spec.outputs) == ({"main": "toon"}, {"anything": {"at": "all"}}, {"mix": "mix"})


def test_nodes_are_added_merged_and_deleted() -> None:
    spec = sound(
        "nodes.extra.op=shift", "nodes.extra.of=mix", "nodes.image={of: extra, clamp: false}", "~nodes.fade.stop"
    )
    assert spec.nodes["extra"].model_dump()["of"] == "mix"
    assert spec.nodes["image"].model_dump() == {"op": "decode", "of": "extra", "clamp": False}
    assert spec.nodes["fade"].model_dump()["stop"] == 0.75
    assert "left" not in sound("~nodes.left").nodes


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("nodes.fade.start=abc", "found 'abc', expected a number"),
        ("nodes.mix.layer=b8", "blend has no field 'layer'"),
        ("nodes.extra.op=shift", "shift needs its port 'of'"),
        ("nodes.left=3", "found 3, expected a node"),
    ],
)
def test_a_fault_names_the_override_that_caused_it(override: str, message: str) -> None:
    _, (fault,) = read(BLEND, [override], ops=OPS)
    assert fault.message.startswith(message)
    assert (fault.file, fault.line) == (f"override '{override}'", None)
    assert str(fault).startswith(f"override '{override}': nodes.")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed=1,2", "override 'seed=1,2' is a sweep"),
        ("nodes.left.seed=range(0,4)", "override 'nodes.left.seed=range(0,4)' is a sweep"),
        ("a b", "override 'a b' cannot be read"),
        ("nodes.left.seed=[1,", "override 'nodes.left.seed=[1,' cannot be read"),
        ("nodes.mix.mask.x=3", "override 'nodes.mix.mask.x=3' finds nothing to change: nodes.mix.mask holds no fields"),
        ("outputs.4=mix", "override 'outputs.4=mix' finds no item 4 in a list of 1"),
        ("~nodes.nothing", "override '~nodes.nothing' finds nothing to delete"),
        ("subgraph@nodes.left=x", "override 'subgraph@nodes.left=x' chooses from a group"),
    ],
)
def test_an_override_that_cannot_be_applied_is_a_fault(override: str, message: str) -> None:
    _, (fault,) = read(BLEND, [override], ops=OPS)
    assert fault.message.startswith(message)


def test_several_wrong_overrides_come_together() -> None:
    _, faults = read(BLEND, ["seed=1,2", "nodes.fade.start=abc", "sed=4"], ops=OPS)
    assert len(faults) == 3
