"""YAML text: the values that are read, and the line of each part."""

from typing import Any

import pytest

import fgraph
from fgraph.declare.document import parse


def test_every_key_and_item_has_its_line() -> None:
    document = parse("seed: 1\nnodes:\n  a:\n    op: sample\n    seed: [1,\n      2]\n", "x.yaml")
    place = document.places.freeze().place
    assert place("nodes", "a", "op") == ("x.yaml", 4)
    assert place("nodes", "a", "seed", 1) == ("x.yaml", 6)
    assert place("nodes", "a", "truncation") == ("x.yaml", 3)  # the closest known ancestor
    assert place("outputs") == ("x.yaml", None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1.5", 1.5),
        (".inf", float("inf")),
        ("2026-11-23", "2026-11-23"),
        ("false", False),
        ("True", True),
        ("~", None),
        ("'1'", "1"),
        ("0..3", "0..3"),
        ("b8..b32", "b8..b32"),
        (":-1", ":-1"),
        ("[1, [2, x]]", [1, [2, "x"]]),
    ],
)
def test_scalars_read_as_hydra_reads_them(text: str, value: Any) -> None:
    from omegaconf import OmegaConf

    assert parse(f"a: {text}").data == {"a": value}
    assert OmegaConf.to_container(OmegaConf.create(f"a: {text}")) == {"a": value}


WORDS = ("y", "n", "yes", "no", "on", "off", "Yes", "NO", "On", "OFF")


@pytest.mark.parametrize("word", WORDS)
def test_words_that_were_booleans_in_yaml_1_1_stay_as_written(word: str) -> None:
    assert parse(f"{word}: {word}\nof: [{word}]\n3: 4").data == {word: word, "of": [word], "3": 4}


@pytest.mark.parametrize("word", WORDS)
def test_such_words_name_nodes_and_are_read_back(word: str) -> None:
    graph = fgraph.load(
        f"nodes:\n  {word}: {{op: sample}}\n  image: {{op: decode, of: {word}}}\noutputs: {{{word}: image}}\n"
    )
    assert list(graph.spec.nodes) == [word, "image"]
    assert graph.spec.outputs == {word: "image"}
    assert fgraph.load(graph.to_yaml()).spec == graph.spec


def test_a_field_of_such_a_word_is_reported_as_written() -> None:
    text = "nodes:\n  code: {op: sample}\n  image: {op: decode, off: code}\noutputs: [image]\n"
    with pytest.raises(fgraph.GraphError) as caught:
        fgraph.load(text)
    found = [(fault.where, fault.message, fault.hint) for fault in caught.value.faults]
    assert ("nodes.image.off", "decode has no field 'off'", "did you mean 'of'?") in found


def test_a_field_that_is_true_or_false_takes_such_words() -> None:
    graph = fgraph.load("nodes:\n  code: {op: sample}\n  image: {op: decode, of: code, clamp: yes}\noutputs: [image]\n")
    assert graph.spec.nodes["image"].clamp is True  # type: ignore[attr-defined]


def test_doubled_key_names_both_lines() -> None:
    document = parse("a: 1\nb: 2\na: 3\n", "x.yaml")
    (fault,) = document.faults
    assert str(fault) == "x.yaml:3: a: 'a' is given twice, in line 1 and in line 3"
    assert document.data["a"] == 1


@pytest.mark.parametrize(
    ("text", "line"), [("a: [1\nb: {", 2), ("a: b: c", 1), ("a: 1\n---\nb: 1", 2), ("a: !!python/name:os.system x", 1)]
)
def test_invalid_yaml_is_a_fault_with_its_line(text: str, line: int) -> None:
    document = parse(text, "x.yaml")
    assert [fault.line for fault in document.faults] == [line]
    assert document.faults[0].message.startswith("this is not YAML")


def test_anchors_and_merges() -> None:
    text = "base: &base {op: sample, seed: 1}\na: {<<: *base, seed: 2}\nb: {<<: [*base, {count: 3}]}\nc: *base\n"
    assert parse(text).data == {
        "base": {"op": "sample", "seed": 1},
        "a": {"op": "sample", "seed": 2},
        "b": {"op": "sample", "seed": 1, "count": 3},
        "c": {"op": "sample", "seed": 1},
    }
    assert parse("a: {<<: 3}").faults[0].message.startswith("'<<' takes")


@pytest.mark.parametrize("text", ["a: &x {b: *x}", "a: &x [*x]", "a: &x {<<: *x}"])
def test_an_anchor_inside_itself_is_a_fault(text: str) -> None:
    assert [fault.message for fault in parse(text).faults] == ["this anchor contains itself"]
