"""Types of the IR: the kind and shape of one row of a value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

TypeKind = Literal[
    "z", "w", "w+", "s", "activation", "rgb", "noise", "mask", "patches", "plane", "drag", "trail", "distance"
]
CODE_KINDS: tuple[TypeKind, ...] = ("z", "w", "w+", "s")


@dataclass(frozen=True, slots=True)
class Type:
    """The kind and shape of one row; a value of n rows is a tensor [n, *shape]."""

    kind: TypeKind
    shape: tuple[int, ...]

    @property
    def numbers(self) -> int:
        """The number of elements of a row."""
        return math.prod(self.shape)

    @property
    def size(self) -> tuple[int, int]:
        """The height and width of a spatial row."""
        return self.shape[-2], self.shape[-1]

    @property
    def spatial(self) -> bool:
        """True if a row is an array [C, H, W]."""
        return len(self.shape) == 3

    def resized(self, height: int, width: int) -> Type:
        """Return the type with another height and width."""
        return Type(self.kind, (self.shape[0], height, width))

    def __str__(self) -> str:
        return f"{self.kind}[{'x'.join(map(str, self.shape))}]"
