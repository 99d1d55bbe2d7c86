"""Random requests: each is done or refused with a reason, and no frame of a sheet or film shows a bug."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from fgraph._errors import FgraphError
from fgraph.studio.messages import AnyRequest
from fgraph.studio.opening import open_bundled
from fgraph.studio.studio import Studio
from tests.studio.chaos import FIELDS, NAMES, VALUES, Chaos
from tests.studio.pages import make_studio

REQUEST: TypeAdapter[AnyRequest] = TypeAdapter(AnyRequest)
MORE_VALUES = (*VALUES, "\ud800", "a\0b", "upload:00", -0.0, {"file": "/etc/passwd"}, "9" * 300, [[[[1]]]], 1e308)
TEXTS = (
    "# \ud800\nnodes: {a: {op: sample}}\noutputs: [a]",
    "nodes: {'a\\0b': {op: sample}}\noutputs: ['a\\0b']",
    "nodes: {1: {op: sample}}\noutputs: {a: {b: 1}}",
    "nodes: [1]\noutputs: [[a]]\nparams: [1]",
    "models: {main: {a: 1}}\nnodes: {a: {op: sample}}\noutputs: [a]",
    "defaults: [/etc/passwd]\nnodes: {}",
    "nodes: {s: {op: subgraph, nodes: {s: {op: subgraph, output: s}}, output: [1]}}\noutputs: [s]",
    "",
)
PLAIN = ("undo", "redo", "cancel", "drag_stop", "plan", "history", "command", "python", "explain", "reload")
REQUESTS = 60


class IdleEngine:
    """An engine that runs nothing."""

    def __init__(self) -> None:
        self.jobs: list[Any] = []

    def show(self, live: Any) -> None:
        live.baseline_spec()

    def submit(self, job: Any) -> None:
        self.jobs.append(job)

    def cancel(self) -> None:
        pass


def request(chaos: Chaos, studio: Studio) -> dict[str, Any]:
    pick, node = chaos.draw.choice, chaos.node(studio.session)

    def field() -> str:
        return pick(["seed", "truncation", f"{pick(FIELDS)}.{pick(['0', 'x', '7', '0.0', '9999999999'])}"])

    def key(time: float) -> dict[str, Any]:
        values = [{"node": chaos.node(studio.session), "field": field(), "value": pick(MORE_VALUES)} for _ in range(2)]
        return {"time": time, "values": values}

    return pick([
        {"do": "edit", "changes": [chaos.change(studio.session)]},
        {"do": "seeds", "node": node, "start": pick([0, 2**63 - 1]), "count": 3},
        {"do": "sweep", "x": {"node": node, "field": field(), "values": [pick(MORE_VALUES), pick(MORE_VALUES)]}},
        {"do": "film", "keys": [key(0), key(1)], "seconds": pick([1, 1e-300]), "format": "play"},
        {"do": "export", "format": "png", "output": pick([None, "nowhere", "image"])},
        {"do": pick(["faces", "ablate", "drag_start"]), "node": node},
        {"do": "drag_change", "node": node, "row": pick([0, 7]), "points": pick([None, [[0.1, 0.2]]]),
         "mask": pick([None, node]), "shape": pick([None, {"kind": pick(MORE_VALUES)}, {"op": "sample"}])},
        {"do": pick(PLAIN)},
        {"do": "view", "output": pick(["image", "x"]), "row": pick([0, 99_999])},
        {"do": "open", "what": pick([{"graph": pick(NAMES)}, {"photograph": "00"}, {"example": pick(TEXTS)}])},
        {"do": "set_yaml", "text": pick(TEXTS)},
        {"do": "save", "name": pick(["a", "b.yaml"]), "replace": pick([True, False])},
        {"do": "favourite_seed", "model": pick(["landscape", "\ud800"]), "seed": 3, "on": True},
    ])  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_requests_at_random_are_done_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    studio, chaos, engine = make_studio(tmp_path), Chaos(seed), IdleEngine()
    studio.session.open(open_bundled(chaos.draw.choice(NAMES)))
    monkeypatch.setattr(Studio, "engine", engine)
    monkeypatch.setattr(studio, "_emit_from_thread", lambda message: message.model_dump_json())
    reasons: list[str] = []
    for number in range(REQUESTS):
        try:
            assert studio._handle(REQUEST.validate_python({"id": number, **request(chaos, studio)}), 0.0).ok
            for job in engine.jobs:
                for cell in [*getattr(job, "cells", ()), *getattr(job, "frames", ())][:4]:
                    cell.make()
        except (FgraphError, ValidationError) as error:
            reasons.append(str(error))
        engine.jobs.clear()
    studio.session.history.close()
    assert all(reasons)
    assert REQUESTS // 10 < len(reasons) < REQUESTS * 9 // 10
