"""The drawing of a graph."""

import re

import pytest

from fgraph.declare import Graph, read
from fgraph.digraph import Wiring, wire
from fgraph.digraph.draw import COLOURS, draw_svg
from tests.declare.toys import BLEND, OPS
from tests.svg import Drawing, read_drawing, tangles


def wired(text: str) -> Wiring:
    wiring, faults = wire(read(text, ops=OPS)[0])
    assert not faults
    return wiring


def drawn(text: str) -> Drawing:
    return read_drawing(draw_svg(wired(text)))


TWO_ROWS = BLEND.replace("left:  {op: sample}", "left: {op: sample, seed: [1, 2]}")


def test_every_node_is_a_box_and_every_port_a_line() -> None:
    drawing = drawn(TWO_ROWS)
    assert {name: box.tip for name, box in drawing.boxes.items()} == {
        "fade": "fade: mask, makes Mask, 1 row",
        "image": "image: decode, makes Image, 2 rows, output image",
        "left": "left: sample, makes Latent, 2 rows",
        "mix": "mix: blend, makes Features, 2 rows",
        "right": "right: sample, makes Latent, 1 row",
    }
    assert drawing.boxes["left"].texts == ["left", "· sample", "×2", "seed: [1, 2]"]
    assert drawing.boxes["mix"].texts == ["mix", "· blend", "×2", "a", "b", "mask"]
    assert sorted(line.tip for line in drawing.lines) == [
        "fade -> mix, mask: Mask, 1 row",
        "left -> mix, a: Latent, 2 rows",
        "mix -> image, of: Features, 2 rows",
        "right -> mix, b: Latent, 1 row",
    ]


def test_lines_have_the_colour_of_their_kind_and_end_at_their_port() -> None:
    drawing = drawn(TWO_ROWS)
    wiring = wired(TWO_ROWS)
    for line in drawing.lines:
        assert line.colour == COLOURS[wiring.by_id[line.start].kind]
    ends = {line.start: line.points[-1][1] for line in drawing.lines if line.end == "mix"}
    assert ends["left"] < ends["right"] < ends["fade"]  # in the order of the ports, from top to bottom


def test_outputs_have_a_thick_frame_and_unused_nodes_are_pale() -> None:
    graph = Graph(ops=OPS)
    graph.output("image", graph.decode(graph.sample(model="main", id="a"), id="b"))
    graph.latent(file="file.npy", id="spare")
    boxes = read_drawing(draw_svg(wire(graph.spec)[0])).boxes
    assert {name: box.frame for name, box in boxes.items()} == {"a": 1, "b": 3, "spare": 1}
    assert {name for name, box in boxes.items() if "unused" in box.classes} == {"spare"}
    assert {name for name, box in boxes.items() if "output" in box.classes} == {"b"}


HOSTILE = [
    "<&>" * 3,
    "</TD></TABLE>><script>alert(1)</script>",
    '<IMG SRC="/etc/passwd"/>',
    r"\N \G \E \L and \\ at the end \\",
    '"] node [label="x',
    "&lt; &#65; &amp;",
    "a\x07b\u2028c\u200bd",
    "%s {} $x 图 😀",
    "-->",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_shown_as_it_is(text: str) -> None:
    graph = Graph(ops=OPS)
    graph.latent(file=text, id="spare")
    svg = draw_svg(wire(graph.spec)[0])
    assert "<script" not in svg
    assert "<image" not in svg
    (shown,) = (one for one in read_drawing(svg).boxes["spare"].texts if one.startswith("file"))
    wanted = "".join(one if one.isprintable() else " " if one.isspace() else "\ufffd" for one in text)
    expected = " ".join(f"file: {wanted}".split())
    assert " ".join(shown.split()) == (expected if len(expected) <= 38 else f"{expected[:37]}…").strip()


def test_long_text_is_cut() -> None:
    graph = Graph(ops=OPS)
    graph.latent(file="<&>" * 30, id="spare")
    (shown,) = (one for one in read_drawing(draw_svg(wire(graph.spec)[0])).boxes["spare"].texts if "file" in one)
    assert shown == f"file: {'<&>' * 30}"[:37] + "…"


LONG_LINES = """\
nodes:
  code: {op: sample}
  fade: {op: mask, kind: ramp}
  a: {op: shift, of: code}
  b: {op: shift, of: a}
  mix: {op: blend, a: b, b: code, mask: fade}
outputs: [mix]
"""


@pytest.mark.parametrize("text", [TWO_ROWS, LONG_LINES])
def test_boxes_are_right_of_their_inputs_and_no_line_crosses_a_box(text: str) -> None:
    drawing = drawn(text)
    for line in drawing.lines:
        assert drawing.boxes[line.start].right < drawing.boxes[line.end].left
    assert tangles(drawing) == []


def test_the_values_of_a_list_port_each_have_a_place() -> None:
    text = "nodes: {a: {op: sample}, b: {op: sample}, c: {op: concat, of: [b, a, b]}}\noutputs: [c]"
    drawing = drawn(text)
    assert drawing.boxes["c"].texts[-3:] == ["of[0]", "of[1]", "of[2]"]
    ends = sorted((line.points[-1][1], line.start) for line in drawing.lines)
    assert [start for _, start in ends] == ["b", "a", "b"]


def test_a_sub_graph_has_its_own_background() -> None:
    text = """\
nodes:
  code: {op: sample}
  outer:
    op: subgraph
    inputs: {x: code}
    nodes:
      inner:
        op: subgraph
        inputs: {y: x}
        nodes: {moved: {op: shift, of: y}}
        output: moved
      again: {op: shift, of: inner}
    output: again
outputs: [outer]
"""
    drawing = drawn(text)
    assert drawing.grounds == ["outer", "inner"]
    assert drawing.boxes.keys() == {"code", "outer.inner.moved", "outer.again"}
    assert tangles(drawing) == []


def test_a_drawing_is_deterministic_and_finite_and_an_empty_graph_is_drawn() -> None:
    svg = draw_svg(wired(TWO_ROWS))
    assert svg == draw_svg(wired(TWO_ROWS))
    assert not re.search(r"nan|inf\b", svg)
    assert svg.startswith("<svg")
    empty, _ = wire(read("nodes: {}", ops=OPS)[0])
    assert read_drawing(draw_svg(empty)).boxes == {}


def pairs(count: int) -> str:
    """Return many nodes of one kind: `count` images of blends of a code with its own neighbour."""
    lines = ["nodes:", "  fade: {op: mask, kind: ramp}"]
    lines += [f"  s{number}: {{op: sample}}" for number in range(count)]
    for number in range(count):
        lines.append(f"  m{number}: {{op: blend, a: s{number}, b: s{(number + 1) % count}, mask: fade}}")
        lines.append(f"  d{number}: {{op: decode, of: m{number}}}")
    return "\n".join([*lines, f"outputs: [{', '.join(f'd{number}' for number in range(count))}]"])


def chain(count: int) -> str:
    lines = ["nodes:", "  s: {op: sample}", "  i0: {op: shift, of: s}"]
    lines += [f"  i{number}: {{op: shift, of: i{number - 1}}}" for number in range(1, count)]
    return "\n".join([*lines, f"outputs: [i{count - 1}]"])


def test_in_a_large_graph_equal_operations_on_equal_inputs_share_a_box() -> None:
    drawing = drawn(pairs(1000))
    assert sorted(box.texts[:3] for box in drawing.boxes.values()) == [
        ["1,000 nodes", "· blend", "×1,000"],
        ["1,000 nodes", "· decode", "×1,000"],
        ["1,000 nodes", "· sample", "×1,000"],
        ["fade", "· mask", "×1"],
    ]
    assert sorted(line.tip.partition(", ")[2] for line in drawing.lines) == [
        "a: Latent, 1,000 rows",
        "b: Latent, 1,000 rows",
        "mask: Mask, 1 row",
        "of: Features, 1,000 rows",
    ]
    assert "3,001 nodes: equal operations on equal inputs share a box" in drawing.notes


def test_in_a_larger_graph_all_equal_operations_share_a_box() -> None:
    drawing = drawn(chain(3000))
    assert sorted(box.texts[0] for box in drawing.boxes.values()) == ["3,000 nodes", "s"]
    assert len(drawing.lines) == 2  # from the code, and from shifts to shifts
    assert "3,001 nodes: equal operations share a box" in drawing.notes


def test_some_hundred_nodes_are_still_drawn_one_by_one() -> None:
    assert len(drawn(pairs(150)).boxes) == 451
    assert len(drawn(chain(300)).boxes) == 301
