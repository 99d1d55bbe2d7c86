"""The plan of the viewed output, as the page shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from fgraph.declare import GraphSpec
from fgraph.plan.cost import LayerCost
from fgraph.studio.engine import Engine
from fgraph.studio.messages import LayerState, PlanEvent, Savings, Timing
from fgraph.studio.session import Session
from fgraph.studio.sheets import graph_maker


@dataclass
class PlanJob:
    """A job that compiles the viewed output by itself, without an earlier run, and sends its plan."""

    revision: int
    spec: GraphSpec

    @classmethod
    def of(cls, session: Session) -> PlanJob:
        """Return the job for the viewed output.

        Raises:
            FgraphError: there is no output to show.
        """
        return cls(session.revision, graph_maker(session)([]))

    def units(self, engine: Engine) -> Iterator[Callable[[], None]]:
        """Yield the compilation."""
        yield partial(self._send, engine)

    def _send(self, engine: Engine) -> None:
        plan = engine.compile([self.spec])
        cost = plan.cost
        savings = Savings(
            calls=cost.layer_calls,
            unbatched_calls=cost.unbatched_layer_calls,
            gflop=cost.flops / 1e9,
            shared_gflop=cost.shared_flops / 1e9,
            unbatched_gflop=cost.unbatched_flops / 1e9,
            bytes=cost.peak_bytes,
        )
        timings = [Timing(name=name, seconds=seconds) for name, seconds in engine.timings.items()]
        engine.emit(
            PlanEvent(revision=self.revision, layers=layer_states(plan.layers), savings=savings, timings=timings)
        )


def layer_states(lines: Sequence[LayerCost]) -> list[LayerState]:
    """Return a state for each layer and size, in which the tiles of a layer are added up."""
    groups: dict[tuple[str, str], list[LayerCost]] = {}
    for line in lines:
        groups.setdefault((line.name, line.size), []).append(line)
    return [_layer_state(name, size, members) for (name, size), members in groups.items()]


def _layer_state(name: str, size: str, members: Sequence[LayerCost]) -> LayerState:
    return LayerState(
        name=name,
        resolution=int(size.partition("x")[0]) if size else 0,
        calls=sum(one.calls for one in members),
        rows=sum(one.rows for one in members),
        unbatched_rows=sum(one.unbatched_calls for one in members),
        gflop=sum(one.flops for one in members) / 1e9,
        gflop_whole=sum(one.flops / one.share for one in members) / 1e9,
        regions=sum(bool(one.tile) for one in members),
    )
