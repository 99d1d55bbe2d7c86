"""Nothing leaves the device between the numbers of a plan and its results.

Torch's device `meta` has shapes and no data: whatever reads a value back from it raises an error. So a plan that runs
there to its end reads nothing back. Only results are read, by the collector; here it returns zeros instead.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

import fgraph
from fgraph.ir.ops import OPS, Drag, Encode, Invert, Propose, Sift, Transplant
from fgraph.runtime import host_copies
from fgraph.runtime.kernels import encoding
from fgraph.runtime.run import make_context
from tests import strategies
from tests.examples import thoroughly
from tests.networks import tiny

GRAPHS = sorted((Path(__file__).parent.parent.parent / "graphs" / "graph").glob("*.yaml"))


@dataclass
class Transfers(TorchDispatchMode):
    """A counter of copies from the host to the device. It refuses calls that copy without a visible operation."""

    bytes: list[int] = field(default_factory=list)  # of each copy

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        with torch._C.DisableTorchFunction():  # the kernels of `meta` are written in Python, and call torch
            made = call(func, args, kwargs or {})
        if isinstance(made, torch.Tensor) and made.device.type == "meta":
            self.bytes += [one.nbytes for one in args if isinstance(one, torch.Tensor) and one.device.type == "cpu"]
        return made


SHAPES: dict[Hashable, tuple[Any, ...]] = {}  # an operation and its arguments -> size, strides and type of its result


def call(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call an operation. A new tensor on `meta` is nothing but a shape, which is slow to derive, and looked up."""
    schema, devices = func._schema, set[str]()
    key = func, _key(args, devices), _key([*kwargs.items()], devices)
    if schema.is_mutable or any(one.alias_info for one in schema.returns) or "cpu" in devices:
        return func(*args, **kwargs)
    if key in SHAPES:
        size, strides, kind = SHAPES[key]
        return torch.empty_strided(size, strides, dtype=kind, device="meta")
    made = func(*args, **kwargs)
    if isinstance(made, torch.Tensor) and made.device.type == "meta":
        SHAPES[key] = made.shape, made.stride(), made.dtype
    return made


def _key(argument: Any, devices: set[str]) -> Hashable:
    """Return what the shape of a result depends on; add the devices of tensors."""
    if isinstance(argument, torch.Tensor):
        devices.add(argument.device.type)
        return argument.shape, argument.stride(), argument.dtype
    if isinstance(argument, list | tuple):
        return tuple(_key(one, devices) for one in argument)
    return type(argument), argument


class NoHiddenCopies(TorchFunctionMode):
    """A mode that refuses to make tensors from Python numbers on the device, since no dispatch mode sees that copy."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") in {"tensor", "as_tensor", "new_tensor", "asarray"}:
            assert made.device.type == "cpu" or (isinstance(args[0], torch.Tensor) and args[0].device == made.device)
        return made


@contextmanager
def counted() -> Iterator[Transfers]:
    with NoHiddenCopies(), Transfers() as transfers:
        yield transfers


def assert_as_predicted(plan: fgraph.Plan) -> None:
    """Run a plan twice: the first run also sends its constants, the second one exactly its inputs."""
    with counted() as first:
        fgraph.run(plan)
    with counted() as second:
        fgraph.run(plan)
    inputs, constants = plan.transfers.inputs, plan.transfers.constants
    assert (len(second.bytes), sum(second.bytes)) == (inputs.copies, inputs.bytes)
    assert len(first.bytes) <= inputs.copies + constants.copies
    assert sum(first.bytes) <= inputs.bytes + constants.bytes


@pytest.fixture(autouse=True)
def zeros_for_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_copies, "to_array", lambda tensor: np.zeros(tuple(tensor.shape), np.float32))


def compiled(graph: Any) -> fgraph.Plan:
    return fgraph.compile(graph, device="meta")


def test_operations_that_read_back_are_marked() -> None:
    """Searches read back which rows have ended, and patches are proposed from the picture, on the host."""
    assert {op for op in OPS if op.reads_back} == {Invert, Drag, Propose, Sift, Transplant}


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_bundled_graphs_stay_on_the_device(path: Path) -> None:
    plan = compiled(fgraph.load(path))
    asking = [step for step in plan.steps if step.op.reads_back]
    if asking:
        with pytest.raises((fgraph.RunError, NotImplementedError), match="no data"):
            fgraph.run(plan)
        return
    make_context(plan.models, plan.options)  # the models are moved before
    assert_as_predicted(plan)
    on_cpu = fgraph.compile(fgraph.load(path))
    assert len(plan.steps) == len(on_cpu.steps)  # the same plan as on the CPU


@thoroughly(40)
@given(strategies.graphs())
def test_random_graphs_stay_on_the_device(document: dict[str, Any]) -> None:
    plan = compiled(strategies.load(document))
    if not any(step.op.reads_back for step in plan.steps):
        context = make_context(plan.models, plan.options)  # the models are moved before, and so are the encoders
        for step in plan.steps:
            if isinstance(step.op, Encode):
                encoding._load(step.op.encoder, context.device, context.dtype)
        assert_as_predicted(plan)


def test_a_model_that_was_moved_returns_without_a_copy() -> None:
    host = tiny(1)
    moved = host.to("meta")
    assert moved.to("cpu") is host
    assert moved.with_half(torch.float16).to("cpu") is host
    mean, deviation = moved.style_statistics()
    assert mean.device.type == deviation.device.type == "meta"


def test_losses_of_an_inversion_are_read_once_in_ten_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rarer reads, as on a GPU, give the same result as a read after each step, since no row ends early here."""
    from fgraph.inversion import make_settings, optimise
    from fgraph.inversion.batch import invert
    from fgraph.inversion.problem import make_problem

    problem = make_problem(tiny(1), make_settings(steps=25, patience=0))
    target = torch.zeros(2, 3, 16, 16)
    expected = invert(problem, target)
    reads: list[int] = []
    real = optimise.Search._read_losses

    def counted(search: optimise.Search) -> None:
        reads.append(search.done)
        real(search)

    def seldom(search: optimise.Search) -> None:
        search._every = optimise.CHECKED

    monkeypatch.setattr(optimise.Search, "_read_losses", counted)
    found = invert_with(problem, target, seldom)
    assert reads == [10, 20, 25]
    for one, other in zip(expected, found, strict=True):
        assert torch.equal(one.code, other.code)
        assert torch.equal(one.curve, other.curve)


def test_an_inversion_exchanges_values_with_the_device_once_in_ten_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    from fgraph.inversion import make_settings, optimise
    from fgraph.inversion.problem import make_problem

    asked: list[int] = []

    def note(search: optimise.Search) -> dict[int, Any]:
        asked.append(search.done)
        search._rates = []  # as a read does
        return {}

    problem = make_problem(tiny(1).to("meta"), make_settings(noise=True, space="w+", steps=40, patience=0))
    with torch.enable_grad():
        search = optimise.Search(problem, torch.zeros(2, 3, 16, 16, device="meta"))
        monkeypatch.setattr(optimise.Search, "_read_losses", note)
        monkeypatch.setattr(optimise.Search, "_leave", lambda search: {})
        with counted() as transfers:
            for _ in range(20):
                search.step()
    assert asked == [10, 20]
    assert transfers.bytes == [optimise.CHECKED * 2 * 4] * 2  # the learning rates of two rows


@pytest.mark.parametrize("settings", [{}, {"reading": "paper"}, {"tracking": "adaptive"}], ids=str)
def test_a_drag_asks_the_device_once_in_ten_steps(monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]) -> None:
    from fgraph.dragging import search as searches
    from fgraph.dragging.points import DragPoints
    from fgraph.dragging.settings import make_drag_settings

    asked: list[int] = []

    def note(search: searches.DragSearch) -> dict[int, Any]:
        asked.append(search.done)
        return {}

    generator = tiny(1).to("meta")
    codes = torch.zeros(2, generator.table.num_ws, generator.table.w_dim, device="meta")
    mask = torch.ones(1, 1, 16, 16, device="meta")
    points = [DragPoints(((0.3, 0.5),), ((0.7, 0.5),)), DragPoints(((0.2, 0.2), (0.8, 0.8)), ((0.4, 0.4), (0.6, 0.6)))]
    monkeypatch.setattr(searches.DragSearch, "_endings", note)
    with torch.enable_grad():
        search = searches.DragSearch(generator, make_drag_settings(steps=100, **settings), codes, points, mask)
        search.step()  # sends the points
        with counted() as transfers:
            for _ in range(11):
                search.step()
    assert asked == [0, 10]
    assert transfers.bytes == []


def test_encoding_stays_on_the_device() -> None:
    graph = fgraph.Graph(models={"main": "landscape"})
    code = graph.encode(graph.decode(graph.sample(seed=[1, 2])))
    graph.outputs = {"image": graph.decode(code), "code": code}
    plan = compiled(graph)
    fgraph.run(plan)  # moves the model and the encoder
    assert_as_predicted(fgraph.compile(graph, device="meta"))


def invert_with(problem: Any, target: torch.Tensor, prepare: Any) -> list[Any]:
    from fgraph.inversion.optimise import Search

    with torch.enable_grad():
        search = Search(problem, target)
        prepare(search)
        found: dict[int, Any] = {}
        while search.rows:
            found |= search.step()
    return [found[row] for row in range(len(target))]
