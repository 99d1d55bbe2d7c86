"""The exact pixels of its input that a StyleGAN3 layer reads. Without torch.

Along an axis, a layer of k taps convolves its n pixels to n + k - 1 (with zeros beyond them), inserts up - 1 zeros
after each, pads, filters with `up_taps`, activates, filters with `down_taps`, and keeps every `down`-th. So a span of
the result depends on a span of the convolution, which depends on a span of the input.
"""

from __future__ import annotations

from math import gcd

from fgraph.stylegan.tables.stylegan3 import StyleGAN3Layer

Span = tuple[int, int]  # start and end along an axis, half-open
Y, X = 0, 1


def size_made(layer: StyleGAN3Layer, axis: int, read: int) -> int:
    """Return the pixels of the result along an axis, given those of the input."""
    padding = sum(layer.padding[:2] if axis == X else layer.padding[2:])
    length = (read + layer.taps - 1) * layer.up_factor + padding - layer.up_taps - layer.down_taps + 2
    return (length - 1) // layer.down_factor + 1


def padding_before(layer: StyleGAN3Layer, axis: int) -> int:
    """Return the pixels of padding before the first one, after up-sampling."""
    return layer.padding[0 if axis == X else 2]


def step_of(layer: StyleGAN3Layer) -> int:
    """Return the alignment of spans: spans that start at its multiples are computed in the same way."""
    return layer.up_factor // gcd(layer.up_factor, layer.down_factor)


def convolved_span(layer: StyleGAN3Layer, axis: int, made: Span) -> Span:
    """Return the pixels of the convolution that a span of the result depends on, which may exceed 0 to n + k - 1."""
    first = made[0] * layer.down_factor - padding_before(layer, axis)
    last = (made[1] - 1) * layer.down_factor + layer.down_taps + layer.up_taps - 2 - padding_before(layer, axis)
    return -(-first // layer.up_factor), last // layer.up_factor + 1


def read_span(layer: StyleGAN3Layer, axis: int, made: Span) -> Span:
    """Return the pixels of the input that a span of the result depends on; zeros lie beyond its ends."""
    first, last = convolved_span(layer, axis, made)
    return first - (layer.taps - 1), last


def affected_span(layer: StyleGAN3Layer, axis: int, changed: Span) -> Span:
    """Return the span of the result that depends on a span of the input."""
    before = padding_before(layer, axis)
    first = changed[0] * layer.up_factor + before - (layer.up_taps - 1)  # at the rate of the activation
    last = (changed[1] - 1 + layer.taps - 1) * layer.up_factor + before
    return -(-(first - layer.down_taps + 1) // layer.down_factor), last // layer.down_factor + 1


def padding_of(layer: StyleGAN3Layer, axis: int, made: Span) -> Span:
    """Return the padding, before and after, that makes the up-sampled `convolved_span` the input of the filters."""
    start, stop = convolved_span(layer, axis, made)
    length = (made[1] - made[0] - 1) * layer.down_factor + layer.down_taps + layer.up_taps - 1
    before = start * layer.up_factor + padding_before(layer, axis) - made[0] * layer.down_factor
    return before, length - before - (stop - start) * layer.up_factor
