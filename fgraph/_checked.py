"""Settings from keyword arguments, with errors in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from fgraph._errors import FgraphError, nearest

M = TypeVar("M", bound=BaseModel)


def make_checked(model: type[M], given: Mapping[str, Any], subject: str, error: type[FgraphError]) -> M:
    """Return settings of a pydantic model.

    Args:
        model: the class of the settings.
        given: the settings that differ from the defaults.
        subject: the operation that has the settings, for messages.
        error: the class of the error.

    Raises:
        FgraphError: of the class `error`; there is no such setting, or a value is invalid.
    """
    for name in given.keys() - model.model_fields.keys():
        hint = nearest(name, model.model_fields)
        raise error(f"{subject} has no setting '{name}'" + (f": {hint}" if hint else ""))
    try:
        return model(**given)
    except ValidationError as failed:
        raise error("; ".join(map(_describe, failed.errors()))) from failed


def _describe(fault: Any) -> str:
    where = ".".join(map(str, fault["loc"]))
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}, found {fault['input']!r:.60}" if where else message
