"""`fgraph effects`: the effects of the style channels of a model, which directions of kind text need."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from fgraph._errors import FgraphError
from fgraph.cli.signals import Interrupts
from fgraph.cli.terminal import say

_DESCRIPTION = """\
Measure how each style channel of a model changes the features of its images, and write the effects as an fs3.npy, the
`file` of directions of kind text. To resume an interrupted measurement, run the same command again."""


def main(arguments: Sequence[str], interrupts: Interrupts) -> int:
    """Measure the effects and write them."""
    parser = argparse.ArgumentParser(
        "fgraph effects", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True, help="a bundled name, a path or a URL")
    parser.add_argument("--target", required=True, help="the file to write, such as fs3.npy")
    parser.add_argument(
        "--features", default="clip", metavar="clip|FILE.py:FUNCTION",
        help="CLIP, or your own function: images [rows, 3, H, W] in [-1, 1] -> features [rows, F]; this runs the file",
    )  # fmt: skip
    parser.add_argument("--samples", type=int, default=100, help="the number of images for each channel; default: 100")
    parser.add_argument(
        "--pixels",
        type=int,
        help="compare the RGB output of the block of this size, such as 256, and measure the channels up to it",
    )
    parser.add_argument("--layers", type=int, help="convolutions to measure, from the first on; default: all")
    parser.add_argument("--device", default="auto", help="the device that makes the images; default: auto")
    chosen = parser.parse_args(arguments)
    if chosen.samples < 1 or (chosen.layers is not None and chosen.layers < 1):
        parser.error("--samples and --layers are numbers above 0")
    from fgraph.cli.channel_effects import write_effects  # imports torch

    try:
        say(write_effects(**vars(chosen)))
    except ValueError as error:
        raise FgraphError(str(error)) from error
    return 0
