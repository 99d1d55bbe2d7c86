"""Edits of the text of a graph: the change is made, and all other text stays as written."""

from __future__ import annotations

from pathlib import Path

import pytest

from fgraph.declare.document import parse
from fgraph.studio.text import EditError, GraphText

GRAPHS = sorted((Path(__file__).parents[2] / "graphs" / "graph").glob("*.yaml"))
TEXT = """\
# A heading
version: 1
nodes:
  # the first code
  left:  {op: sample, seed: 3}   # three
  right:
    op: sample
    seed: [1,
           2]  # two rows

  fade: {op: mask, kind: ramp}
outputs: [left]  # the end
"""


def edited(old: str, new: str) -> str:
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("nodes", "left", "seed"), 4, edited("seed: 3", "seed: 4")),
        (("nodes", "left", "truncation"), 0.5, edited("seed: 3}", "seed: 3, truncation: 0.5}")),
        (("nodes", "right", "seed"), [5, 6], edited("[1,\n           2]", "[5, 6]")),
        (("nodes", "right", "seed", 1), 6, edited("           2]", "           6]")),
        (("nodes", "right", "space"), "w", edited("# two rows\n", "# two rows\n    space: w\n")),
        (
            ("nodes", "new"),
            {"op": "decode", "of": "left"},
            edited("kind: ramp}\n", "kind: ramp}\n  new: {op: decode, of: left}\n"),
        ),
        (("nodes", "right"), {"op": "own"}, edited("\n    op: sample\n    seed: [1,\n           2]", " {op: own}")),
        (("outputs",), {"a": "left"}, edited("[left]", "{a: left}")),
        (("params", "x"), "on: the", TEXT + "\nparams: {x: 'on: the'}"),
        (("version",), 1, TEXT),
    ],
    ids=["scalar", "flow", "list", "item", "block", "node", "whole", "outputs", "params", "same"],
)
def test_a_value_is_set(path: tuple[str | int, ...], value: object, expected: str) -> None:
    made = GraphText(TEXT).set(path, value).text
    if path[0] == "params":
        assert made == TEXT[:-1] + expected.removeprefix(TEXT) + "\n"
    else:
        assert made == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("nodes", "left", "seed"), edited("op: sample, seed: 3", "op: sample")),
        (("nodes", "left", "op"), edited("op: sample, seed: 3", "seed: 3")),
        (("nodes", "right", "seed"), edited("    seed: [1,\n           2]  # two rows\n", "")),
        (("nodes", "fade"), edited("  fade: {op: mask, kind: ramp}\n", "")),
        (("nodes", "left"), edited("  left:  {op: sample, seed: 3}   # three\n", "")),
        (("nodes", "none"), TEXT),
    ],
    ids=["last", "first", "block", "node", "first node", "absent"],
)
def test_a_value_is_removed(path: tuple[str | int, ...], expected: str) -> None:
    assert GraphText(TEXT).remove(path).text == expected


def test_a_node_is_renamed() -> None:
    assert GraphText(TEXT).rename(("nodes", "left"), "one").text == edited("  left:  {", "  one:  {")


@pytest.mark.parametrize(
    "value", ["true", "1e-3", "a: b", "${...params.x}", "010", "1:30", "2020-01-01", "a\nb", "#", ""]
)
def test_any_text_is_read_back(value: str) -> None:
    made = GraphText(TEXT).set(("nodes", "left", "seed"), value)
    assert parse(made.text).data["nodes"]["left"]["seed"] == value


@pytest.mark.parametrize("file", GRAPHS, ids=[file.stem for file in GRAPHS])
def test_every_value_of_the_bundled_graphs_can_be_set_and_removed(file: Path) -> None:
    text = GraphText(file.read_text("utf-8"))
    for node, fields in text.get("nodes").items():
        for field in fields:
            path = ("nodes", node, field)
            assert text.set(path, 77).get(*path) == 77
            assert text.remove(path).get(*path) is None
        assert node not in text.remove(("nodes", node)).get("nodes")
        assert text.rename(("nodes", node), "renamed_").get("nodes", "renamed_") == fields
    comments = [line for line in text.text.splitlines() if line.startswith("#")]
    assert [line for line in text.set(("seed",), 9).text.splitlines() if line.startswith("#")] == comments


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: 1}\nc: *x\nd: 2\n",
        "a: &x\n  b: 1\nc:\n  <<: *x\n  e: 3\nd: 2\n",
        "a: |\n  text\n  more\nb:\nd: 2\n",
        "{a: 1, b: , d: 2}",
        "a: 'it''s' # c\nb: \"q\\n\"\n\n\nd:\n- 1\n- 2\n",
    ],
    ids=["alias", "merge", "block", "flow", "quotes"],
)
def test_unusual_texts_are_changed_or_refused(text: str) -> None:
    """Every edit is refused, or the new text reads as the old data with the change."""
    start = GraphText(text)
    for key in start.document.data:
        try:
            made = start.set((key,), {"z": 1})
        except EditError:
            continue
        assert made.document.data == {**start.document.data, key: {"z": 1}}
    assert start.set(("d",), 5).get("d") == 5
    assert start.set(("new",), [1]).get("new") == [1]
    assert start.remove(("d",)).get("d") is None


def test_a_text_with_mistakes_is_not_edited() -> None:
    with pytest.raises(EditError, match="mistakes"):
        GraphText("nodes: [").set(("seed",), 1)
