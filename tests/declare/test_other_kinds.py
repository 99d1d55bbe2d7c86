"""A mask whose kind an override changes, and the places where a missing file was looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

import fgraph

MASK = """
nodes:
  code: {op: sample}
  spot: {op: mask, kind: ramp, axis: y, start: 0.1, stop: 0.9, feather: 0.05}
  image: {op: decode, of: code}
outputs: [image, spot]
"""


def test_another_kind_replaces_the_fields_of_the_former_one() -> None:
    graph = fgraph.load(MASK, ["nodes.spot.kind=ellipse", "nodes.spot.radii=[0.1,0.2]"])
    spot = graph.spec.nodes["spot"].model_dump()
    assert (spot["kind"], spot["radii"], spot["feather"]) == ("ellipse", (0.1, 0.2), 0.05)  # shared fields stay
    assert "axis" not in graph.to_yaml()


@pytest.mark.parametrize(
    ("text", "overrides", "field"),
    [
        (MASK, ["nodes.spot.kind=ellipse", "nodes.spot.axis=x"], "axis"),  # the override itself is wrong
        (MASK.replace("axis", "axs"), ["nodes.spot.kind=ellipse"], "axs"),  # of no kind
        (MASK.replace("kind: ramp", "kind: ellipse"), [], "axis"),  # the file itself is wrong
    ],
)
def test_other_wrong_fields_stay_faults(text: str, overrides: list[str], field: str) -> None:
    with pytest.raises(fgraph.GraphError, match=rf"nodes\.spot\.{field}"):
        fgraph.load(text, overrides)


def test_a_missing_file_names_every_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "graphs").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    file = tmp_path / "graphs" / "mine.yaml"
    file.write_text(
        "models: {main: none.pt}\n"
        "nodes:\n  photo: {op: image, path: [none.png]}\n  code: {op: latent, file: none.npz}\noutputs: [photo, code]\n"
    )
    faults = {fault.where: fault for fault in fgraph.check(file)}
    assert set(faults) == {"models.main", "nodes.photo", "nodes.code"}
    assert {fault.hint for fault in faults.values()} == {f"looked in {file.parent} and {Path.cwd()}"}
