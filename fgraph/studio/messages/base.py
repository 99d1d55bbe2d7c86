"""The base class of the messages between the studio and its page."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import ConfigDict, Field

from fgraph import _limits
from fgraph._typed_model import TypedModel

NodeId: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$", max_length=_limits.STUDIO_NAME)]
FieldPath: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$", max_length=_limits.STUDIO_NAME)]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", max_length=_limits.STUDIO_NAME)]
Token: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]+$", max_length=_limits.STUDIO_NAME)]
Words: TypeAlias = Annotated[str, Field(max_length=_limits.STUDIO_NAME)]
Row: TypeAlias = Annotated[int, Field(ge=0, le=_limits.ROWS)]


class Message(TypedModel):
    """A message, or a part of one; it has no fields but its own. A text below a field says what it means."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        defer_build=True,  # a validator is built when it is first used, not while the studio starts
        json_schema_serialization_defaults_required=True,  # what is sent has every field
    )
