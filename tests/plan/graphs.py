"""Graphs whose plans save work: local edits, mosaics, a panorama."""

from __future__ import annotations

from typing import Any

import numpy as np

import fgraph
from fgraph.plan import Plan
from tests.networks import tiny

BOX = {"op": "mask", "kind": "box", "box": [0.25, 0.25, 0.25, 0.25]}


def local_edit(alpha: Any, layers: str = "b16..", box: dict[str, Any] = BOX) -> dict[str, Any]:
    """Return the graph of a blend inside a box of a quarter by a quarter of the canvas."""
    return {
        "models": {"main": tiny(0, 32)},
        "nodes": {
            "a": {"op": "sample", "seed": 1},
            "b": {"op": "sample", "seed": 2},
            "k": box | {"alpha": alpha},
            "m": {"op": "blend", "a": "a", "b": "b", "mask": "k", "layers": layers},
            "image": {"op": "decode", "of": "m", "clamp": False},
        },
        "outputs": ["image"],
    }


def mosaic(count: int, wrap: str) -> dict[str, Any]:
    return {
        "models": {"main": tiny(0, 32)},
        "nodes": {
            "z": {"op": "sample", "seed": 3, "count": count},
            "ring": {"op": "mosaic", "of": "z", "grid": [1, count], "wrap": wrap},
            "image": {"op": "decode", "of": "ring", "clamp": False},
        },
        "outputs": ["image"],
    }


def panorama(count: int) -> dict[str, Any]:
    """Return the published panorama: each span has two neighbours; the spans are cut and joined."""
    return {
        "models": {"main": tiny(0, 32)},
        "nodes": {
            "z": {"op": "sample", "seed": 4, "count": count},
            "s1": {"op": "rows", "of": "z", "take": ":-1"},
            "s2": {"op": "rows", "of": "z", "take": "1:"},
            "l": {"op": "tap", "of": "s1", "layer": "b4.conv1"},
            "r": {"op": "tap", "of": "s2", "layer": "b4.conv1"},
            "w": {"op": "concat", "of": ["l", "r"], "axis": "x"},
            "wl": {"op": "restyle", "of": "w", "latent": "s1"},
            "wr": {"op": "restyle", "of": "w", "latent": "s2"},
            "ramp": {"op": "mask", "kind": "ramp"},
            "m": {"op": "blend", "a": "wl", "b": "wr", "mask": "ramp"},
            "spans": {"op": "decode", "of": "m", "clamp": False},
            "image": {"op": "knit", "of": "spans"},
        },
        "outputs": ["image"],
    }


def image(plan: Plan | dict[str, Any], **options: Any) -> np.ndarray:
    return fgraph.run(plan, **options)["image"].array


BLEND = """
nodes:
  left: {op: sample, seed: [3, 5]}
  right: {op: sample, seed: 8}
  fade: {op: mask, kind: box, box: [0.0, 0.0, 0.25, 0.25]}
  mix: {op: blend, a: left, b: right, mask: fade, layers: "b16.."}
  image: {op: decode, of: mix}
outputs: [image]
"""
