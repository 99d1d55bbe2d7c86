"""The drawing of a graph."""

import re
from xml.etree import ElementTree

from fgraph.declare import Graph, read
from fgraph.digraph import Wiring, wire
from fgraph.digraph.draw import draw_svg
from fgraph.digraph.layout import GAP_X, lay_out
from tests.declare.toys import BLEND, OPS

SVG = "{http://www.w3.org/2000/svg}"


def blend() -> Wiring:
    return wire(read(BLEND.replace("left:  {op: sample}", "left: {op: sample, seed: [1, 2]}"), ops=OPS)[0])[0]


def test_every_node_is_a_box_and_every_port_a_line() -> None:
    root = ElementTree.fromstring(draw_svg(blend()))
    titles = [element.text for element in root.iter(f"{SVG}title")]
    assert sorted(map(str, titles)) == [
        "fade: mask, makes Mask, 1 row",
        "image: decode, makes Image, 2 rows, output image",
        "left: sample, makes Latent, 2 rows",
        "mix: blend, makes Features, 2 rows",
        "right: sample, makes Latent, 1 row",
    ]
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"left · sample", "seed: [1, 2]", "kind: ramp", "×2", "a", "b", "mask", "of"} <= set(texts)
    assert len(list(root.iter(f"{SVG}path"))) == 4


def test_text_is_escaped_and_cut() -> None:
    graph = Graph(ops=OPS)
    graph.output("image", graph.decode(graph.sample(model="main", id="a"), id="b"))
    graph.latent(file="<&>" * 30)
    svg = draw_svg(wire(graph.spec)[0])
    root = ElementTree.fromstring(svg)
    (text,) = (element.text for element in root.iter(f"{SVG}text") if "file" in (element.text or ""))
    assert text is not None
    assert text.startswith("file: <&><&>")
    assert text.endswith("…")
    assert 'class="node unused"' in svg


def test_columns_run_left_to_right_and_boxes_do_not_overlap() -> None:
    wiring = blend()
    boxes = lay_out(wiring, {one.id: () for one in wiring.nodes}).boxes
    for one in wiring.nodes:
        for read_id in (name for ids in one.inputs.values() for name in ids):
            assert boxes[read_id].x + boxes[read_id].width + GAP_X <= boxes[one.id].x + 0.1
    for a in boxes.values():
        for b in boxes.values():
            apart = a.x + a.width < b.x or b.x + b.width < a.x or a.y + a.height < b.y or b.y + b.height < a.y
            assert a is b or apart


def test_a_line_passes_between_the_boxes_it_skips() -> None:
    text = """\
nodes:
  code: {op: sample}
  fade: {op: mask, kind: ramp}
  a: {op: shift, of: code}
  b: {op: shift, of: a}
  mix: {op: blend, a: b, b: code, mask: fade}
outputs: [mix]
"""
    wiring, _ = wire(read(text, ops=OPS)[0])
    layout = lay_out(wiring, {one.id: () for one in wiring.nodes})
    for start in ("code", "fade"):
        ways = layout.between(start, "mix")
        assert len(ways) == 2
        for (left, _, y), box in zip(ways, (layout.boxes["a"], layout.boxes["b"]), strict=True):
            assert left == box.x
            assert not box.y <= y <= box.y + box.height


def test_numbers_are_finite_and_the_empty_graph_is_a_drawing() -> None:
    assert not re.search(r"nan|inf\b", draw_svg(blend()))
    ElementTree.fromstring(draw_svg(wire(read("nodes: {}", ops=OPS)[0])[0]))
