"""A picture of every node: the outputs of its minimal graph in `examples/nodes/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from bundled import in_lines
from PIL import Image
from sheets import ROOT, strip

import fgraph
from fgraph._imaging.layout import LabelledPicture

EXAMPLES = ROOT / "examples" / "nodes"


def draw_example(name: str) -> Image.Image:
    """Draw the outputs of the graph of a node in their order, each under its name."""
    results = fgraph.run(EXAMPLES / f"{name}.yaml", device="cpu")
    return in_lines([LabelledPicture(strip(value), key) for key, value in results.items()])


DRAWN: Mapping[str, Callable[[], Image.Image]] = {
    f"nodes/{path.stem}": partial(draw_example, path.stem) for path in sorted(EXAMPLES.glob("*.yaml"))
}
