"""Random edits: each is made or refused with a reason, and the text always agrees with the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from fgraph._errors import FgraphError
from fgraph.declare.document import parse
from fgraph.studio.access import FileAccess
from fgraph.studio.history import History
from fgraph.studio.opening import open_bundled
from fgraph.studio.session import Session
from fgraph.studio.uploads import Uploads
from tests.studio.chaos import NAMES, Chaos

EDITS = 60


def attempt(chaos: Chaos, session: Session) -> str | None:
    """Make one change; return the reason if it was refused, None if it was made."""
    try:
        chaos.act(session)
    except FgraphError as error:
        return str(error)
    return None


@pytest.mark.parametrize("seed", range(3))
def test_edits_at_random_are_made_or_refused(tmp_path: Path, seed: int) -> None:
    session = Session(tmp_path, History(), FileAccess(["landscape", "avatar"]), Uploads(tmp_path))
    chaos = Chaos(seed)
    session.open(open_bundled(chaos.draw.choice(NAMES)))
    refused = 0
    for _ in range(EDITS):
        before = session.state
        reason = attempt(chaos, session)
        assert reason != ""
        refused += reason is not None
        assert reason is None or session.state == before
        event = session.graph_event()
        data = parse(event.yaml).data
        nodes = data.get("nodes") if isinstance(data, dict) else None
        assert {one.id for one in event.nodes} <= set(map(str, nodes)) if isinstance(nodes, dict) else True
        event.model_dump_json()
    assert 0 < refused < EDITS
