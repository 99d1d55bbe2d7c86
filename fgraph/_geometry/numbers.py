"""Exact lengths: fractions of a canvas, and their whole numbers of pixels."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Literal

_LONGEST = 100  # characters of a number
LARGEST = 10**9  # of a number; far more than any canvas has pixels
_PER_SMALLEST = 10**100  # 1e-100 is the smallest number beside 0; its square is a float

Number = Fraction | float  # the argument type of callers; `fraction` converts it
Axis = Literal["x", "y"]


class SizeError(ValueError):
    """A length is not a whole number of pixels, or sizes that must be equal differ."""


def fraction(value: Number | str) -> Fraction:
    """Convert a number to a fraction. A float converts as its shortest decimal, so 0.1 is 1/10.

    Raises:
        ValueError: the number is not finite, is beyond `LARGEST` or nearer to 0 than 1e-100, or has more than 100
            characters.

    >>> fraction(0.1), fraction("1/3"), fraction(2)
    (Fraction(1, 10), Fraction(1, 3), Fraction(2, 1))
    """
    if isinstance(value, Fraction):
        return value
    text = str(value)
    exponent = text.lower().partition("e")[2].lstrip("+-")
    if len(exponent) > 3:
        raise _out_of_range(text)
    if len(text) > _LONGEST:
        raise ValueError(f"'{text:.40}...' is too long: at most {_LONGEST} characters")
    try:
        found = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{value!r} is not a finite number or a fraction such as 1/3") from None
    size, unit = abs(found.numerator), found.denominator  # whole numbers compare faster than fractions
    if size > LARGEST * unit or 0 < size * _PER_SMALLEST < unit:
        raise _out_of_range(text)
    return found


def _out_of_range(text: str) -> ValueError:
    return ValueError(f"'{text:.40}' is out of range: at most {LARGEST:.0e}, and 0 or at least {1 / _PER_SMALLEST:.0e}")


def shown(value: Fraction) -> str:
    """Format a fraction: 0.25, 3, 1/3."""
    if value.denominator == 1:
        return str(value.numerator)
    decimal = repr(float(value))
    return decimal if len(decimal) <= 8 and Fraction(decimal) == value else str(value)


def described(value: object) -> str:
    """Format a frozen dataclass without the fields at their default: `pad(left=0.5, mode=circular)`."""
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
    """Return `amount` of `length` pixels, a whole number of at least `smallest`.

    `what` and `unit` name the amount in the error, such as "pad left" and "canvas heights".

    Raises:
        SizeError: the result is another number; the message contains the nearest valid amounts.

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
    """Raise a ValueError if `value` is not among `choices`."""
    if value not in choices:
        raise ValueError(f"{what} is {value!r}; expected one of {', '.join(choices)}")


def check_positive_size(height: int, width: int) -> None:
    """Raise a SizeError if a side is under one pixel."""
    if height < 1 or width < 1:
        raise SizeError(f"a size of {height} x {width} pixels has no pixels")
