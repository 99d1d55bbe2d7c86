"""The networks in the value of a file: dicts of tensors, and modules that were pickled whole. Without torch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fgraph.stylegan.checkpoints.pickles.numpy_values import read_array
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused
from fgraph.stylegan.checkpoints.pickles.stand_ins import Module, StandIn
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor

_DEEPEST = 4  # wrappers around a network
_MOST_PLACES = 500
_MOST_ENTRIES = 100_000  # tensors of all modules; a discriminator with feature networks has about 5,000
_MOST_PARTS = 20_000  # modules in a module; such a discriminator has about 1,000
_DEEPEST_PART = 10  # nesting depth of modules
_LONGEST = 128  # letters of the name of a module or of its tensor
_AVERAGED = re.compile(r"(?:^|[._])(?:ema|smooth|avg|averaged|running)(?:$|[._])", re.IGNORECASE)
_COMPILED = "_orig_mod."  # a part of the names of modules that torch.compile wraps
_STATE = ("_parameters", "_buffers", "_modules")  # attributes of a torch module that hold its state


@dataclass(frozen=True)
class NetworkPlace:
    """A network, or a dict that may hold one, in the value of a file."""

    value: Any
    entries: Mapping[str, Any]  # entries of a dict; for a module, those of its parts too, by dotted name
    path: tuple[str, ...] = ()  # the keys that lead to it
    around: tuple[Mapping[Any, Any], ...] = ()  # the dicts on the way and itself, outermost first


def find_places(content: Any) -> list[NetworkPlace]:
    """Return the dicts and modules in a value, outer ones first, each once, within bounds on depth and number."""
    found: list[NetworkPlace] = []
    waiting: list[tuple[Any, tuple[str, ...], tuple[Mapping[Any, Any], ...]]] = [(content, (), ())]
    seen = {id(content)}
    remaining = _MOST_ENTRIES
    for value, path, around in waiting:  # the list grows in the loop
        if type(value) is not dict:
            entries = dict(islice(_module_entries(value), remaining))
            remaining -= len(entries)
            found.append(NetworkPlace(value, entries, path, around))
            continue
        inner = (*around, value)
        entries = {key.replace(_COMPILED, ""): one for key, one in value.items() if type(key) is str}
        found.append(NetworkPlace(value, entries, path, inner))
        inside = [(key, one) for key, one in value.items() if type(key) is str and is_network(one)]
        for key, one in sorted(inside, key=lambda entry: not is_averaged(entry[0])) if len(path) < _DEEPEST else ():
            if id(one) not in seen and len(waiting) < _MOST_PLACES:
                seen.add(id(one))
                waiting.append((one, (*path, key), inner))
    return found


def is_network(value: Any) -> bool:
    """Return whether a value may be a network, or a dict around one."""
    return type(value) in (dict, Module) or state_of(value) is not None


def is_averaged(name: str) -> bool:
    """Return whether a key or a prefix names an averaged network."""
    return _AVERAGED.search(name[-_LONGEST:]) is not None


def state_of(value: Any) -> dict[Any, Any] | None:
    """Return the state of a module of NVlabs' or of an unknown class; None for anything else."""
    state = value.state if type(value) in (Module, StandIn) else None
    return state if type(state) is dict and any(type(state.get(kind)) is dict for kind in _STATE) else None


def _module_entries(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the parameters and buffers of a module and of its parts, by dotted name."""
    waiting = [("", value, 0)]
    for prefix, part, depth in waiting:  # the list grows in the loop
        state = state_of(part) or {}
        for kind in _STATE[:2]:
            yield from ((prefix + key.replace(_COMPILED, ""), one) for key, one in _named(state, kind))
        for key, one in _named(state, _STATE[2]):
            if depth < _DEEPEST_PART and len(waiting) < _MOST_PARTS:
                waiting.append((prefix if f"{key}." == _COMPILED else f"{prefix}{key}.", one, depth + 1))


def _named(state: Mapping[Any, Any], kind: str) -> Iterator[tuple[str, Any]]:
    named = state.get(kind)
    for key, one in named.items() if type(named) is dict else ():
        if type(key) is str and len(key) <= _LONGEST:
            yield key, one


def as_tensor(value: Any) -> StoredTensor | None:
    """Return a value as a tensor: a tensor of torch, an array of numpy, or paddle's pair of a name and an array."""
    if type(value) is StandIn and value.kind == "builtins.tuple" and len(value.made_of) == 1:
        pair = value.made_of[0]
        value = pair[1] if type(pair) is tuple and len(pair) == 2 else None
    if type(value) is StandIn and value.kind == "ndarray":
        try:
            return read_array(value)
        except PickleRefused:
            return None
    return value if type(value) is StoredTensor else None
