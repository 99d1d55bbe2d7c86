"""Options of a run: parsed once, refused together with a plan, and passed to every part of a large image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fgraph
from fgraph._options import RunOptions
from fgraph.api import pipeline
from fgraph.plan import Plan, make_plan
from tests.networks import tiny


def graph() -> dict[str, Any]:
    nodes = {"code": {"op": "sample", "seed": 3}, "image": {"op": "decode", "of": "code"}}
    return {"models": {"main": tiny(0, 32)}, "nodes": nodes, "outputs": ["image"]}


def test_texts_and_short_names_are_parsed() -> None:
    found = RunOptions.of(device="cpu", precision="bf16", torch_compile="eager", memory="1.5 KiB")
    assert found == RunOptions("cpu", "bfloat16", "eager", 1536)
    assert RunOptions.of(**found.keywords) == found
    assert RunOptions.of() == RunOptions()
    assert RunOptions.of(memory=np.int64(7)).memory == 7


@pytest.mark.parametrize("options", [{"device": "cpu"}, {"precision": "float32"}, {"memory": None}])
def test_options_beside_a_plan_are_refused(options: Any) -> None:
    plan = fgraph.compile(graph(), device="cpu")
    for runs in (fgraph.run, fgraph.capture):
        with pytest.raises(fgraph.FgraphError, match=f"a plan has the options .* give {next(iter(options))}="):
            runs(plan, **options)


def test_an_option_of_another_name_is_an_error() -> None:
    with pytest.raises(TypeError, match="devise"):
        fgraph.run(graph(), devise="cpu")  # type: ignore[call-arg]


def test_pieces_of_a_large_image_are_compiled_with_the_callers_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[RunOptions] = []
    real = make_plan

    def planning(*given: Any, options: RunOptions, **more: Any) -> Plan:
        seen.append(options)
        return real(*given, options=options, **more)

    monkeypatch.setattr(pipeline, "make_plan", planning)
    document = {name: part for name, part in graph().items() if name != "models"}  # the bundled model: 64 pixels
    fgraph.save_large(document, tmp_path / "a.dzi", piece=32, tiles="png", device="cpu", memory="1GiB")
    assert seen == [RunOptions("cpu", memory=1 << 30)] * 2  # the size of the image is known without a plan of it
