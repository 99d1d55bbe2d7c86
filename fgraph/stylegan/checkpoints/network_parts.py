"""Access to the modules of a pickled network, with errors that name the module."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.pickles.refusal import brief
from fgraph.stylegan.checkpoints.pickles.stand_ins import Module, StandIn, Unknown
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor


@dataclass(frozen=True)
class NetworkPart:
    """A module of a pickled network, with its path for messages."""

    module: Module
    where: str  # the file
    name: str  # its path, such as G_ema.synthesis.b8

    def fail(self, problem: str) -> ModelError:
        """Return an error for a network that differs from the networks of NVlabs' code."""
        return ModelError(f"{self.where}: {self.name} {problem}. Expected a generator as NVlabs' programs save it")

    def maybe(self, name: str) -> NetworkPart | None:
        """Return the submodule of this name, or None."""
        parts = self.module.state.get("_modules")
        found = parts.get(name) if type(parts) is dict else None
        self._refuse_unknown(name, found)
        return NetworkPart(found, self.where, f"{self.name}.{name}") if type(found) is Module else None

    def part(self, name: str) -> NetworkPart:
        """Return the submodule of this name."""
        if (found := self.maybe(name)) is None:
            raise self.fail(f"has no part '{name}'")
        return found

    def tensor(self, name: str) -> StoredTensor | None:
        """Return the parameter or buffer of this name, or None."""
        for kind in ("_parameters", "_buffers"):
            named = self.module.state.get(kind)
            if type(named) is dict and type(found := named.get(name)) is StoredTensor:
                return found
            self._refuse_unknown(name, named.get(name) if type(named) is dict else None)
        return None

    def _refuse_unknown(self, name: str, value: Any) -> None:
        """Refuse an object of an unknown class where the generator has a tensor or a part."""
        if type(value) in (StandIn, Unknown):
            raise self.fail(f"has {brief(value)} as '{name}', whose class fgraph does not read")

    def weight(self, name: str, axes: int) -> StoredTensor:
        """Return the parameter of this name, which must have `axes` axes, none of length 0."""
        if (found := self.tensor(name)) is None:
            raise self.fail(f"has no tensor '{name}'")
        if len(found.shape) != axes or 0 in found.shape:
            raise self.fail(f"has a '{name}' of shape {list(found.shape)}; expected {axes} axes")
        return found

    def has(self, name: str) -> bool:
        """Return whether there is an attribute of this name."""
        return name in self.module.state

    def value(self, name: str, default: Any = None) -> Any:
        """Return an attribute of any type."""
        return self.module.state.get(name, default)

    def count(self, name: str) -> int:
        """Return an attribute that must be a whole number."""
        if type(found := self.value(name)) is not int or not 0 <= found < 1 << 31:
            raise self.fail(f"has {brief(found)} as '{name}'; expected a whole number")
        return found

    def number(self, name: str) -> float:
        """Return an attribute that must be a number above 0."""
        found = self.value(name)
        if type(found) not in (int, float) or not math.isfinite(found) or found <= 0:
            raise self.fail(f"has {brief(found)} as '{name}'; expected a number above 0")
        return float(found)

    def text(self, name: str, default: str) -> str:
        """Return an attribute that must be a string."""
        if type(found := self.value(name, default)) is not str:
            raise self.fail(f"has {brief(found)} as '{name}'; expected a string")
        return found
