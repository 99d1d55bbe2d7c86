"""Stand-ins for the functions, classes and objects that a pickle names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused, brief

_MAX_KEY = 1 << 32  # largest whole number as a key


@dataclass(frozen=True, slots=True)
class Factory:
    """A stand-in for a function or a class: the machine can call it."""

    name: str
    make: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A stand-in for an unknown global, which is never imported; see `make_stand_in`."""

    name: str  # module and name, with a dot between them


class StandIn:
    """A stand-in for an object: it stores the arguments that made it, its state and its items, and does nothing.

    The kind of an object of an unknown class is the class's full name, which has a dot; known kinds have none.
    """

    __slots__ = ("items", "kind", "made_of", "state")

    def __init__(self, kind: str, made_of: tuple[Any, ...] = ()) -> None:
        self.kind = kind
        self.made_of = made_of
        self.state: Any = None
        self.items: list[Any] = []  # items of a list or a set, or alternating keys and values of a dict

    def accept(self, state: Any) -> None:
        """Store the state.

        Raises:
            PickleRefused: the stand-in already has a state.
        """
        if self.state is not None:
            raise PickleRefused(f"it changes a {self.kind} twice")
        self.state = state


@dataclass(frozen=True, slots=True)
class Module:
    """A stand-in for a network or a part of one: the name of its class, and its state."""

    class_name: str
    state: dict[Any, Any]


def make_stand_in(called: Any, arguments: Any) -> StandIn | None:
    """Return the inert result of a call: of an unknown global, or of an object of an unknown class.

    For classes with keyword arguments, Python writes a call of a `functools.partial`, up to protocol 3. The result is
    None if something else is called.
    """
    if type(arguments) is not tuple:
        return None
    if type(called) is Unknown:
        return StandIn(called.name, arguments)
    if type(called) is StandIn and "." in called.kind:
        return StandIn(called.kind, (called, *arguments))
    return None


def checked(factory: Factory, *kinds: type) -> Factory:
    """Return a factory that refuses arguments of any other number or type; `object` accepts every type."""

    def make(*arguments: Any) -> Any:
        if len(arguments) != len(kinds) or not all(map(_is, arguments, kinds)):
            raise PickleRefused(f"it calls {factory.name} with arguments of wrong kinds")
        return factory.make(*arguments)

    return Factory(factory.name, make)


def _is(value: Any, kind: type) -> bool:
    return kind is object or type(value) is kind


def make_dict(*arguments: Any) -> dict[Any, Any]:
    """Return an OrderedDict or EasyDict: empty, or (Python 2) made of a list of pairs."""
    if not arguments:
        return {}
    (pairs,) = arguments if len(arguments) == 1 else (None,)
    if type(pairs) is not list or not all(_is_pair(pair) for pair in pairs):
        raise PickleRefused("it has a dict that is not made of pairs")
    return {key: value for key, value in pairs}


def make_set(*arguments: Any) -> set[Any]:
    """Return a set of strings or small whole numbers.

    Raises:
        PickleRefused: the argument is not a list, or an item cannot be a key.
    """
    items = arguments[0] if len(arguments) == 1 else None
    if arguments and type(items) is not list:
        raise PickleRefused("it has a set that is not made of a list")
    return set(map(as_key, items or ()))


def as_key(key: Any) -> Any:
    """Return a key of a dict or of a set: strings and small whole numbers as they are, other values as text.

    Python hashes whole numbers modulo 2^61 - 1, so large ones could all share one hash, and a set of them would take
    quadratic time. The hash of a string is salted. Each tuple or object gets a different text.

    Raises:
        PickleRefused: the value cannot be a key in Python, such as a list.
    """
    if type(key) is str or (type(key) is int and 0 <= key < _MAX_KEY):
        return key
    if key is None or type(key) in (int, float, bool):
        return repr(key)
    if type(key) in (tuple, bytes, StandIn, Unknown):
        return f"{brief(key)} #{id(key)}"
    raise PickleRefused(f"it has {brief(key)} as a key")


def make_module(meta: dict[Any, Any]) -> Module:
    """Return the module that NVlabs' persistence wrote: type, version, source (dropped), class_name, state."""
    if type(meta) is not dict:
        raise PickleRefused(f"it has a module made of {brief(meta)}")
    kind, name, state = meta.get("type"), meta.get("class_name"), meta.get("state")
    if type(kind) is not str or kind != "class" or type(name) is not str or type(state) is not dict:
        raise PickleRefused("it has a module that NVlabs' code does not write")
    return Module(name[:64], state)


def _is_pair(pair: Any) -> bool:
    return type(pair) in (list, tuple) and len(pair) == 2 and type(pair[0]) is str
