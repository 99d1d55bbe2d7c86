"""The context of kernels: the generators, the device and the precision of a run."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from fgraph.ir.ops import Op
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.generators.stylegan3 import StyleGAN3Generator

Params = Sequence[Hashable]
# The third argument is the parameters of the rows; if the operation `takes_numbers`, as a tensor.
Kernel = Callable[[Any, Sequence[Tensor], Any, "KernelContext"], Tensor]


@dataclass(frozen=True, eq=False)
class KernelContext:
    """The generators of a run, all on one device and in one precision."""

    generators: Mapping[str, Generator]
    device: torch.device
    dtype: torch.dtype
    half: torch.dtype | None = None  # of convolutions that are safe in half precision
    constants: dict[Hashable, Tensor] | None = None  # those of a captured plan, by their content

    @property
    def reads_back(self) -> bool:
        """True if kernels may read values: on a CPU, unless a plan is captured."""
        return self.device.type == "cpu" and self.constants is None

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

    def tensor(self, array: np.ndarray[Any, Any]) -> Tensor:
        """Return an array as a tensor on the device, in the precision of the run."""
        return torch.from_numpy(np.array(array)).to(self.device, self.dtype)  # a copy: the array may be read-only

    def numbers(self, params: Params) -> Tensor:
        """Return parameters that are numbers as a tensor, [rows] or [rows, n]."""
        return torch.tensor(list(params), device=self.device, dtype=self.dtype)

    def constant(self, values: ArrayLike, dtype: torch.dtype | None = None) -> Tensor:
        """Return an array that follows from the structure of a plan alone, such as rows to pick, as a tensor.

        A captured plan creates it once: nothing comes from the host while it is replayed.
        """
        array = np.array(values)
        if self.constants is None:
            return self._on_device(array, dtype)
        key = (array.tobytes(), array.shape, array.dtype.str, dtype)
        if key not in self.constants:
            self.constants[key] = self._on_device(array, dtype)
        return self.constants[key]

    def _on_device(self, array: np.ndarray[Any, np.dtype[Any]], dtype: torch.dtype | None) -> Tensor:
        host = torch.from_numpy(array)
        return host.to(dtype or host.dtype).to(self.device)  # in this order: MPS has no float64


def each_distinct(params: Params, make: Callable[[Any], Tensor]) -> Tensor:
    """Stack `make(param)` for every row; rows of equal parameters share one call."""
    known: dict[Hashable, Tensor] = {}
    return torch.stack([known[param] if param in known else known.setdefault(param, make(param)) for param in params])


__all__ = ["Kernel", "KernelContext", "Op", "Params", "each_distinct"]
