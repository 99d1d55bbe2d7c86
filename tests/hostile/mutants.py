"""Whole files, damaged at random: run as `python -m tests.hostile.mutants FOLDER FIRST COUNT [FIRST COUNT...]`.

Every file of FOLDER is mutated with the seeds FIRST, FIRST + 1, ... in turn, COUNT in all, and opened. Prints one JSON
object a line for each range of seeds: how many ended how, the slowest in seconds, the findings, and what `judge`
reports under "".
"""

from __future__ import annotations

import json
import random
import struct
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.hostile.judge import Watch, judge, peak_bytes, warm_up
from tests.hostile.values import replace_value

OPCODES = b"().NJKMGBCXURbcehijlqrstu\x80\x81\x82\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x93\x94\x95\x96"
NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, (1 << 64) - 1)


def mutate(content: bytes, seed: int) -> bytes:
    """Make one to four changes at places that the seed chooses; in every third pickle, replace a value instead."""
    draw = random.Random(seed)
    if seed % 3 == 0 and (replaced := replace_value(content, draw)) is not None:
        return replaced
    changed = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        draw.choice(CHANGES)(changed, draw)
    return bytes(changed)


def _flip(content: bytearray, draw: random.Random) -> None:
    if content:
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)


def _opcode(content: bytearray, draw: random.Random) -> None:
    if content:
        content[draw.randrange(len(content))] = draw.choice(OPCODES)


def _number(content: bytearray, draw: random.Random) -> None:
    """Overwrite 1 to 8 bytes by an integer at the edge of a range."""
    at, width = draw.randrange(len(content) + 1), draw.choice((1, 2, 4, 8))
    content[at : at + width] = struct.pack("<Q", draw.choice(NUMBERS))[:width]


def _delete(content: bytearray, draw: random.Random) -> None:
    at = draw.randrange(len(content) + 1)
    del content[at : at + draw.choice((1, 2, 8, 100, 5000))]


def _repeat(content: bytearray, draw: random.Random) -> None:
    at, to = draw.randrange(len(content) + 1), draw.randrange(len(content) + 1)
    content[to:to] = content[at : at + draw.choice((1, 2, 8, 100, 5000))]


def _overwrite(content: bytearray, draw: random.Random) -> None:
    at, source = draw.randrange(len(content) + 1), draw.randrange(len(content) + 1)
    length = draw.choice((1, 4, 30, 300))
    content[at : at + length] = content[source : source + length]


def _cut(content: bytearray, draw: random.Random) -> None:
    del content[draw.randrange(len(content) + 1) :]


def _insert(content: bytearray, draw: random.Random) -> None:
    at = draw.randrange(len(content) + 1)
    content[at:at] = draw.randbytes(draw.choice((1, 2, 9)))


CHANGES = (_flip, _flip, _opcode, _opcode, _number, _number, _delete, _repeat, _overwrite, _cut, _insert)


def open_all(folder: Path, contents: Mapping[Path, bytes], seeds: range, watch: Watch) -> dict[str, Any]:
    """Open a mutant for each seed; return the report."""
    endings: Counter[str] = Counter()
    findings, slowest, files = [], 0.0, list(contents)
    for seed in seeds:
        file = files[seed % len(files)]
        path = folder / f"{seed}{file.suffix}"  # a new file: to truncate one can mean to wait for the disk
        path.write_bytes(mutate(contents[file], seed))
        watch.armed = seed >= seeds.start + len(files)  # the first refusals may import something
        ending, message, seconds = judge(path)
        watch.armed = False
        path.unlink()
        endings[f"{file.name} {ending}"] += 1
        slowest = max(slowest, seconds)
        if ending == "bug" or (ending == "refused" and path.name not in message):
            findings.append((file.name, seed, message[:300]))
    seen = [peak_bytes(), sorted(watch.noted)]
    return {"endings": endings, "slowest": slowest, "findings": findings[:20], "": seen}


def main() -> None:
    folder, numbers = Path(sys.argv[1]), list(map(int, sys.argv[2:]))
    contents = {path: path.read_bytes() for path in sorted(folder.iterdir())}
    watch = Watch()
    warm_up()
    for first, count in zip(numbers[::2], numbers[1::2], strict=True):
        print(json.dumps(open_all(folder, contents, range(first, first + count), watch)), flush=True)


if __name__ == "__main__":
    main()
