"""The engine of the studio: the newest graph wins, jobs wait, and an edit computes only changed values."""

from __future__ import annotations

import pkgutil
import queue
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import fgraph
from fgraph._options import RunOptions
from fgraph.declare import GraphSpec
from fgraph.studio.engine import Engine, Outgoing
from fgraph.studio.live import LiveRun, viewed
from fgraph.studio.messages import Done, Failed, Picture, Progress, Thumbnail
from fgraph.studio.pictures import Binary
from fgraph.studio.previews import blocks, preview
from fgraph.studio.sheets import SheetCell, SheetJob
from fgraph.stylegan.checkpoints.header import read_header
from tests.studio.pages import GRAPH

ROWS = GRAPH.replace("seed: 4", "seed: [4, 5, 6]")


class Received(queue.Queue[Outgoing]):
    """The messages that an engine emits."""

    def until(self, kind: type) -> Any:
        while True:
            message = self.get(timeout=600)
            inner = message.header if isinstance(message, Binary) else message
            if isinstance(inner, kind):
                return inner


@pytest.fixture
def received() -> Received:
    return Received()


@pytest.fixture
def engine(received: Received, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine that makes a baseline when a test says so, not after a pause."""
    monkeypatch.setattr("fgraph.studio.engine._IDLE", 3600)
    made = Engine(RunOptions.of(device="cpu"), received.put)
    yield made
    made.close()


def spec_of(text: str = GRAPH, **fields: Any) -> GraphSpec:
    return viewed(fgraph.load(text, [f"nodes.{name}={value}" for name, value in fields.items()]).spec, "Image", 0, 1)


def live(revision: int, spec: GraphSpec, keep: Callable[[bytes], None] = lambda content: None) -> LiveRun:
    return LiveRun(revision, spec, "image", 0, 1, keep)


class Blocking(LiveRun):
    """A run that waits after its first step until it is released."""

    def run(self, engine: Engine) -> None:
        plan = engine.compile([self.spec])
        self.results = engine.run(plan, lambda done, step: self.wait(done))

    def wait(self, done: int) -> None:
        if done == 1:
            STARTED.set()
            assert GO.wait(60)


STARTED, GO = threading.Event(), threading.Event()


@pytest.fixture
def blocking() -> Iterator[Blocking]:
    STARTED.clear()
    GO.clear()
    yield Blocking(1, spec_of(), "image", 0, 1, lambda content: None)
    GO.set()


def test_the_newest_graph_replaces_one_that_runs_and_those_that_wait(
    engine: Engine, received: Received, blocking: Blocking
) -> None:
    engine.show(blocking)
    assert STARTED.wait(60)
    engine.show(live(2, spec_of()))
    engine.show(live(3, spec_of()))
    GO.set()
    assert received.until(Picture).revision == 3
    assert received.until(Done).revision == 3
    assert not hasattr(blocking, "results")


def test_a_job_gives_way_to_the_picture_and_is_done_after_it(
    engine: Engine, received: Received, blocking: Blocking
) -> None:
    class Work:
        revision = 9

        def units(self, engine: Engine) -> Iterator[Callable[[], None]]:
            yield partial(blocking.run, engine)
            yield lambda: engine.emit(Failed(revision=9, message="done"))

    engine.submit(Work())
    assert STARTED.wait(60)
    engine.show(live(2, spec_of()))
    GO.set()
    assert received.until(Picture).revision == 2
    assert received.until(Failed).message == "done"
    assert blocking.results


def test_a_cancelled_run_makes_no_picture(engine: Engine, received: Received, blocking: Blocking) -> None:
    engine.show(blocking)
    assert STARTED.wait(60)
    engine.cancel()
    GO.set()
    engine.show(live(2, spec_of()))
    assert received.until(Picture).revision == 2
    assert not hasattr(blocking, "results")


@pytest.mark.parametrize(
    ("search", "measure"),
    [
        ("{op: drag, of: left, points: [[0.5, 0.5]], to: [[0.5, 0.2]], steps: 100000, patience: 0}", "distance"),
        ("{op: invert, of: picture, steps: 100000}", "loss"),
    ],
    ids=["drag", "invert"],
)
def test_a_search_reports_its_progress_and_gives_way_at_any_iteration(
    engine: Engine, received: Received, monkeypatch: pytest.MonkeyPatch, search: str, measure: str
) -> None:
    monkeypatch.setattr("fgraph.studio.live._BETWEEN", 0.0)
    nodes = f"  picture: {{op: decode, of: left}}\n  found: {search}\n  image: {{op: decode, of: found}}\n"
    text = GRAPH.replace("  image: {op: decode, of: mix}\n", nodes)
    engine.show(live(1, spec_of(text)))
    progress = received.until(Progress)
    while progress.search is None or getattr(progress.search, measure) is None:
        progress = received.until(Progress)
    assert (progress.stage, progress.total) == (search[5 : search.index(",")], 100_000)
    assert progress.done < 10
    engine.show(live(2, spec_of()))
    assert received.until(Picture).revision == 2


class Counted:
    """A function that counts its calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.calls, function = 0, pkgutil.resolve_name(name)

        def call(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            return function(*arguments, **named)

        monkeypatch.setattr(name, call)


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))


SEARCHES = {
    "invert, of: picture, steps: 3": ("fgraph.inversion.optimise.Search.step", 3),
    "encode, of: picture": ("fgraph.stylegan.nn.encoder.Encoder.encode", 1),
    "drag, of: code, points: [[0.5, 0.5]], to: [[0.5, 0.2]], steps: 2": ("fgraph.dragging.search.DragSearch.step", 3),
}


@pytest.mark.usefixtures("empty_cache")
@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.partition(",")[0])
def test_a_search_is_done_once(
    engine: Engine, received: Received, monkeypatch: pytest.MonkeyPatch, search: str
) -> None:
    """Previews, the picture, the baseline, edits after the search and sheets share the result of the search."""
    name, count = SEARCHES[search]
    monkeypatch.setattr("fgraph.studio.live.SLOW", 0.0)
    monkeypatch.setattr("fgraph.studio.live._SHARES", (1.0,))
    monkeypatch.setattr("fgraph.runtime.kernels.encoding._CODES", {})
    text = f"""
models: {{main: avatar}}
nodes:
  code: {{op: sample, seed: 4}}
  picture: {{op: decode, of: code}}
  found: {{op: {search}}}
  moved: {{op: direction, kind: channel, of: found, channels: [[0, 0, 1]], strength: 0.0}}
  image: {{op: decode, of: moved}}
outputs: [image]
"""
    steps = Counted(monkeypatch, name)
    first = live(1, spec_of(text))
    engine.show(first)
    stages = [received.until(Picture).stage for _ in range(2)]
    assert (stages, steps.calls) == (["b32", "final"], count)
    engine.show(live(2, spec_of(text, **{"moved.strength": 0.5})))
    received.until(Done)
    engine._rebase(first)
    sheet = [SheetCell("0", (), lambda: spec_of(text, **{"moved.strength": 0.7}))]
    engine.submit(SheetJob(3, "sweep", 1, sheet))
    received.until(Thumbnail)
    assert steps.calls == count


@pytest.mark.parametrize("name", ["studio_view", "studio_view_decoded"])
def test_a_node_with_any_id_is_shown(name: str) -> None:
    spec = fgraph.load(f"nodes: {{{name}: {{op: sample, count: 2}}}}\noutputs: [{name}]").spec
    shown = viewed(spec, "Latent", 1, 2)
    assert fgraph.check(shown) == []
    assert len(shown.nodes) == 3


def test_a_failure_ends_neither_the_thread_nor_later_runs(engine: Engine, received: Received) -> None:
    broken = GRAPH.replace("mask: fade", "mask: fade, layers: b512")
    engine.show(live(1, spec_of(broken)))
    failed = received.until(Failed)
    assert (failed.node, failed.field) == ("mix", "layers")
    engine.show(live(2, spec_of()))
    assert received.until(Picture).revision == 2


def test_an_edit_computes_only_what_it_changes(engine: Engine, received: Received) -> None:
    """The test calls the engine as its thread does after a pause."""
    first = live(1, spec_of(ROWS))
    engine.show(first)
    whole = received.until(Done)
    engine._rebase(first)
    assert engine._baseline is not None
    changed = spec_of(ROWS, **{"right.seed": "[4,5,7]"})
    plan = engine.compile([changed], since=True)
    assert plan.cost.flops < 0.6 * engine.compile([changed]).cost.flops
    engine.show(live(2, changed))
    done = received.until(Done)
    assert done.recomputed < whole.recomputed


def test_a_pause_makes_the_baseline_of_the_shown_graph(received: Received, monkeypatch: pytest.MonkeyPatch) -> None:
    made: queue.Queue[Any] = queue.Queue()
    monkeypatch.setattr("fgraph.studio.engine._IDLE", 0)

    def note(engine: Engine, live: Any) -> None:
        engine._shown = None
        made.put(live)

    monkeypatch.setattr(Engine, "_rebase", note)
    engine, shown = Engine(RunOptions.of(device="cpu"), received.put), live(1, spec_of())
    engine.show(shown)
    assert made.get(timeout=600) is shown
    engine.close()


def test_an_edit_of_a_place_computes_that_place(engine: Engine, received: Received) -> None:
    text = GRAPH.replace("kind: ramp, start: 0.25, stop: 0.75", "kind: box, box: [0.1, 0.1, 0.2, 0.2]")
    first = live(1, spec_of(text))
    engine.show(first)
    whole = received.until(Done)
    engine._rebase(first)
    engine.show(live(2, spec_of(text, **{"fade.box": "[0.1,0.1,0.25,0.2]"})))
    done = received.until(Done)
    assert done.recomputed < whole.recomputed  # half a row counts as half
    assert done.recomputed + done.reused == whole.recomputed + whole.reused


@pytest.mark.parametrize(("model", "expected"), [("landscape", [32]), ("landscape128", [32, 64])])
def test_previews_are_the_skip_of_a_block(model: str, expected: list[int]) -> None:
    assert blocks(read_header(model).table) == expected
    graph = fgraph.load(GRAPH, [f"models.main={model}"])
    whole = fgraph.compile(graph).cost.flops
    for resolution in expected:
        small = fgraph.Graph.from_spec(preview(graph.spec, resolution))
        assert fgraph.run(small, device="cpu")["image"].array.shape == (1, 3, resolution, resolution)
        assert fgraph.compile(small).cost.flops < whole
