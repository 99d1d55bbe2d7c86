"""Random edits of a graph in the studio."""

from __future__ import annotations

import random
from typing import Any

from pydantic import TypeAdapter

from fgraph.api.bundled import bundled_nodes
from fgraph.node import field_roles
from fgraph.registry import op_of
from fgraph.studio import code
from fgraph.studio.messages import Change
from fgraph.studio.opening import GRAPHS, open_bundled
from fgraph.studio.session import Session
from fgraph.studio.sheets import graph_maker
from tests.hostile.graph_texts import GraphText

CHANGE: TypeAdapter[Change] = TypeAdapter(Change)
NAMES = sorted(path.stem for path in GRAPHS.glob("*.yaml"))
OPS = sorted({op_of(one) for one in bundled_nodes()})
FIELDS = sorted({name for one in bundled_nodes() for name in one.model_fields})
PORTS = sorted({name for one in bundled_nodes() for name in field_roles(one).ports})
VALUES: tuple[Any, ...] = (
    0, 1, -1, 0.5, 1e9, True, None, "x", "b8", "${params.x}", "landscape.png", "#", "a: b", "", [], [1, 2],
    [[0.1, 0.2]], {}, {"from": 0, "to": 1, "count": 3}, {"kind": "ramp"}, [None], 2**70, "1e3", "*a", "&a b", "{", "é",
)  # fmt: skip


class Chaos:
    """Random changes of a graph."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def node(self, session: Session) -> str:
        known = [*session.reading.nodes, "nowhere"]
        return str(self.draw.choice(known))

    def change(self, session: Session) -> dict[str, Any]:
        pick, node = self.draw.choice, self.node(session)
        port, index = pick(PORTS), pick([None, 0, 1, 5])
        return pick([
            {"set": {"node": node, "field": pick(FIELDS), "value": pick(VALUES)}},
            {"set": {"node": node, "field": f"{pick(FIELDS)}.{pick(['0', 'x'])}", "value": pick(VALUES)}},
            {"unset": {"node": node, "field": pick(FIELDS)}},
            {"add": {"op": pick([*OPS, "subgraph", "none"]), "fields": {pick(FIELDS): pick(VALUES)}}},
            {"remove": [node]},
            {"connect": {"source": self.node(session), "target": node, "input": port, "index": index}},
            {"disconnect": {"target": node, "input": port, "index": index}},
            {"rename": {"node": node, "to": pick(["renamed", "inner.x", node])}},
            {"bypass": {"node": node, "on": pick([True, False])}},
            {"outputs": [{"name": "out", "node": node}]},
            {"model": pick(["avatar", "/etc/passwd"])},
            {"params": {"x": pick(VALUES)}},
            {"seed": 3},
        ])  # fmt: skip

    def act(self, session: Session) -> None:
        """Make one change.

        Raises:
            FgraphError: The change is refused.
        """
        chance = self.draw.random()
        if chance < 0.05:
            session.undo()
        elif chance < 0.1:
            session.redo()
        elif chance < 0.13:
            session.set_text(GraphText(self.draw.randrange(10**6)).make())
        elif chance < 0.15:
            session.open(open_bundled(self.draw.choice(NAMES)))
        elif chance < 0.2:
            self.draw.choice([code.command, code.python, graph_maker])(session)
        else:
            changes = [CHANGE.validate_python(self.change(session)) for _ in range(self.draw.choice([1, 1, 2]))]
            session.edit(changes, self.draw.choice([None, "drag"]))
