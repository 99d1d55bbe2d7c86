"""Messages between the studio and its page, and the TypeScript that is written from them."""

from __future__ import annotations

import pytest
import studio_types
from pydantic import TypeAdapter, ValidationError

from fgraph.studio.messages import AnyRequest, Change

REQUEST: TypeAdapter[AnyRequest] = TypeAdapter(AnyRequest)
CHANGE: TypeAdapter[Change] = TypeAdapter(Change)


def test_the_types_of_the_page_follow_from_the_messages() -> None:
    assert studio_types.TARGET.read_text("utf-8") == studio_types.typescript()


def test_the_key_decides_the_kind_of_a_change() -> None:
    change = CHANGE.validate_python({"connect": {"source": "a", "target": "b", "input": "of"}})
    assert type(change).__name__ == "ConnectNodes"


@pytest.mark.parametrize(
    "request_",
    [
        {"id": 1, "do": "open", "what": {"path": "/etc/passwd"}},
        {"id": 1, "do": "save", "name": "../../x"},
        {"id": 1, "do": "save", "name": "a/b"},
        {"id": 1, "do": "goto", "state": "../x"},
        {"id": 1, "do": "undo", "more": 1},
        {"id": -1, "do": "undo"},
        {"id": 1, "do": "eval"},
        {"id": 1, "do": "seeds", "node": "a", "start": 0, "count": 10**6},
        {"id": 1, "do": "edit", "changes": [{"set": {"node": "a", "field": "b", "value": 1}, "add": {"op": "x"}}]},
    ],
    ids=["path", "up", "folder", "state", "extra", "negative", "unknown", "many", "two"],
)
def test_other_messages_are_refused(request_: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        REQUEST.validate_python(request_)
