"""What kernels need beside tensors: the generators, a device, a precision."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fgraph.ir.ops import Op
from fgraph.stylegan.alias_free.generator import AliasFreeGenerator
from fgraph.stylegan.alias_free.loading import AnyGenerator
from fgraph.stylegan.generator import Generator

Params = Sequence[Hashable]
Kernel = Callable[[Any, Sequence[Tensor], Params, "KernelContext"], Tensor]


@dataclass(frozen=True, eq=False)
class KernelContext:
    """The generators of a run, all on one device and of one precision."""

    generators: Mapping[str, AnyGenerator]
    device: torch.device
    dtype: torch.dtype

    def generator(self, model: str) -> Generator:
        """A generator that is a StyleGAN2."""
        found = self.generators[model]
        assert isinstance(found, Generator)
        return found

    def alias_free(self, model: str) -> AliasFreeGenerator:
        """A generator that is a StyleGAN3."""
        found = self.generators[model]
        assert isinstance(found, AliasFreeGenerator)
        return found

    def tensor(self, array: np.ndarray[Any, Any]) -> Tensor:
        """An array as a tensor of this run."""
        return torch.from_numpy(np.array(array)).to(self.device, self.dtype)  # a copy: the array may be read-only


def each_distinct(params: Params, make: Callable[[Any], Tensor]) -> Tensor:
    """Stack `make(param)` for every row; rows of equal parameters share one call."""
    known: dict[Hashable, Tensor] = {}
    return torch.stack([known[param] if param in known else known.setdefault(param, make(param)) for param in params])


__all__ = ["Kernel", "KernelContext", "Op", "Params", "each_distinct"]
