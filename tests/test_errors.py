"""Control characters in messages."""

from __future__ import annotations

import pytest

from fgraph._errors import Fault, GraphError, ModelError, escape_controls, show

HOSTILE = "\x1b]0;title\x07\x1b[2J\r\x9b31m\u202eevil\x00\x7f"


def test_messages_of_errors_hold_no_control_characters() -> None:
    fault = Fault(HOSTILE, where=HOSTILE, file=HOSTILE, hint=HOSTILE)
    for text in (str(ModelError(f"model {HOSTILE}")), str(GraphError([fault])), str(fault)):
        assert escape_controls(text) == text
        assert "\\x1b]0;title" in text


def test_lines_of_a_message_are_kept() -> None:
    assert str(GraphError([Fault("one"), Fault("two")])) == "the graph has 2 faults:\n  one\n  two"


@pytest.mark.parametrize("character", ["\n", "\t", "\x1b", "\u2028", "\ud800"])
def test_a_name_is_on_one_line(character: str) -> None:
    assert show(f"a{character}b") == f"a{ascii(character)[1:-1]}b"


def test_a_name_is_short() -> None:
    assert len(show("x" * 10_000)) == 80


def test_shown_values_take_bounded_time() -> None:
    shared: object = ()
    for _ in range(60):
        shared = [shared, (shared,), {"a": shared}]
    assert len(show(shared)) <= 80
    assert len(show({"a": shared, "b": {1: shared}})) <= 80
    assert show(7**5000) == "a number of 14037 bits"
    assert show([7**5, None, 0.5, b"a", "b"]) == "[16807, None, 0.5, b'a', 'b']"
    assert show([64, 128]) == "[64, 128]"
    assert show(True) == "True"
