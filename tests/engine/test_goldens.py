"""The published functions, each written as a graph, against arrays made by the original code."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pytest

import fgraph
from tests.paths import GOLDENS
from tests.rounding import assert_promised

pytestmark = pytest.mark.numeric

RAMP = "ramp: {op: mask, kind: ramp, axis: x, start: 0.25, stop: 0.75}"


@dataclass(frozen=True)
class Case:
    """One golden image and the graph that must make it."""

    name: str
    golden: str
    nodes: str
    array: str = "image"
    models: str = "{main: soat64_a.pt}"
    noise: str = "{}"

    def graph(self) -> str:
        """Return the graph as YAML; a bare file name means one of the goldens."""
        lines = "".join(f"  {line.strip()}\n" for line in self.nodes.strip().splitlines())
        text = f"models: {self.models}\nnoise: {self.noise}\nnodes:\n{lines}outputs: [image]\n"
        text = text.replace("GOLDEN", f"{self.golden}.npz")
        return re.sub(r"\w+\.(npz|pt)\b", lambda match: str(GOLDENS / match[0]), text)


def styles(*names: str) -> str:
    """Return latent nodes s1, s2, ... that read raw styles from the file of the golden."""
    return "\n".join(
        f"s{number}: {{op: latent, file: GOLDEN, array: {name}, space: s}}" for number, name in enumerate(names, 1)
    )


TRUNCATED = """
    mean: {op: latent, file: forward_soat64_a.npz, array: latent_avg, space: w}
    z: {op: latent, file: GOLDEN, array: z, space: z}
    w: {op: lerp, a: mean, b: z, t: 0.7}
"""
MERGED = f"""
    l: {{op: tap, of: s1, layer: b4.conv1}}
    r: {{op: tap, of: s2, layer: b4.conv1}}
    wide: {{op: concat, of: [l, r], axis: x}}
    wl: {{op: restyle, of: wide, latent: s1}}
    wr: {{op: restyle, of: wide, latent: s2}}
    {RAMP}
    m: {{op: blend, a: wl, b: wr, mask: ramp}}
    decoded: {{op: decode, of: m}}
"""
ALIAS = "image: {op: rows, of: decoded}"


def singan(edit: str, noise: str) -> str:
    """Return the singan function: a pass paused after the 8-pixel block, its canvas made twice as wide."""
    return f"""
        {styles("S")}
        t: {{op: tap, of: s1, layer: b8, noise: {noise}}}
        p: {edit}
        image: {{op: decode, of: p}}
    """


REFLECT = "{op: pad, of: t, left: 0.5, right: 0.5, mode: reflect}"
WIDER = "{op: resize, of: t, width: 2, mode: nearest}"
GIVEN = "{mode: given, file: GOLDEN}"

CASES = (
    Case("forward, z to image", "forward_soat64_a", TRUNCATED + "image: {op: decode, of: w}"),
    Case("forward, styles given", "forward_soat64_a", styles("S") + "\nimage: {op: decode, of: s1}"),
    Case(
        "forward, by a subset of layers at a time",
        "forward_soat64_a",
        styles("S")
        + """
        a: {op: tap, of: s1, layer: b4.conv1}
        b: {op: tap, of: a, layer: b16.conv0}
        c: {op: tap, of: b, layer: b32}
        image: {op: decode, of: c}
        """,
    ),
    Case(
        "W+",
        "wplus_soat64_a",
        """
        ws: {op: latent, file: GOLDEN, array: ws, space: w+}
        image: {op: decode, of: ws}
        """,
    ),
    Case(
        "blend horizontal",
        "blend_horizontal_soat64_a",
        f"""
        {styles("S1", "S2")}
        {RAMP}
        m: {{op: blend, a: s1, b: s2, mask: ramp}}
        image: {{op: decode, of: m}}
        """,
    ),
    Case("merge_extension", "merge_extension_soat64_a", styles("S1", "S2") + MERGED + ALIAS),
    Case(
        "merge_extension, noise filled",
        "merge_extension_soat64_a",
        styles("S1", "S2") + MERGED + ALIAS,
        noise="{fit: ends}",
    ),
    Case(
        "panorama, from its seed to the assembled image",
        "panorama3_soat64_a",
        f"""
        z: {{op: sample, count: 3, seed: 91, draw: numpy, smooth: 0.7, truncation: 0.7}}
        s1: {{op: rows, of: z, take: ":-1"}}
        s2: {{op: rows, of: z, take: "1:"}}
        {MERGED}
        image: {{op: knit, of: decoded, start: 0.25, stop: 0.75}}
        """,
    ),
    Case("singan reflect, noise given", "singan_reflect_soat64_a", singan(REFLECT, GIVEN)),
    Case("singan reflect, no noise", "singan_reflect_soat64_a", singan(REFLECT, "{mode: none}"), "image_nonoise"),
    Case("singan reflect, noise filled", "singan_reflect_soat64_a", singan(REFLECT, "{fit: ends}"), "image_fill"),
    Case(
        "singan reflect, in pixels",
        "singan_reflect_soat64_a",
        singan("{op: pad, of: t, left: 4, right: 4, unit: pixel}", "{fit: ends}"),
        "image_fill",
    ),
    Case("singan horizontal, noise given", "singan_horizontal_soat64_a", singan(WIDER, GIVEN)),
    Case("singan horizontal, no noise", "singan_horizontal_soat64_a", singan(WIDER, "{mode: none}"), "image_nonoise"),
    Case("singan horizontal, noise filled", "singan_horizontal_soat64_a", singan(WIDER, "{fit: ends}"), "image_fill"),
    Case(
        "patch_swap with swap",
        "patch_swap_swap_soat256_a",
        f"""
        {styles("S1", "S2")}
        one: {{op: tap, of: s1, layer: b16}}
        two: {{op: tap, of: s2, layer: b16}}
        box1: {{op: mask, kind: box, grid: 16, box: [4, 5, 6, 4]}}
        box2: {{op: mask, kind: box, grid: 16, box: [7, 6, 6, 4]}}
        t1: {{op: shift, of: two, dx: -3, dy: -1, unit: pixel}}
        p1: {{op: blend, a: one, b: t1, mask: box1, layers: here, parts: activation}}
        t2: {{op: shift, of: two, dx: 3, dy: 1, unit: pixel}}
        p2: {{op: blend, a: p1, b: t2, mask: box2, layers: here, parts: activation}}
        image: {{op: decode, of: p2}}
        """,
        models="{main: soat256_a.pt}",
    ),
    Case(
        "blend_bbox church 9",
        "blend_bbox_church_9_soat256_a",
        f"""
        {styles("S1", "S2")}
        k: {{op: mask, kind: box, grid: 256, box: [70, 90, 101, 77], raster: 256, kernel: [39, 51], sigma: [39, 51]}}
        m: {{op: blend, a: s1, b: s2, mask: k, layers: "0..9"}}
        image: {{op: decode, of: m}}
        """,
        models="{main: soat256_a.pt}",
    ),
    Case(
        "toonify",
        "toonify_soat64",
        """
        s1: {op: latent, file: GOLDEN, array: S1, space: s, model: toon}
        s2: {op: latent, file: GOLDEN, array: S2, space: s, model: toon}
        early: {op: mask, kind: constant, value: 0.0}
        alpha: {op: mask, kind: constant, value: 0.7}
        a: {op: tap, of: s1, model: main, layer: const}
        b: {op: tap, of: s2, model: toon, layer: const}
        e: {op: blend, a: a, b: b, mask: early, layers: "const..5"}
        m: {op: blend, a: e, b: b, mask: alpha, layers: "6.."}
        image: {op: decode, of: m}
        """,
        models="{main: soat64_a.pt, toon: soat64_b.pt}",
    ),
    Case(
        "rosinality, not clamped",
        "ros_forward_soat64_a",
        TRUNCATED + "image: {op: decode, of: w, clamp: false}",
        "image_unclamped",
    ),
    Case(
        "rosinality, style mixing",
        "ros_forward_soat64_a",
        TRUNCATED
        + """
        z2: {op: latent, file: GOLDEN, array: z2, space: z}
        w2: {op: lerp, a: mean, b: z2, t: 0.7}
        mixed: {op: mix, a: w, b: w2, rows: "4.."}
        image: {op: decode, of: mixed, clamp: false}
        """,
        "image_mix_unclamped",
    ),
    Case(
        "rosinality, noise given",
        "ros_forward_soat64_a",
        """
        z: {op: latent, file: GOLDEN, array: z, space: z}
        image: {op: decode, of: z, clamp: false}
        """,
        "image_given_noise_psi1_unclamped",
        noise=GIVEN,
    ),
)


@pytest.mark.parametrize("engine", ["batched", "eager"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_graph_equals_golden(case: Case, engine: fgraph.api.pipeline.Engine) -> None:
    expected = np.load(GOLDENS / f"{case.golden}.npz")[case.array]
    made = fgraph.run(case.graph(), engine=engine, device="cpu")["image"].array
    assert_promised(made, expected)
