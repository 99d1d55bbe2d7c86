"""Values for rows, written as a range, as keyframes or as a curve in a file, in place of a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, Final

from fgraph._limits import ROWS

EASES: Final[Mapping[str, Callable[[float], float]]] = {
    "linear": lambda t: t,
    "smooth": lambda t: t * t * (3 - 2 * t),
    "in": lambda t: t * t,
    "out": lambda t: t * (2 - t),
    "hold": lambda t: float(t >= 1),
}
_WHOLE: Final = 1e-9  # a value between whole ends that is closer than this to a whole number is rounded
_RANGE, _KEYS, _CURVE = {"from", "to", "count"}, {"keys"}, {"file"}
_OPTIONS: Final = {
    "from": {"ease", "closed"}, "keys": {"ease", "count"}, "file": {"array", "from", "to", "count", "fps"},
}  # fmt: skip


def expand_rows(value: Any) -> Any:
    """Return the values of rows as a tuple; a single value is returned as it is.

    * `{from: 0, to: 1, count: 24, ease: smooth}` is a range with both ends; with `closed: true`, the last value is one
      step before `to`.
    * `{keys: {0: 0.1, 12: 0.8}, ease: smooth}` is a value at some rows, interpolated between them. `count` adds rows
      after the last key.
    * `{file: curve.npy, from: 0, to: 1, count: 24}` is a curve: 0 in the file is `from`, 1 is `to`. `count` resamples
      it.

    Raises:
        ValueError: a mapping is none of these, or its values do not fit together.
    """
    if isinstance(value, list | range):
        return tuple(value)
    if not isinstance(value, Mapping):
        return value
    kind = next((name for name in ("keys", "file", "from") if name in value), None)
    if kind is None:
        return value  # validation of the field reports it
    required = {"from": _RANGE, "keys": _KEYS, "file": _CURVE}[kind]
    if unknown := [str(name) for name in value if name not in required | _OPTIONS[kind]]:
        known = ", ".join(sorted(required | _OPTIONS[kind]))
        raise ValueError(f"a {_NAMES[kind]} has no '{unknown[0]}'; it has {known}")
    if missing := sorted(required - value.keys()):
        raise ValueError(f"a {_NAMES[kind]} needs '{missing[0]}'")
    return {"from": _expand_range, "keys": _expand_keys, "file": _expand_curve}[kind](value)


_NAMES: Final = {"from": "range", "keys": "list of keyframes", "file": "curve"}


def between(start: Any, stop: Any, t: float) -> Any:
    """Interpolate numbers, or lists of numbers, at t. For other values, return the first one until t is 1.

    Raises:
        ValueError: lists have unequal lengths, or a number is beyond the range of a float.

    >>> between(0, 10, 0.5), between((0, 1), (1, 1), 0.25), between("a", "b", 0.9)
    (5, (0.25, 1), 'a')
    """
    if _is_number(start) and _is_number(stop):
        try:
            found = min(max((1 - t) * start + t * stop, min(start, stop)), max(start, stop))  # rounding stays inside
        except OverflowError:  # a whole number of more than 308 digits
            raise ValueError("a number is beyond the range of a float") from None
        whole = isinstance(start, int) and isinstance(stop, int) and abs(found - round(found)) < _WHOLE
        return round(found) if whole else float(found)
    if isinstance(start, list | tuple) and isinstance(stop, list | tuple):
        if len(start) != len(stop):
            raise ValueError(f"the ends have {len(start)} and {len(stop)} numbers; expected equal counts")
        return tuple(between(a, b, t) for a, b in zip(start, stop, strict=True))
    return stop if t >= 1 else start


def _expand_range(value: Mapping[str, Any]) -> tuple[Any, ...]:
    count, ease = _count(value["count"]), _ease(value)
    closed = value.get("closed", False)
    if not isinstance(closed, bool):
        raise ValueError(f"closed is true or false, not {closed!r}")
    steps = count if closed else count - 1
    return tuple(between(value["from"], value["to"], ease(row / steps) if steps else 0.0) for row in range(count))


def _expand_keys(value: Mapping[str, Any]) -> tuple[Any, ...]:
    given = value["keys"]
    if not isinstance(given, Mapping) or not given:
        raise ValueError("keys is a mapping from a row, from 0, to its value, such as {0: 0.1, 12: 0.8}")
    values = {_row(row): one for row, one in given.items()}
    if len(values) < len(given):
        raise ValueError("two keys are the same row, such as 0 and '0'")
    rows = sorted(values)
    keys = [(row, values[row]) for row in rows]
    count, ease = _count(value.get("count", rows[-1] + 1)), _ease(value)
    if count <= rows[-1]:
        raise ValueError(f"count is {count}, and there is a key at row {rows[-1]}; the first row is 0")
    made, at = [], 0
    for row in range(count):
        while at + 1 < len(keys) and rows[at + 1] <= row:
            at += 1
        (start, first), (stop, last) = keys[at], keys[min(at + 1, len(keys) - 1)]
        made.append(between(first, last, ease((row - start) / (stop - start)) if start <= row < stop else 0.0))
    return tuple(made)


def _expand_curve(value: Mapping[str, Any]) -> tuple[Any, ...]:
    from fgraph.array_files.curves import read_curve, resampled  # most graphs have no curve

    array, fps = value.get("array"), value.get("fps", 25)
    if not isinstance(value["file"], str) or not (array is None or isinstance(array, str)):
        raise ValueError("file is the path of a curve, and array a name in it")
    if not _is_number(fps) or not 0.1 <= fps <= 240:
        raise ValueError(f"fps is the number of frames a second of a sound, from 0.1 to 240, not {fps!r}")
    levels: Sequence[float] = read_curve(value["file"], array, fps=float(fps), most=ROWS)
    if "count" in value:
        levels = resampled(levels, _count(value["count"]))
    return tuple(between(value.get("from", 0), value.get("to", 1), level) for level in levels)


def _ease(value: Mapping[str, Any]) -> Callable[[float], float]:
    name = value.get("ease", "linear")
    if not isinstance(name, str) or name not in EASES:
        raise ValueError(f"ease is one of {', '.join(EASES)}, not {name!r}")
    return EASES[name]


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= ROWS:
        raise ValueError(f"count is a whole number of rows from 1 to {ROWS}, not {value!r}")
    return value


def _row(value: Any) -> int:
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 9 else value
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < ROWS:
        raise ValueError(f"a key is a row, a whole number from 0 to {ROWS - 1}, not {value!r}")
    return number


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
