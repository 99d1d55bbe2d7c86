"""Models whose numbers are numbers: `true` is not 1, and the text '3' is not 3, nor is 1 `true`."""

from __future__ import annotations

import re
from numbers import Number
from typing import Any, Final

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_ZEROS = re.compile(r"[-+]?0[0-9]+", re.ASCII)
_NO_VALUES = ("default", "keys_schema", "metadata", "serialization")  # keys of mappings are text in YAML and JSON


def _checked(schema: Any) -> Any:
    """Return a schema, or a part of one, with the checks."""
    if isinstance(schema, list | tuple):
        return type(schema)(map(_checked, schema))
    if not isinstance(schema, dict) or _is_check(schema):
        return schema
    kind = schema.get("type")
    skipped = _NO_VALUES if isinstance(kind, str) else ()  # otherwise, the keys are names of fields
    made: Any = {key: value if key in skipped else _checked(value) for key, value in schema.items()}
    check = _CHECKS.get(kind) if isinstance(kind, str) else None
    if kind == "literal" and any(type(one) is int for one in schema["expected"]):
        check = _no_truth
    return made if check is None else core_schema.no_info_before_validator_function(check, made)


def _is_check(schema: dict[str, Any]) -> bool:
    """Return whether a schema has a check already, as in the schema of another model."""
    function = schema.get("function")
    return isinstance(function, dict) and function.get("function") in (_number, _truth, _no_truth)


def _number(value: Any) -> Any:
    """Return a number as it is; a text such as `010`, which Hydra makes of `seed=010`, is one.

    Raises:
        PydanticCustomError: the value is not a number, or is true or false.
    """
    if isinstance(value, str) and _ZEROS.fullmatch(value):
        return value
    if isinstance(value, bool) or not isinstance(value, Number):
        raise PydanticCustomError("number_type", "Input should be a number")
    return value


def _truth(value: Any) -> Any:
    """Return true, false, or a word for one of them, such as `yes`, as it is.

    Raises:
        PydanticCustomError: the value is a number.
    """
    if (isinstance(value, Number) and not isinstance(value, bool)) or (isinstance(value, str) and value.isdigit()):
        raise PydanticCustomError("truth_type", "Input should be true or false")
    return value


def _no_truth(value: Any) -> Any:
    """Return a value of a list of values with numbers as it is.

    Raises:
        PydanticCustomError: the value is true or false.
    """
    if isinstance(value, bool):
        raise PydanticCustomError("number_type", "Input should not be true or false")
    return value


_CHECKS: Final = {"int": _number, "float": _number, "bool": _truth}  # by the type of a schema


class TypedModel(BaseModel):
    """A model that takes neither booleans nor texts for numbers, and no numbers for booleans, in fields of any depth.

    Otherwise pydantic's rules hold: 3.0 is a whole number, a number of numpy is a number, and the word `yes` is true.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return pydantic's schema, with a check before each number and boolean."""
        schema: CoreSchema = _checked(handler(source))
        return schema
