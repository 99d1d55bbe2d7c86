"""The node `invert`: its fields become settings, its faults are reported, and it runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import fgraph
from fgraph._results import Latents
from fgraph.inversion import make_settings
from fgraph.ir.ops import Invert
from fgraph.runtime import run_plan
from fgraph.runtime.progress import OnSearch, SearchStep
from nodes.invert import Invert as InvertNode
from tests.networks import tiny

GRAPH = """
nodes:
  of: {op: sample, seed: [1, 2]}
  target: {op: decode, of: of}
  code: {op: invert, of: target, FIELDS}
  image: {op: decode, of: code}
outputs: [image, code]
"""


def text(fields: str) -> str:
    return GRAPH.replace("FIELDS", fields) + "models: {main: landscape}\n"


def test_fields_are_changes_to_the_preset() -> None:
    plain = {"op": "invert", "of": "target"}
    assert InvertNode.model_validate(plain).settings == make_settings()
    asked = InvertNode.model_validate({**plain, "preset": "soat", "lpips": 0, "steps": 5, "space": "w+"}).settings
    assert asked == make_settings("soat", lpips=0, steps=5, space="w+", prior="wulff")


def test_contradicting_settings_are_a_fault() -> None:
    (fault,) = fgraph.check(text("space: s, prior: wulff"))
    assert fault.where.startswith("nodes.code")
    assert "prior wulff is a prior of w" in fault.message
    assert fault.line == 5


def test_the_cost_of_an_inversion_is_known_beforehand() -> None:
    plan = fgraph.compile(fgraph.load(text("steps: 7, starts: 2")))
    (step,) = [step for step in plan.steps if isinstance(step.op, Invert)]
    assert step.rows == 2
    assert step.op.flops(step.row_inputs, step.row_type) == 3 * 14 * step.op.pass_flops  # type: ignore[attr-defined]
    assert "invert(model=landscape, space=s, prior=gaussian, steps=7)" in str(step.op)


def test_a_diverged_search_is_an_error_that_names_the_cure() -> None:
    asked = fgraph.Graph(models=tiny(1))
    code = asked.invert(asked.decode(asked.sample(seed=1)), steps=20, learning_rate=1e30, space="s")
    with pytest.raises(fgraph.RunError, match="the search diverged for image 0: take a lower learning_rate"):
        fgraph.run(asked, outputs={"code": code})


def test_statistics_of_the_model_are_cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file is named after the model's digest; a search also runs where the user's cache cannot be written."""
    model = tiny(1)
    asked = fgraph.Graph(models=model)
    code = asked.invert(asked.decode(asked.sample(seed=1)), steps=1)
    monkeypatch.setattr("fgraph.runtime.kernels.inverting.cache_folder", lambda: tmp_path / "cache")
    first = fgraph.run(asked, outputs={"code": code})["code"].array
    kept = tmp_path / "cache" / "inversions" / "statistics" / f"{model.digest}.safetensors"
    before = kept.stat().st_mtime_ns
    assert np.array_equal(fgraph.run(asked, outputs={"code": code})["code"].array, first)
    assert kept.stat().st_mtime_ns == before
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr("fgraph.runtime.kernels.inverting.cache_folder", lambda: tmp_path / "file")
    assert np.array_equal(fgraph.run(asked, outputs={"code": code})["code"].array, first)


def test_an_inversion_runs() -> None:
    model = tiny(1)
    asked = fgraph.Graph(models=model)
    target = asked.decode(asked.sample(seed=[1, 2]))
    code = asked.invert(target, steps=4, space="w")
    result = fgraph.run(asked, outputs={"code": code, "image": asked.decode(code)})
    assert result["code"].space == "w"
    assert result["code"].array.shape == (2, model.table.w_dim)
    assert result["image"].array.shape == (2, 3, 16, 16)


def _codes(seeds: list[int], on_search: OnSearch = lambda step: None) -> NDArray[np.float32]:
    """Return the codes of images of these seeds."""
    asked = fgraph.Graph(models=tiny(1))
    code = asked.invert(asked.decode(asked.sample(seed=seeds)), steps=4, patience=0)
    asked.outputs = {"code": code}
    found = run_plan(fgraph.compile(asked, device="cpu"), on_search=on_search)[0]["code"]
    assert isinstance(found, Latents)
    return found.array


def test_rows_are_cached_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fgraph.runtime.kernels.inverting.cache_folder", lambda: tmp_path)
    seen: list[SearchStep] = []
    first = _codes([1, 2], seen.append)
    assert [one.rows for one in seen] == [2, 2, 2, 0]
    seen.clear()
    np.testing.assert_array_equal(_codes([1, 2], seen.append), first)
    assert seen == []
    np.testing.assert_array_equal(_codes([3, 2], seen.append)[1], first[1])
    assert [one.rows for one in seen] == [1, 1, 1, 0]
    for kept in tmp_path.rglob("codes/*.safetensors"):
        kept.write_bytes(b"damaged")
    np.testing.assert_array_equal(_codes([1, 2], seen.append), first)
    assert len(seen) == 8


def test_a_cancelled_search_continues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fgraph.inversion.resuming.WORTH_SECONDS", 0.0)
    monkeypatch.setattr("fgraph.runtime.kernels.inverting.cache_folder", lambda: tmp_path / "one")
    seen: list[int] = []

    def note(step: SearchStep, last: int | None = None) -> None:
        seen.append(step.done)
        if step.done == last:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _codes([1, 2], lambda step: note(step, 2))
    found = _codes([1, 2], note)
    assert seen == [1, 2, 3, 4]
    monkeypatch.setattr("fgraph.runtime.kernels.inverting.cache_folder", lambda: tmp_path / "other")
    np.testing.assert_array_equal(found, _codes([1, 2]))
    assert not list(tmp_path.rglob("searches/*"))


def test_a_search_starts_from_given_codes() -> None:
    """Codes of an earlier space are promoted; codes of a later space are a fault."""
    fields = "steps: 1, space: w+, start: of"
    near = fgraph.run(fgraph.load(text(fields).replace("[image, code]", "[image, target]")))
    far = fgraph.run(fgraph.load(text("steps: 1, space: w+")))
    from_codes, from_mean = (np.abs(one["image"].array - near["target"].array).mean() for one in (near, far))
    assert from_codes < from_mean / 2
    styles = text("steps: 1, space: w, start: moved").replace(
        "  code:", "  moved: {op: direction, kind: channel, of: of, channels: [[0, 0, 1]]}\n  code:"
    )
    (fault,) = fgraph.check(styles)
    assert "codes in s cannot be turned back into w" in fault.message
