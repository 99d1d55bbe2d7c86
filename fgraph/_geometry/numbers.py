"""Exact lengths: fractions of a canvas, and the whole pixels that they must come to."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Literal

_LONGEST = 100  # characters of a number

Number = Fraction | float  # what a caller may write; `fraction` makes it exact
Axis = Literal["x", "y"]


class SizeError(ValueError):
    """A length is not a whole number of pixels, or sizes that must agree differ."""


def fraction(value: Number | str) -> Fraction:
    """The exact number that was written: a float stands for its shortest decimal, so 0.1 is 1/10.

    Raises:
        ValueError: not a finite number, or far out of the range of one.

    >>> fraction(0.1), fraction("1/3"), fraction(2)
    (Fraction(1, 10), Fraction(1, 3), Fraction(2, 1))
    """
    if isinstance(value, Fraction):
        return value
    text = str(value)
    exponent = text.lower().partition("e")[2].lstrip("+-")
    if len(text) > _LONGEST or len(exponent) > 3:
        raise ValueError(f"'{text:.40}' is out of range")
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{value!r} is not a finite number or a fraction such as 1/3") from None


def shown(value: Fraction) -> str:
    """A fraction as people write it: 0.25, 3, 1/3."""
    if value.denominator == 1:
        return str(value.numerator)
    decimal = repr(float(value))
    return decimal if len(decimal) <= 8 and Fraction(decimal) == value else str(value)


def described(value: object) -> str:
    """A frozen dataclass in short: `pad(left=0.5, mode=circular)`; what stands at its default is left out."""
    if isinstance(value, Fraction):
        return shown(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(described, value))}]"
    if not is_dataclass(value):
        return str(value)
    given = [(field.name, getattr(value, field.name), field.default) for field in fields(value) if field.repr]
    parts = [f"{name}={described(written)}" for name, written, default in given if written != default]
    return f"{type(value).__name__.lower()}({', '.join(parts)})"


def whole(amount: Fraction, length: int, what: str, *, smallest: int = 0, unit: str = "") -> int:
    """`amount` of `length` pixels, which must be a whole number of at least `smallest`.

    `what` and `unit` name the amount in the error: "pad left", "canvas heights".

    Raises:
        SizeError: it is not; the message carries the nearest amounts that are.

    >>> whole(Fraction(1, 4), 8, "pad left")
    2
    """
    pixels = amount * length
    if pixels.denominator == 1 and pixels >= smallest:
        return int(pixels)
    near = sorted({max(floor(pixels), smallest), max(ceil(pixels), smallest)})
    choices = " or ".join(f"{shown(Fraction(n, length))} ({n} pixel{'' if n == 1 else 's'})" for n in near)
    problem = "is not a whole number" if pixels.denominator > 1 else f"is under {smallest}"
    of = unit or f"of {length} pixels"
    raise SizeError(f"{what} = {shown(amount)} {of} comes to {shown(pixels)} pixels, which {problem}; use {choices}")


def check_choice(what: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise a ValueError where `value` is none of `choices`."""
    if value not in choices:
        raise ValueError(f"{what} is {value!r}; it can be {', '.join(choices)}")


def check_positive_size(height: int, width: int) -> None:
    """Raise a SizeError where a side is under one pixel."""
    if height < 1 or width < 1:
        raise SizeError(f"a size of {height} x {width} pixels has no pixels")
