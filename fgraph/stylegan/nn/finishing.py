"""The steps of a layer after its convolution: demodulation, noise, bias, activation, gain, clamp and residual."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.stylegan.tables.activations import GAINS, HOMOGENEOUS

ALL = slice(None)
SLOPE = 0.2


def activate_(x: Tensor, activation: str) -> Tensor:
    """Apply an activation function, without its gain; the argument may be overwritten."""
    if activation == "lrelu":
        return F.leaky_relu_(x, SLOPE)
    return _FUNCTIONS[activation](x)


_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda x: x,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "elu": F.elu,
    "selu": F.selu,
    "softplus": F.softplus,
    "swish": F.silu,
}


def split_gain(activation: str, gain: float) -> tuple[float, float]:
    """Split the gain of a layer into a factor of the activation's input and a factor of its output.

    If the activation is homogeneous, as leaky ReLU is, the whole gain is folded into the terms of the sum, where it
    costs no extra pass.
    """
    whole = gain * GAINS[activation]
    return (whole, 1.0) if activation in HOMOGENEOUS else (1.0, whole)


@dataclass(frozen=True, eq=False)
class Finish:
    """The steps of a layer after its convolution."""

    demod: Tensor | None  # [rows, O, 1, 1]; None: the convolution has applied it, and `offset` too
    offset: Tensor  # [1, O, 1, 1]
    noise: Tensor | None  # [rows or 1, 1, H, W]
    activation: str
    gain: float
    clamp: float | None
    residual: Tensor | None  # [rows, O, H, W]

    def to(self, dtype: torch.dtype) -> Finish:
        """Return the same steps in another precision."""
        parts = (self.demod, self.noise, self.residual)
        demod, noise, residual = (None if one is None else one.to(dtype) for one in parts)
        return replace(self, demod=demod, offset=self.offset.to(dtype), noise=noise, residual=residual)

    def __call__(self, y: Tensor, rows: slice = ALL, band: slice = ALL, out: Tensor | None = None) -> Tensor:
        """Finish some lines of some rows, which may be overwritten: [rows, O, lines, W]; write into `out` if given."""
        if self.demod is not None:
            y = torch.addcmul(self.offset, y, cut(self.demod, rows), out=out)
        if self.noise is not None:
            noise = cut(self.noise if self.noise.shape[0] == 1 else cut(self.noise, rows), band, axis=2)
            y = y.add_(noise) if self.demod is not None or out is None else torch.add(y, noise, out=out)
        y = activate_(y, self.activation)
        y = y if self.gain == 1.0 else y * self.gain
        y = y if self.clamp is None else bounded(y, self.clamp)
        y = y if self.residual is None else y + cut(cut(self.residual, rows), band, axis=2)
        return y if out is None or y.data_ptr() == out.data_ptr() else out.copy_(y)


def finish_of(
    demod: Tensor,
    bias: Tensor,
    noise: Tensor | None,
    strength: Tensor | None,
    size: Sequence[int],
    *,
    activation: str,
    gain: float,
    clamp: float | None,
    residual: Tensor | None,
) -> Finish:
    """Return the steps after a convolution whose result has a height and a width, `size`.

    `demod` [rows, O, 1, 1] includes the first factor of `split_gain`; the other arguments are those of `styled_conv`.
    """
    inner, outer = split_gain(activation, gain)
    return Finish(
        demod=demod,
        offset=(bias * inner).view(1, -1, 1, 1),
        noise=None if noise is None or strength is None else (noise * (strength * inner)).expand(-1, -1, *size),
        activation=activation,
        gain=outer,
        clamp=None if clamp is None else clamp * gain,
        residual=residual,
    )


def cut(x: Tensor, part: slice, axis: int = 0) -> Tensor:
    """Return a part of `x` along an axis. The whole of `x` is not sliced: a slice's backward pass copies into zeros."""
    if part is ALL:
        return x
    return x[part] if axis == 0 else x[:, :, part]


def bounded(x: Tensor, most: float) -> Tensor:
    """Return `x` clamped to +- `most`; the argument may be overwritten."""
    return x.clamp(-most, most) if torch.is_grad_enabled() else x.clamp_(-most, most)
