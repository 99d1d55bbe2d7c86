"""`fgraph.drag`: a drag of one code, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from fgraph._results import Latents
from fgraph.dragging.points import DragPoints, Place
from fgraph.dragging.settings import DragError, make_drag_settings

if TYPE_CHECKING:
    from fgraph.dragging.live import LiveDrag
    from fgraph.stylegan.generators.base import Generator


def drag(
    model: str | Path | Generator,
    code: ArrayLike | Latents,
    points: Sequence[Place],
    to: Sequence[Place],
    *,
    mask: ArrayLike | None = None,
    every: int = 1,
    **settings: Any,
) -> LiveDrag:
    """Start a drag of one code; iterate over it to do its steps.

    Args:
        model: a bundled model, a file or a URL, or a generator that is loaded.
        code: w [w_dim], W+ [num_ws, w_dim], or S [style_length] with `space="s"`; or a result with one row of these.
        points: places in the image, [x, y] as fractions of its sides.
        to: where each point goes.
        mask: [height, width] of the image's size, 1 where the image may change; by default everywhere.
        every: the number of steps between two moments.
        settings: the settings of the node `drag`, such as `steps`, `tracking` and `learning_rate`.

    Returns:
        An iterator of moments with `image`, `code`, `points` and `distance`; see `LiveDrag` for `change` and `undo`.

    Raises:
        ModelError: the model can't be loaded.
        DragError: the code, the points, the mask or a setting doesn't fit.
    """
    import torch

    from fgraph.api.pipeline import load_generator
    from fgraph.dragging.live import LiveDrag, as_mask

    generator = load_generator(model) if isinstance(model, str | Path) else model
    chosen = make_drag_settings(**settings)
    array = np.asarray(code.array if isinstance(code, Latents) else code, dtype=np.float32)
    table = generator.table
    wanted = (table.style_length,) if chosen.space == "s" else (table.num_ws, table.w_dim)
    if array.shape == (1, *wanted):
        array = array[0]
    if chosen.space != "s" and array.shape in {(table.w_dim,), (1, table.w_dim)}:
        array = np.broadcast_to(array.reshape(1, -1), wanted).copy()
    if array.shape != wanted:
        raise DragError(f"code has shape {list(array.shape)}, expected {list(wanted)} for one row in {chosen.space}")
    where = None if mask is None else as_mask(np.asarray(mask, dtype=np.float32))
    given = DragPoints(*(tuple((float(x), float(y)) for x, y in places) for places in (points, to)))
    return LiveDrag(generator, chosen, torch.from_numpy(array), given, where, every)
