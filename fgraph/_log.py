"""Loggers that escape control characters, which names from files can contain."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fgraph._errors import escape_controls


def get_logger(name: str = "fgraph") -> logging.Logger:
    """Return a logger that escapes control characters in its messages, except line ends and tabs."""
    logger = logging.getLogger(name)
    if _escape not in logger.filters:
        logger.addFilter(_escape)
    return logger


@contextmanager
def escaped_records() -> Iterator[None]:
    """Escape control characters in the messages of all loggers within the block; Hydra's messages show overrides."""
    make = logging.getLogRecordFactory()

    def make_escaped(*arguments: Any, **named: Any) -> logging.LogRecord:
        record = make(*arguments, **named)
        with suppress(TypeError, ValueError):  # arguments that do not fit the message: the handler reports them
            _escape(record)
        return record

    logging.setLogRecordFactory(make_escaped)
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)


def _escape(record: logging.LogRecord) -> bool:
    record.msg, record.args = escape_controls(record.getMessage()), None
    return True
