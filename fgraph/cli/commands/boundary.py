"""`fgraph boundary`: a direction of your own, fitted to two folders of codes or pictures, or to a table of scores."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from fgraph._errors import FgraphError
from fgraph.cli.signals import Interrupts
from fgraph.cli.terminal import say

_DESCRIPTION = """\
Fit a direction that leads from the codes in NEGATIVE to those in POSITIVE, or to higher scores, and write it for
`direction` of kind file. A folder holds files of codes, or pictures, which are inverted first. A table is a CSV file
with the columns seed and score, or file and score; a file is a code or a picture, relative to the table."""


def main(arguments: Sequence[str], interrupts: Interrupts) -> int:
    """Fit the direction, write it, and print its accuracy."""
    parser = argparse.ArgumentParser(
        "fgraph boundary", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", metavar="POSITIVE NEGATIVE", help="two folders of codes or of pictures")
    parser.add_argument("--scores", metavar="CSV", help="instead: a table of scores")
    parser.add_argument(
        "--target", required=True, help="the file to write: .safetensors, which holds its space, or .npy"
    )
    parser.add_argument("--model", default="landscape", help="the model of the codes; default: landscape")
    parser.add_argument(
        "--space",
        choices=("z", "w", "w+", "s"),
        help="the space of the direction; default: the last of these that one of the codes is in",
    )
    parser.add_argument("--device", default="auto", help="the device that inverts pictures; default: auto")
    chosen = parser.parse_args(arguments)
    if (len(chosen.folders) == 2) == (chosen.scores is not None) or len(chosen.folders) not in (0, 2):
        parser.error("name two folders, POSITIVE and NEGATIVE, or --scores")
    from fgraph.cli.boundaries import BoundaryRequest, fit_target  # imports torch

    try:
        say(fit_target(BoundaryRequest(**vars(chosen))))
    except ValueError as error:
        raise FgraphError(str(error)) from error
    return 0
