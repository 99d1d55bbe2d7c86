"""Strategies of Hypothesis: canvases of few pixels, and regions of them."""

from __future__ import annotations

from hypothesis import strategies as st

from fgraph._geometry import regions as r


@st.composite
def canvases(draw: st.DrawFn) -> tuple[r.Size, r.Cyclic]:
    return (draw(st.integers(1, 6)), draw(st.integers(1, 9))), (draw(st.booleans()), draw(st.booleans()))


@st.composite
def regions(draw: st.DrawFn, size: r.Size, cyclic: r.Cyclic) -> r.Region:
    spans = []
    for length, wraps in zip(size, cyclic, strict=True):
        start = draw(st.integers(0, length - 1))
        stop = start + draw(st.integers(1, length if wraps else length - start))
        spans.append((0, length) if stop - start == length else (start, stop))
    return spans[0][0], spans[1][0], spans[0][1], spans[1][1]
