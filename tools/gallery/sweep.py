"""The contact sheet of a sweep, as the command line writes it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image

from fgraph._imaging.files import open_image
from fgraph.cli import main

COMMAND = ("-m", "graph=blend_horizontal", "seed=1,2,3,4", "graph.nodes.fade.stop=0.5,0.75,1")


def draw_sweep() -> Image.Image:
    """Run the sweep and read its sheet."""
    with tempfile.TemporaryDirectory() as folder:
        code = main([*COMMAND, f"hydra.sweep.dir={folder}"])
        assert code == 0, f"the sweep ended with exit code {code}"
        with open_image(Path(folder) / "sheet.png", bounded=False) as sheet:
            return sheet.convert("RGB")


DRAWN: Mapping[str, Callable[[], Image.Image]] = {"sweep": draw_sweep}
