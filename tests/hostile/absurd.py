"""Graph files that ask for absurd amounts: the bundled graphs, with one number replaced, and short ones that grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tests.paths import ROOT

GRAPHS = ROOT / "graphs" / "graph"
NUMBERS = (10**9, 10**18, -1, 1e308, 5e-324, float("nan"), [0.5] * 5_000, "1/" + "3" * 4000)
_HEAD = "nodes:\n  c: {op: sample}\n  d: {op: sample, seed: 5}\n"
_END = "  image: {op: decode, of: e}\noutputs: [image]\n"


def absurd_graphs() -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the name of each, and a function that makes its text."""
    for path in sorted(GRAPHS.glob("*.yaml")):
        document = yaml.safe_load(path.read_text("utf-8"))
        for place in _numbers(document, ()):
            for number, value in enumerate(NUMBERS):
                name = f"{path.stem} {'.'.join(map(str, place))} {number}"
                yield name, partial(_dumped, document, place, value)
    for name, text in _growing():
        yield name, partial(str, text)


def _numbers(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Yield the places of all numbers."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _numbers(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _numbers(inner, (*path, index))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def _dumped(document: Any, place: tuple[str | int, ...], value: Any) -> str:
    copy = deepcopy(document)
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return yaml.safe_dump(copy, default_flow_style=None)


def _growing() -> Iterator[tuple[str, str]]:
    """Yield short graphs that unfold to much, and long ones."""
    yield "a pad of 1e9 images", f"{_HEAD}  e: {{op: pad, of: c, left: 1e9}}\n{_END}"
    yield "1e9 rows", f"{_HEAD}  e: {{op: sample, count: 1000000000}}\n{_END}"
    yield "1e5 nodes", "nodes:\n" + "".join(f"  n{one}: {{op: sample}}\n" for one in range(100_000)) + "outputs: [n0]\n"
    yield "1e4 lists in each other", f"{_HEAD}  e: {'[' * 10_000}{']' * 10_000}\n{_END}"
    yield "256 parts side by side", f"{_HEAD}  e: {{op: concat, of: [{', '.join(['c'] * 256)}]}}\n{_END}"
    chain = "".join(f"  e{one}: {{op: concat, of: [e{one - 1}, e{one - 1}]}}\n" for one in range(1, 30))
    yield (
        "2^29 parts side by side",
        f"{_HEAD}  e0: {{op: tap, of: c, layer: b4.conv1}}\n{chain}" + _END.replace("e}", "e29}"),
    )
    yield "backslashes", "params: {a: 1, x: '" + "\\" * 200_000 + "x${params.a}'}\n" + f"{_HEAD}outputs: [c]\n"
    yield "an endless address", f"models: {{main: 'hf://a/b@{'/' * 100_000}!'}}\n{_HEAD}outputs: [c]\n"


def write_absurd(folder: Path, every: int = 1) -> int:
    """Write every n-th graph into a folder; return the total number of graphs."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for count, (name, text) in enumerate(absurd_graphs(), 1):
        if not count % every:
            (folder / f"{name.replace('/', ' of ')}.yaml").write_text(text(), "utf-8")
    return count
