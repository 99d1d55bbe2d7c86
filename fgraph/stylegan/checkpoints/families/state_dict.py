"""A state dict: the tensors of one network by name, and the file's other facts about it. Without torch."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fgraph._errors import ModelError, show
from fgraph.stylegan.checkpoints.contents import Contents, Weight
from fgraph.stylegan.checkpoints.families.places import as_tensor
from fgraph.stylegan.checkpoints.pickles.refusal import brief
from fgraph.stylegan.checkpoints.pickles.stand_ins import StandIn, Unknown
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor

if TYPE_CHECKING:
    from torch import Tensor

MEAN = "latent_avg"


@dataclass(frozen=True)
class StateDict:
    """The tensors of a network, without the prefix of their names in the file."""

    tensors: Mapping[str, StoredTensor]
    where: str  # the file, for messages
    place: str  # the keys and the prefix that lead to it, such as `state_dict, decoder`; empty if it is the whole file
    around: tuple[Mapping[Any, Any], ...] = ()  # the dicts on the way, outermost first
    unread: Mapping[str, Any] = field(default_factory=dict)  # stand-ins where tensors are expected, by name
    of_numpy: bool = False  # whether the file holds arrays of numpy, as programs other than torch write

    def beside(self, name: str) -> Any:
        """Return the value of a key beside the network, the nearest one first, or None."""
        return next((one[name] for one in reversed(self.around) if name in one), None)

    def renamed(self, patterns: Iterable[tuple[str, str]]) -> StateDict:
        """Return the same state dict with other names: each pattern is replaced, in order, as `re.sub` does."""
        names = {name: name for name in self.tensors}
        for pattern, replacement in patterns:
            names = {name: re.sub(pattern, replacement, new) for name, new in names.items()}
        return replace(self, tensors={new: self.tensors[name] for name, new in names.items()})

    def without(self, *names: str) -> StateDict:
        """Return the same state dict without some tensors."""
        return replace(self, tensors={name: one for name, one in self.tensors.items() if name not in names})

    def contents(self, contents: Contents, *assumed: str) -> Contents:
        """Return contents with the mean of w stored beside the network, its place in the file, and the assumptions."""
        metadata = {**contents.metadata, "weights": self.place or "state dict"}
        if assumed:
            metadata["assumed"] = "; ".join(assumed)
        weights = dict(contents.weights)
        if "w_mean" not in weights and (mean := self.mean(contents.table.w_dim)) is not None:
            weights["w_mean"] = mean
        return replace(contents, weights=weights, metadata=metadata)

    def check_read(self) -> None:
        """Refuse a network that holds objects of unknown classes in place of tensors.

        Raises:
            ModelError: there is such an object.
        """
        for name, value in self.unread.items():
            raise ModelError(
                f"{self.where}: '{show(name)}' of its generator is {brief(value)}, whose class fgraph does not read; "
                "save the generator's state dict again, with plain tensors"
            )

    def mean(self, w_dim: int) -> Weight | None:
        """Return the mean of w [w_dim] stored beside the network, or None. Files of encoders repeat it for each W+ row.

        Raises:
            ModelError: it has another length.
        """
        beside = self.tensors.get(MEAN, self.beside(MEAN))
        if beside is None:
            return None
        found = as_tensor(beside)
        count = 0 if found is None else math.prod(found.shape)
        if found is None or count < w_dim or (count > w_dim and found.shape[-1] != w_dim):
            raise ModelError(f"{self.where}: '{MEAN}' is not a vector of {w_dim} numbers; expected the mean of w")
        return Weight(found, (w_dim,), _first_row if count > w_dim else None)


def _first_row(value: Tensor) -> Tensor:
    """Return the first row of [..., w_dim] if all rows are equal, otherwise their mean."""
    rows = value.reshape(-1, value.shape[-1])
    return rows[0] if bool((rows == rows[0]).all()) else rows.double().mean(0).to(value)


def read_state(
    entries: Mapping[str, Any], where: str, path: tuple[str, ...], prefix: str, around: tuple[Mapping[Any, Any], ...]
) -> StateDict:
    """Return the state dict of the entries whose names start with a prefix."""
    tensors: dict[str, StoredTensor] = {}
    unread: dict[str, Any] = {}
    arrays = False
    for name, value in entries.items():
        if not name.startswith(prefix):
            continue
        if (tensor := as_tensor(value)) is not None:
            tensors[name[len(prefix) :]] = tensor
            arrays |= type(value) is StandIn
        elif type(value) in (StandIn, Unknown) and "." in name:
            unread[name[len(prefix) :]] = value
    parts = (*path, *(part for part in prefix.split(".") if part not in ("", "module")))
    return StateDict(tensors, where, show(", ".join(parts)), around, unread, arrays)
