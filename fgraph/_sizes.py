"""Amounts of memory, in words."""

from __future__ import annotations


def in_words(count: float) -> str:
    """A number of bytes as people read it: MiB, and of what is less than a tenth of one, KiB or bytes.

    >>> in_words(3 << 20), in_words(2048), in_words(100)
    ('3.0 MiB', '2.0 KiB', '100 bytes')
    """
    if count >= 2**20 / 10:
        return f"{count / 2**20:,.1f} MiB"
    return f"{count / 2**10:.1f} KiB" if count >= 2**10 else f"{count:.0f} bytes"
