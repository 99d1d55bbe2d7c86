"""Loggers whose lines hold no control characters, whatever file a name in them comes from."""

from __future__ import annotations

import logging

from fgraph._errors import escape_controls


def get_logger(name: str = "fgraph") -> logging.Logger:
    """Return a logger that escapes control characters in its messages, but for line ends and tabs."""
    logger = logging.getLogger(name)
    if _escape not in logger.filters:
        logger.addFilter(_escape)
    return logger


def _escape(record: logging.LogRecord) -> bool:
    record.msg, record.args = escape_controls(record.getMessage()), None
    return True
