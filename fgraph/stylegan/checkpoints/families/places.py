"""The networks in the value of a file: dicts of tensors, and modules that were pickled whole. Without torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fgraph.stylegan.checkpoints.pickles.numpy_values import read_array
from fgraph.stylegan.checkpoints.pickles.refusal import Refused
from fgraph.stylegan.checkpoints.pickles.stand_ins import Module, Record
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor

_DEEPEST = 4  # wrappers around a network
_MOST_PLACES = 500
_MOST_PARTS = 20_000  # modules in a module; a discriminator with feature networks has some 1,000
_DEEPEST_PART = 16  # modules inside each other
_STATE = ("_parameters", "_buffers", "_modules")  # of a torch module


@dataclass(frozen=True)
class Place:
    """A network, or a dict that may hold one, in the value of a file."""

    value: Any
    path: tuple[str, ...] = ()  # the keys that lead to it
    around: tuple[Mapping[Any, Any], ...] = ()  # the dicts on the way, outermost first


def find_places(content: Any) -> list[Place]:
    """Return the dicts and modules in a value, outer ones first, within bounds on depth and number."""
    found: list[Place] = []
    waiting = [Place(content)]
    while waiting and len(found) < _MOST_PLACES:
        place = waiting.pop(0)
        found.append(place)
        if type(place.value) is dict and len(place.path) < _DEEPEST:
            around = (*place.around, place.value)
            waiting += [
                Place(value, (*place.path, key), around)
                for key, value in place.value.items()
                if type(key) is str and (type(value) in (dict, Module) or state_of(value) is not None)
            ]
    return found


def state_of(value: Any) -> dict[Any, Any] | None:
    """Return the state of a module: one of NVlabs', or one of an unknown class; None for anything else."""
    state = value.state if type(value) in (Module, Record) else None
    return state if type(state) is dict and any(type(state.get(kind)) is dict for kind in _STATE) else None


def entries_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a dict, or the parameters and buffers of a module and of its parts, by dotted name."""
    if type(value) is dict:
        yield from ((key, one) for key, one in value.items() if type(key) is str)
        return
    waiting, left = [("", value, 0)], _MOST_PARTS
    while waiting and left:
        prefix, part, depth = waiting.pop()
        left -= 1
        state = state_of(part) or {}
        for kind in _STATE[:2]:
            named = state.get(kind)
            for key, one in named.items() if type(named) is dict else ():
                if type(key) is str:
                    yield f"{prefix}{key}", one
        parts = state.get(_STATE[2])
        if type(parts) is dict and depth < _DEEPEST_PART:
            waiting += [(f"{prefix}{key}.", one, depth + 1) for key, one in parts.items() if type(key) is str]


def as_tensor(value: Any) -> StoredTensor | None:
    """Return the tensor that a value is or stands for: torch's, numpy's, or paddle's pair of a name and an array."""
    if type(value) is Record and value.kind == "builtins.tuple" and len(value.made_of) == 1:
        pair = value.made_of[0]
        value = pair[1] if type(pair) is tuple and len(pair) == 2 else None
    if type(value) is Record and value.kind == "ndarray":
        try:
            return read_array(value)
        except Refused:
            return None
    return value if type(value) is StoredTensor else None
