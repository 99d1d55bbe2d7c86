"""The context of kernels: the generators, the device and the precision of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from fgraph.ir.ops import Op
from fgraph.runtime.progress import OnSearch, Searching, searching
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.generators.stylegan3 import StyleGAN3Generator

Params = Sequence[Hashable]
_OWNED: dict[torch.device, WeakKeyDictionary[object, Tensor]] = {}  # constants by the part of a plan that owns them
# The third argument is the parameters of the rows; if the operation `takes_numbers`, as a tensor.
Kernel = Callable[[Any, Sequence[Tensor], Any, "KernelContext"], Tensor]


@dataclass(frozen=True, eq=False)
class KernelContext:
    """The generators of a run, all on one device and in one precision.

    Everything that a run sends to a device goes through `tensor`, `rows`, `numbers` and `constant`, which
    `plan.transfers` predicts.
    """

    generators: Mapping[str, Generator]
    device: torch.device
    dtype: torch.dtype
    half: torch.dtype | None = None  # type of convolutions that are safe in half precision
    constants: dict[Hashable, Tensor] = field(default_factory=dict)  # on the device, by their content
    is_captured: bool = False
    keeps: bool = True  # whether codes that searches and encoders find are cached, and read from the cache
    on_search: OnSearch = lambda step: None  # called after each iteration of a search; may raise to cancel the run

    @property
    def reads_back(self) -> bool:
        """True if kernels may read values: on a CPU, unless a plan is captured."""
        return self.device.type == "cpu" and not self.is_captured

    def generator(self, model: str) -> StyleGAN2Generator:
        """Return a generator of StyleGAN2."""
        found = self.generators[model]
        assert isinstance(found, StyleGAN2Generator)
        return found

    def stylegan3(self, model: str) -> StyleGAN3Generator:
        """Return a generator of StyleGAN3."""
        found = self.generators[model]
        assert isinstance(found, StyleGAN3Generator)
        return found

    def searching(self, search: str, total: int) -> AbstractContextManager[Searching]:
        """Report the iterations of a search within the block, at most `total`."""
        return searching(search, total, self.on_search)

    def tensor(self, array: np.ndarray[Any, Any]) -> Tensor:
        """Return an array as a tensor on the device, in the precision of the run."""
        return self._send(torch.from_numpy(np.array(array)).to(self.dtype))  # a copy: the array may be read-only

    def rows(self, params: Params, make: Callable[[Any], np.ndarray[Any, Any]]) -> Tensor:
        """Return `make(param)` of every row as a tensor [rows, ...]; equal parameters are made and sent once."""
        return self.rows_together(params, lambda found: np.stack([make(param) for param in found]))

    def rows_together(self, params: Params, make: Callable[[list[Any]], np.ndarray[Any, Any]]) -> Tensor:
        """Return every row as a tensor [rows, ...], as `rows` does; `make` gets all distinct parameters at once."""
        places: dict[Hashable, int] = {}
        index = [places.setdefault(param, len(places)) for param in params]
        made = self._send(torch.from_numpy(make(list(places))).to(self.dtype))
        return made if len(places) == len(index) else made.index_select(0, self.constant(index))

    def numbers(self, params: Params) -> Tensor:
        """Return parameters that are numbers as a tensor, [rows] or [rows, n]."""
        return self._send(torch.tensor(list(params), dtype=self.dtype))

    def constant(self, values: ArrayLike, dtype: torch.dtype | None = None) -> Tensor:
        """Return an array that follows from the structure of a plan alone, such as rows to pick, as a tensor.

        A device keeps the constants of a plan: they are sent once, and never while a captured plan is replayed.
        """
        array = np.array(values)
        if self.reads_back:
            return self._on_device(array, dtype)
        return self.kept((array.tobytes(), array.shape, array.dtype.str, dtype), lambda: array, dtype)

    def constant_of(self, owner: object, values: ArrayLike) -> Tensor:
        """Return a constant of a part of a plan; later calls find it by the part, without a comparison of values."""
        if self.reads_back:
            return self._on_device(np.array(values), None)
        known = _OWNED.setdefault(self.device, WeakKeyDictionary())
        if owner not in known:
            known[owner] = self.constant(values)
        return known[owner]

    def kept(self, key: Hashable, make: Callable[[], ArrayLike], dtype: torch.dtype | None = None) -> Tensor:
        """Return a constant that is computed from `key`, which follows from the structure of a plan alone."""
        if self.reads_back:
            return self._on_device(np.array(make()), dtype)
        if key not in self.constants:
            self.constants[key] = self._on_device(np.array(make()), dtype)
        return self.constants[key]

    def _on_device(self, array: np.ndarray[Any, np.dtype[Any]], dtype: torch.dtype | None) -> Tensor:
        host = torch.from_numpy(array)
        return self._send(host.to(dtype or host.dtype))  # converted on the host: MPS has no float64

    def _send(self, host: Tensor) -> Tensor:
        """Return a tensor on the device of the run. From pinned memory, CUDA copies while the host continues."""
        if self.device.type == "cuda":
            host = host.pin_memory()
        return host.to(self.device, non_blocking=True)


def digest_of(tensor: Tensor) -> str:
    """Return the digest of the type and the bits of a tensor."""
    return f"{tensor.dtype} {hashlib.sha256(tensor.cpu().contiguous().numpy().tobytes()).hexdigest()}"


def each_distinct(params: Params, make: Callable[[Any], Tensor]) -> Tensor:
    """Stack `make(param)` for every row; rows of equal parameters share one call."""
    known: dict[Hashable, Tensor] = {}
    return torch.stack([known[param] if param in known else known.setdefault(param, make(param)) for param in params])


__all__ = ["Kernel", "KernelContext", "Op", "Params", "digest_of", "each_distinct"]
