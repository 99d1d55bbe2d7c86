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


def draw_photo() -> Image.Image:
    """Draw the graph `photo.yaml` of the page about images."""
    page = (ROOT / "docs" / "how-to" / "images.md").read_text(encoding="utf-8")
    text = page.split("```yaml\n# photo.yaml\n", 1)[1].split("```", 1)[0]
    return strip(fgraph.run(text, device="cpu")["image"])


DRAWN: Mapping[str, Callable[[], Image.Image]] = {
    f"nodes/{path.stem}": partial(draw_example, path.stem) for path in sorted(EXAMPLES.glob("*.yaml"))
} | {"photo": draw_photo}
