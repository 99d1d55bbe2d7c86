"""Images as values: blends, text and overlays, against numpy and Pillow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import fgraph
from fgraph.ir import ops
from tests.rounding import assert_within, worst

pytestmark = pytest.mark.numeric

BOUND = worst(8)  # 1 - α, two products and a sum, and the conversions of a level and of α


def typeface(size: float) -> Any:
    path = Path(fgraph.__file__).parent / "_imaging/dejavu/DejaVuSans.ttf"
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """Write a picture of 16 x 24 pixels: noise, so that every pixel is different."""
    levels = np.random.RandomState(0).randint(0, 256, (16, 24, 3), np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(levels).save(path)
    return str(path)


def levels_of(path: str) -> Any:
    return np.asarray(Image.open(path), np.float32).transpose(2, 0, 1) / 127.5 - 1


def run(text: str) -> Any:
    return fgraph.run(text, device="cpu")["image"].array


def test_a_photograph_itself_is_in_the_middle_of_a_panorama(photo: str) -> None:
    made = run(f"""
    nodes:
      codes: {{op: sample, seed: [1, 2, 3], truncation: 0.7}}
      cells: {{op: mosaic, of: codes, grid: [1, 3]}}
      scene: {{op: decode, of: cells}}
      photo: {{op: image, path: '{photo}', size: [16, 24]}}
      framed: {{op: pad, of: photo, unit: pixel, left: 84, right: 84, top: 20, bottom: 28, mode: constant}}
      where: {{op: mask, kind: box, box: [0.4375, 0.3125, 0.125, 0.25]}}
      image: {{op: blend, a: scene, b: framed, mask: where}}
    outputs: [image, scene]
    """)
    assert made.shape == (1, 3, 64, 192)
    np.testing.assert_array_equal(made[0, :, 20:36, 84:108], levels_of(photo))


def test_a_blend_of_images_is_their_weighted_sum(photo: str) -> None:
    made = run(f"""
    nodes:
      a: {{op: image, path: '{photo}', size: [16, 24]}}
      b: {{op: flip, of: a}}
      fade: {{op: mask, kind: ramp, start: 0, stop: 1, sampling: centre}}
      image: {{op: blend, a: a, b: b, mask: fade}}
    outputs: [image]
    """)
    alpha = ((np.arange(24) + 0.5) / 24).astype(np.float32)
    expected = (1 - alpha) * levels_of(photo) + alpha * levels_of(photo)[:, :, ::-1]
    assert_within(made[0], expected, BOUND)


def test_an_overlay_lays_a_colour_where_the_mask_is(photo: str) -> None:
    made = run(f"""
    nodes:
      picture: {{op: image, path: '{photo}', size: [16, 24]}}
      where: {{op: mask, kind: box, box: [0.25, 0, 0.5, 0.5]}}
      image: {{op: overlay, of: picture, mask: where, colour: ['#ff8000', blue], strength: [0.25, 1]}}
    outputs: [image]
    """)
    for row, (colour, strength) in enumerate([((255, 128, 0), 0.25), ((0, 0, 255), 1.0)]):
        expected = levels_of(photo)
        level = np.array(colour, np.float32)[:, None, None] / 127.5 - 1
        expected[:, :8, 6:18] = (1 - strength) * expected[:, :8, 6:18] + strength * level
        assert_within(made[row], expected, BOUND)


@pytest.mark.parametrize("text", ["Gäste", "фото", "two\nlines"])
def test_text_matches_pillow(photo: str, text: str) -> None:
    made = run(f"""
    nodes:
      picture: {{op: image, path: '{photo}', size: [40, 90]}}
      image:
        {{op: text, of: picture, text: {json.dumps(text)}, at: [0.1, 0.9], anchor: bottom left, size: 0.3,
         outline: null, colour: yellow}}
      plain: {{op: mask, kind: text, text: {json.dumps(text)}, at: [0.1, 0.9], anchor: bottom left, size: 0.3}}
    outputs: [image]
    """)
    canvas = Image.new("L", (90, 40))
    draw = ImageDraw.Draw(canvas)
    draw.multiline_text((9, 36), text, 255, typeface(12), anchor="ld", spacing=2.4)
    alpha = np.asarray(canvas, np.float32) / 255
    base = run(f"{{nodes: {{image: {{op: image, path: '{photo}', size: [40, 90]}}}}, outputs: [image]}}")[0]
    yellow = np.array([1, 1, -1], np.float32)[:, None, None]
    assert alpha.max() == 1
    assert_within(made[0], (1 - alpha) * base + alpha * yellow, BOUND)


def test_equal_colours_are_filled_once() -> None:
    plan = fgraph.compile("""
    nodes:
      codes: {op: sample, seed: [1, 2, 3]}
      picture: {op: decode, of: codes}
      where: {op: mask, kind: ellipse}
      image: {op: overlay, of: picture, mask: where, colour: [red, blue, red]}
    outputs: [image]
    """)
    (filled,) = [one for one in plan.program.instructions if isinstance(one.op, ops.Fill)]
    assert filled.rows == 2


def test_only_the_part_below_a_photograph_is_left_out() -> None:
    """If a picture hides the right half, the layers compute only the left half."""
    text = """
    nodes:
      code: {op: sample, seed: 3}
      picture: {op: decode, of: code}
      other: {op: image, path: landscape.png, size: 64}
      where: {op: mask, kind: box, box: [0.5, 0, 0.5, 1]}
      image: {op: blend, a: picture, b: other, mask: where}
    outputs: [OUTPUT]
    """
    whole = fgraph.compile(text.replace("OUTPUT", "picture")).cost
    half = fgraph.compile(text.replace("OUTPUT", "image")).cost
    assert half.flops < 0.9 * whole.flops
    assert half.layer_calls == whole.layer_calls


def test_rows_that_differ_by_their_label_share_the_rest() -> None:
    plan = fgraph.compile("""
    nodes:
      code: {op: sample, seed: 3}
      picture: {op: decode, of: code}
      image: {op: text, of: picture, text: [a, b, c], outline: null}
    outputs: [image]
    """)
    mixes = [one for one in plan.program.instructions if isinstance(one.op, ops.Mix)]
    assert [one.rows for one in mixes] == [3]
    assert mixes[0].bases is not None


@pytest.mark.parametrize(("nodes", "where", "message"), [
    ("image: {op: blend, a: picture, b: small, mask: m}", "nodes.image", "a has 64 x 64 pixels and b 8 x 8: pad, crop"),
    ("image: {op: blend, a: picture, b: code, mask: m}", "nodes.image", "a and b must be of one kind"),
    ("image: {op: blend, a: code, b: picture, mask: m}", "nodes.image", "a and b must be of one kind"),
    ("image: {op: blend, a: picture, b: picture, mask: m, layers: b8}", "nodes.image.layers", "layers belong to"),
    ("image: {op: blend, a: m, b: picture, mask: m}", "nodes.image.a", "it takes Features or Image"),
    ("image: {op: overlay, of: picture, mask: m, colour: reddish}", "nodes.image.colour", "a colour is a name such as"),
    ("image: {op: overlay, of: picture, mask: m, colour: '#ff000080'}", "nodes.image.colour", "for transparency"),
    ("image: {op: overlay, of: code, mask: m}", "nodes.image.of", "it takes Image"),
    ("image: {op: text, of: picture, text: 日本語}", "nodes.image", "the bundled typeface has no letter '日本語'"),
    ("image: {op: text, of: picture, text: a, size: 2}", "nodes.image.size", "above 0"),
    ("image: {op: text, of: picture, text: a, at: [1]}", "nodes.image.at", "expected a list of 2"),
    ("image: {op: mask, kind: text, text: 写真}", "nodes.image", "the bundled typeface has no letter '写真'"),
])  # fmt: skip
def test_faults(nodes: str, where: str, message: str) -> None:
    faults = fgraph.check(f"""
    nodes:
      code: {{op: sample, seed: 3}}
      picture: {{op: decode, of: code}}
      small: {{op: image, path: landscape.png, size: 8}}
      m: {{op: mask, kind: ellipse}}
      {nodes}
    outputs: [image]
    """)
    assert [fault.where for fault in faults] == [where]
    assert message in faults[0].message


EDITS = [
    ("{op: flip, of: p, axis: y}", lambda x: x[:, ::-1]),
    ("{op: crop, of: p, left: 3, top: 2, width: 10, height: 5, unit: pixel}", lambda x: x[:, 2:7, 3:13]),
    ("{op: crop, of: p, left: 0.25, width: 0.5}", lambda x: x[:, :, 6:18]),
    ("{op: shift, of: p, dx: 0.25}", lambda x: np.roll(x, 6, 2)),
    ("{op: shift, of: p, dy: 2, mode: constant, value: -1, unit: pixel}",
     lambda x: np.concatenate([np.full_like(x[:, :2], -1), x[:, :-2]], 1)),
    ("{op: pad, of: p, left: 4, bottom: 2, unit: pixel}", lambda x: np.pad(x, ((0, 0), (0, 2), (4, 0)), "reflect")),
    ("{op: pad, of: p, right: 0.5, mode: circular}", lambda x: np.pad(x, ((0, 0), (0, 0), (0, 12)), "wrap")),
    ("{op: pad, of: p, top: 1, mode: constant, value: 1}",
     lambda x: np.pad(x, ((0, 0), (16, 0), (0, 0)), constant_values=1)),
    ("{op: resize, of: p, width: 2, height: 3}", lambda x: x.repeat(3, 1).repeat(2, 2)),
    ("{op: concat, of: [p, p], axis: y}", lambda x: np.concatenate([x, x], 1)),
]  # fmt: skip


@pytest.mark.parametrize(("node", "expected"), EDITS, ids=[node[:40] for node, _ in EDITS])
def test_edits_move_whole_pixels(photo: str, node: str, expected: Any) -> None:
    made = run(f"{{nodes: {{p: {{op: image, path: '{photo}', size: [16, 24]}}, image: {node}}}, outputs: [image]}}")
    np.testing.assert_array_equal(made[0], expected(levels_of(photo)))
