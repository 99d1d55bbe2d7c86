"""`fgraph regions`: the channels of StyleSpace that change a region of the image."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from fgraph._errors import FgraphError
from fgraph.cli.signals import Interrupts
from fgraph.cli.terminal import say

_DESCRIPTION = """\
Show which channels of StyleSpace change a region of the image, from the semantic_top_32 of StyleSpace's program. A
channel is σ index:channel, as in `channels` of direction kind channel, and the share of images follows it."""
_SHOWN = 12  # channels of a region, by default


def main(arguments: Sequence[str], interrupts: Interrupts) -> int:
    """Print the channels of each region, or of one."""
    parser = argparse.ArgumentParser(
        "fgraph regions", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", help="the file, such as npy/ffhq/semantic_top_32")
    parser.add_argument(
        "regions", nargs="*", default=[], type=int, help="the numbers of regions to combine; default: all"
    )
    chosen = parser.parse_args(arguments)
    from fgraph.array_files.regions import read_regions  # imports numpy

    try:
        found = read_regions(Path(chosen.file).expanduser(), chosen.regions)
    except ValueError as error:
        raise FgraphError(str(error)) from error
    shown = None if chosen.regions else _SHOWN
    for region, channels in found.items():
        name = "+".join(map(str, chosen.regions)) or str(region)
        text = ", ".join(f"{layer}:{channel} {share:.2f}" for layer, channel, share in channels[:shown])
        say(f"region {name}, {len(channels)} channels: {text}".rstrip(": "))
    return 0
