"""One job: what each mode does with a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fgraph import _front
from fgraph._atomic import write_atomic
from fgraph._errors import GraphError
from fgraph.cli.configuration import Mode, Settings
from fgraph.cli.places import trace
from fgraph.declare import Graph
from fgraph.digraph import wire
from fgraph.save import save_results
from fgraph.save.recording import record_graph


def run_job(settings: Settings) -> None:
    """Do what the mode asks for.

    Raises:
        FgraphError: the graph, a model or the place to write to is at fault.
    """
    _MODES[settings.mode](settings)


def _load(settings: Settings) -> Graph:
    return _front.load(settings.graph, trace=trace(settings))


def _run(settings: Settings) -> None:
    graph = _load(settings)
    plan = _front.compile(graph, device=settings.device, precision=settings.precision)
    results = _front.run(plan)
    manifest = save_results(results, settings.directory, settings.formats, record_graph(graph))
    for path in manifest.paths:
        print(path)


def _explain(settings: Settings) -> None:
    graph = _load(settings)
    print(_front.compile(graph, device=settings.device, precision=settings.precision))


def _check(settings: Settings) -> None:
    faults = _front.check(_load(settings))
    if faults:
        raise GraphError(faults)
    print(f"{settings.name}: ok")


def _draw(settings: Settings) -> None:
    from fgraph.digraph.draw import draw_svg  # no other mode draws

    wiring, faults = wire(_load(settings).spec)
    if faults:
        raise GraphError(faults)
    path = settings.directory / f"{settings.name.rsplit('/')[-1]}.svg"
    write_atomic(path, draw_svg(wiring).encode())
    print(path)


_MODES: Mapping[Mode, Callable[[Settings], None]] = {"run": _run, "explain": _explain, "check": _check, "draw": _draw}
