"""Frames of a screen recording with their times -> an animated WebP: python film.py FRAMES.json OUT.webp."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PIL import Image

WIDTH = 960
STEP = 0.1  # seconds: frames closer together than this are left out
LENGTH = 20.0  # seconds at most: a longer recording, of a busy machine, is played faster
QUALITY = 60


def main(listing: str, target: str) -> None:
    """Write the film."""
    frames: list[tuple[str, float]] = [(name, time) for name, time in json.loads(Path(listing).read_text("utf-8"))]
    pace = min(1.0, LENGTH / (frames[-1][1] - frames[0][1]))
    kept: list[tuple[str, float]] = []
    for name, time in ((name, pace * recorded) for name, recorded in frames):
        if not kept or time - kept[-1][1] >= STEP:
            kept.append((name, time))
    ends = [*(time for _, time in kept[1:]), kept[-1][1] + 1.5]
    pictures = [_picture(name) for name, _ in kept]
    durations = [round(1000 * (end - time)) for (_, time), end in zip(kept, ends, strict=True)]
    options = {"quality": QUALITY, "method": 4, "minimize_size": False, "loop": 0}
    pictures[0].save(target, save_all=True, append_images=pictures[1:], duration=durations, **options)
    size = Path(target).stat().st_size
    sys.stdout.write(f"{target}: {len(pictures)} frames, {sum(durations) / 1000:.0f} s, {size} bytes\n")


def _picture(name: str) -> Image.Image:
    with Image.open(name) as opened:
        size = (WIDTH, round(opened.height * WIDTH / opened.width))
        return opened.convert("RGB").resize(size, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main(*sys.argv[1:])
