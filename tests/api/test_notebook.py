"""Graphs, plans and results show themselves in a notebook."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
from PIL import Image as PillowImage

import fgraph
from fgraph._results import Results


def small() -> fgraph.Graph:
    graph = fgraph.Graph(models="landscape")
    graph.outputs = {"image": graph.decode(graph.sample(seed=3, id="code"), id="picture")}
    return graph


def test_a_graph_is_drawn() -> None:
    shown = small()._repr_html_()
    assert shown.lstrip().startswith("<svg") or "<svg" in shown[:400]
    assert "picture" in shown


def test_a_graph_that_cannot_be_drawn_shows_its_yaml() -> None:
    graph = small()
    graph.outputs = {"image": "missing"}
    assert "op: decode" in graph._repr_html_()


def test_a_plan_is_one_line_and_its_table_in_a_notebook() -> None:
    plan = fgraph.compile(small())
    assert re.fullmatch(r"Plan\(1 graph, \d+ steps, 14 layer calls, [\d.e-]+ GFLOP, [\d.]+ [KM]iB\)", repr(plan))
    assert "layer calls" in plan._repr_html_()


def test_small_pictures_are_enlarged() -> None:
    image = fgraph.Image(np.linspace(-1, 1, 3 * 64 * 64, dtype=np.float32).reshape(1, 3, 64, 64))
    shown = PillowImage.open(io.BytesIO(image._repr_png_()))
    assert shown.size == (256, 256)
    assert (np.asarray(shown)[::4, ::4] == image.pixels(0)).all()


def test_results_show_every_output() -> None:
    image = fgraph.Image(np.zeros((1, 3, 8, 8), np.float32))
    codes = fgraph.Latents(np.ones((20, 4), np.float32), "w", "main")
    shown = Results(image=image, codes=codes)._repr_html_()
    (picture,) = re.findall(r"data:image/png;base64,([^\"]+)", shown)
    assert PillowImage.open(io.BytesIO(base64.b64decode(picture))).size == (256, 256)
    assert "<td>2</td>" in shown  # the length of four ones
    assert "and 4 more rows" in shown
