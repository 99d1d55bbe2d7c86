"""The drag of a batch of rows, step by step: Adam on a change of each code, with independent rows.

A step computes the features of the current codes, follows the points in them, and then reduces the motion loss and the
change of the features where the mask is 0. A row leaves the batch when its points have arrived, when it is stuck or
lost, or after `steps` steps. A CPU checks this at each step. Another device would have to wait for each check, so there
it happens every `CHECKED` steps. The result of a row is the code whose features were read last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph._adam import descend
from fgraph.dragging.adaptive import AdaptiveTracker, make_adaptive
from fgraph.dragging.features import FeatureMaps, compute_features
from fgraph.dragging.layer import feature_layer
from fgraph.dragging.points import DragPoints, Place, to_fractions, to_pixels
from fgraph.dragging.settings import DragError, DragSettings, Ending
from fgraph.dragging.tracking import NearestTracker, Tracker, make_nearest
from fgraph.stylegan.generators.base import Generator

_PROGRESS = 0.99  # a distance below this multiple of the best one is progress
_LOST = 5  # consecutive steps with a point at the border of its search window
CHECKED = 10  # steps between two checks on a device for finished rows


@dataclass(frozen=True, eq=False)
class DragOutcome:
    """The outcome of one row."""

    code: Tensor  # W+ [num_ws, w_dim], or S [style_length] in space s
    trail: Tensor  # [steps + 1, points, 2]: where the points were, as fractions of the sides, x before y
    ending: Ending
    distance: float  # mean distance of the points from their targets at the end, in pixels
    film: Tensor  # [frames, ...]: the codes after each `every` steps, the first to the last; empty if none are kept

    @property
    def points(self) -> list[Place]:
        """The places of the points at the end."""
        return [(float(x), float(y)) for x, y in self.trail[-1]]

    @property
    def steps(self) -> int:
        """The number of steps."""
        return len(self.trail) - 1


class DragSearch:
    """The drag of a batch; call `step` until `rows` is empty.

    Args:
        generator: a generator of either architecture; it runs in its own precision.
        settings: the settings of the drag.
        codes: W+ [rows, num_ws, w_dim], or S [rows, style_length] in space s.
        points: the points of each row.
        mask: [rows or 1, 1, H, W] of the image's size, 1 where features may change, or None.
        every: the number of steps between two codes that are kept as a film; 0: keep none.

    Raises:
        DragError: the shapes disagree, or the settings don't fit the model.
    """

    def __init__(
        self,
        generator: Generator,
        settings: DragSettings,
        codes: Tensor,
        points: Sequence[DragPoints],
        mask: Tensor | None = None,
        *,
        every: int = 0,
    ) -> None:
        generator = generator.with_half(None).with_compiled(None)  # in half precision, gradients would underflow
        self._generator, self.settings = generator, settings
        self._layer = feature_layer(generator.table, settings.layer)
        self._check(codes, points, mask)
        self._checked = 1 if generator.device.type == "cpu" else CHECKED
        self.every = every
        self.distance: float | None = None  # last read distance of the farthest point from its target, in pixels
        self.rows = list(range(len(codes)))
        self.done = 0
        self._starts = codes.to(generator.device, generator.dtype).detach().clone()
        self._change = self._no_change()
        self._first = torch.zeros_like(self._change)  # the first moment of Adam
        self._second = torch.zeros_like(self._change)  # the second moment
        side = max(generator.table.size)
        self._rate, self._mask_weight = settings.rate(side), settings.weight_of_mask(side)
        self._mask = mask if self._mask_weight else None
        self._points = points
        self.tracker: Tracker
        self._fixed: Tensor | None = None  # 1 where features must not change
        self.trails: list[Tensor] = []  # [rows, points, 2], one for each step: where the points were
        self._film: list[Tensor] = []  # codes, one for each `every` steps
        self._best = [float("inf")] * len(codes)
        self._best_step = [0] * len(codes)

    @property
    def size(self) -> tuple[int, int]:
        """The size of the image: height, width."""
        return self._generator.table.size

    @property
    def codes(self) -> Tensor:
        """The current codes of the rows in the batch: W+, or S in space s."""
        return self._changed(self._change)

    @property
    def kept(self) -> Sequence[int]:
        """The rows that `state` describes: those in the batch."""
        return self.rows

    def step(self) -> dict[int, DragOutcome]:
        """Do one step; return the rows that finish with it and leave the batch."""
        change = self._change.detach().requires_grad_()
        maps = self._features(change)
        if not self.trails:
            self._begin(maps.detach())
        with torch.no_grad():
            self.tracker.observe(maps.detach())
            self.trails.append(self.tracker.handles.clone())
            if self.every and self.done % self.every == 0:
                self._film.append(self.codes)
        finished = self._leave()
        if not self.rows:
            return finished
        staying = [at for at, row in enumerate(self._present) if row not in finished]
        loss = self._loss(FeatureMaps(maps.values[staying], maps.image_size) if finished else maps)
        (gradient,) = torch.autograd.grad(loss.sum(), [change])
        self.losses = loss.detach()
        with torch.no_grad():
            gradient = gradient[staying] if finished else gradient
            rates = gradient.new_full((len(gradient),), self._rate)
            descend(self._change, self._first, self._second, gradient, done=self.done, rates=rates)
        self.done += 1
        return finished

    def _loss(self, maps: FeatureMaps) -> Tensor:
        loss = self.tracker.loss(maps)
        if self._fixed is not None:
            difference = (self._compared(maps) - self._originals) * self._fixed
            loss = loss + self._mask_weight * difference.abs().mean(dim=(1, 2, 3))
        return loss

    # Snapshots

    def state(self) -> dict[str, Tensor]:
        """Return all tensors from which a search of the same rows can continue, after the first step."""
        tensors = {
            "done": torch.tensor(self.done), "starts": self._starts, "change": self._change, "first": self._first,
            "second": self._second, "trails": torch.stack(self.trails),
            "progress": torch.tensor([self._best, self._best_step], dtype=torch.float64),
        }  # fmt: skip
        tensors |= {f"tracker.{name}": value for name, value in self.tracker.tensors().items()}
        if self._fixed is not None:
            tensors |= {"fixed": self._fixed, "originals": self._originals}
        if self.every:
            tensors["film"] = torch.stack(self._film)
        whole = torch.contiguous_format
        return {name: value.detach().cpu().clone(memory_format=whole) for name, value in tensors.items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Continue from the state of a search of the same rows: the next step gives the same bits."""
        placed = {name: value.to(self._generator.device, copy=True) for name, value in state.items()}
        self.done, self.rows = int(state["done"]), list(range(len(state["starts"])))
        self._starts, self._change = placed["starts"], placed["change"]
        self._first, self._second = placed["first"], placed["second"]
        self.trails = list(placed["trails"].unbind())
        self._film = list(placed["film"].unbind()) if self.every else []
        self._best, steps = state["progress"].tolist()
        self._best_step = [int(step) for step in steps]
        tensors: dict[str, Any] = {
            name.partition(".")[2]: value for name, value in placed.items() if name.startswith("tracker.")
        }
        if self.settings.tracking == "adaptive":
            self.tracker = AdaptiveTracker(self.settings, self.size, **tensors, seen=self.done)
        else:
            self.tracker = NearestTracker(self.settings, self.size, **tensors)
        self._fixed = placed.get("fixed")
        if self._fixed is not None:
            self._originals = placed["originals"]

    def shapes(self, done: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes, after some steps, of the tensors of a state that do not depend on the points."""
        change, codes = tuple(self._change.shape), tuple(self._starts.shape)
        shapes = {"starts": codes, **dict.fromkeys(("change", "first", "second"), change)}
        if self.every:
            shapes["film"] = ((done - 1) // self.every + 1, *codes)
        if self._mask is None:
            return shapes
        height, width = (self._layer.size[axis] - self._layer.margin[axis] // 2 * 2 for axis in (0, 1))
        size = self.size if self.settings.reading == "code" else (height, width)
        rows = len(self.rows)
        return shapes | {"fixed": (rows, 1, *size), "originals": (rows, self.channels, *size)}

    @property
    def channels(self) -> int:
        """The number of the features that are compared."""
        return self._layer.out_channels

    # Codes

    def _no_change(self) -> Tensor:
        starts, (first, end) = self._starts, self.settings.rows
        if self.settings.space == "s":
            return torch.zeros_like(starts)
        if self.settings.space == "w":
            return torch.zeros_like(starts[:, 0])
        return torch.zeros_like(starts[:, first:end])

    def _changed(self, change: Tensor) -> Tensor:
        """Return the codes with a change of the rows that may change."""
        if self.settings.space == "s":
            return self._starts + change * self._movable
        first, end = self.settings.rows
        rows = change[:, None] if self.settings.space == "w" else change
        moved = self._starts[:, first:end] + rows
        return torch.cat([self._starts[:, :first], moved, self._starts[:, end:]], dim=1)

    @property
    def _movable(self) -> Tensor:
        """1 for the styles of the layers that read the rows of W+ that may change, [style_length]."""
        first, end = self.settings.rows
        movable = self._starts.new_zeros(self._starts.shape[1])
        for layer in self._generator.table.layers[1:]:
            if first <= layer.ws_index < end:
                movable[layer.style_slice] = 1
        return movable

    def _features(self, change: Tensor) -> FeatureMaps:
        codes = self._changed(change)
        styles = codes if self.settings.space == "s" else self._generator.affine(codes)
        noise: Literal["const", "none"] = "const" if self.settings.reading == "code" else "none"
        return compute_features(self._generator, styles, self._layer, noise)

    # Points and mask

    def _begin(self, maps: FeatureMaps) -> None:
        """Take the features of the first step as templates, and as the reference where the mask is 0.

        They come from the same pass, so the first difference is exactly 0 and has no gradient; rounding would give one.
        """
        self.tracker = self._track(maps, self._points)
        if self._mask is not None:
            self._fixed = 1 - self._resized_mask(self._mask, maps)
            self._originals = self._compared(maps)

    def _track(self, maps: FeatureMaps, points: Sequence[DragPoints]) -> Tracker:
        most = max(len(one.handles) for one in points)
        handles, targets = np.zeros((2, len(points), most, 2))
        valid = np.zeros((len(points), most), dtype=bool)
        for row, one in enumerate(points):
            count = len(one.handles)
            handles[row, :count] = to_pixels(one.handles, maps.image_size)
            targets[row, :count] = to_pixels(one.targets, maps.image_size)
            valid[row, :count] = True
        make = make_adaptive if self.settings.tracking == "adaptive" else make_nearest
        like = maps.values
        begin, goal = (torch.as_tensor(one).to(like) for one in (handles, targets))
        return make(self.settings, maps, begin, goal, torch.as_tensor(valid).to(like.device))

    def _resized_mask(self, mask: Tensor, maps: FeatureMaps) -> Tensor:
        mask = mask.to(maps.values).expand(len(self.rows), -1, -1, -1)
        if self.settings.reading == "code":
            return mask
        return F.interpolate(mask, size=maps.values.shape[2:], mode="area")

    def _compared(self, maps: FeatureMaps) -> Tensor:
        return maps.resized() if self.settings.reading == "code" else maps.values

    # Endings

    def _leave(self) -> dict[int, DragOutcome]:
        """Remove the finished rows, and return their outcomes."""
        self._present = list(self.rows)
        if self.done % self._checked and self.done < self.settings.steps:
            return {}
        endings = self._endings()
        trails = torch.stack(self.trails)  # [steps, rows, points, 2]
        codes = self.codes.detach()
        distances, valid = self.tracker.distances, self.tracker.valid
        finished: dict[int, DragOutcome] = {}
        for at, ending in endings.items():
            used = valid[at]
            pixels = trails[:, at][:, used].cpu().double().numpy()
            places = [to_fractions(one, self.tracker.size) for one in pixels]
            mean = float(distances[at][used].mean())
            code = codes[at].cpu().clone()
            finished[self.rows[at]] = DragOutcome(code, torch.tensor(places), ending, mean, self._film_of(at, code))
        if endings:
            self._select([at for at in range(len(self.rows)) if at not in endings])
        return finished

    def _film_of(self, at: int, last: Tensor) -> Tensor:
        """Return the codes of the film of a row, which ends with its last code."""
        kept = [one[at].cpu() for one in self._film]
        if self.every and self.done % self.every:
            kept.append(last)
        return torch.stack(kept) if kept else last[:0]

    def _endings(self) -> dict[int, Ending]:
        """Return the endings of rows that end, by their place in the batch."""
        arrived = self.tracker.arrived().tolist()
        total = self.tracker.distances.sum(dim=1).tolist()
        self.distance = max(self.tracker.distances.amax(dim=1).tolist())
        lost = (self.tracker.lost >= _LOST).any(dim=1).tolist()
        endings: dict[int, Ending] = {}
        for at, distance in enumerate(total):
            if distance < self._best[at] * _PROGRESS:
                self._best[at], self._best_step[at] = distance, self.done
            without_progress = self.done - self._best_step[at]
            if arrived[at]:
                endings[at] = "arrived"
            elif self.settings.patience and without_progress >= self.settings.patience:
                endings[at] = "lost" if lost[at] else "stuck"
            elif self.done >= self.settings.steps:
                endings[at] = "steps"
        return endings

    def _select(self, places: list[int]) -> None:
        self.rows = [self.rows[at] for at in places]
        self._best = [self._best[at] for at in places]
        self._best_step = [self._best_step[at] for at in places]
        self._starts, self._change = self._starts[places], self._change[places]
        self._first, self._second = self._first[places], self._second[places]
        self.trails = [trail[places] for trail in self.trails]
        self._film = [codes[places] for codes in self._film]
        self.tracker = self.tracker.select(places)
        if self._fixed is not None:
            self._fixed, self._originals = self._fixed[places], self._originals[places]

    def _check(self, codes: Tensor, points: Sequence[DragPoints], mask: Tensor | None) -> None:
        table, settings = self._generator.table, self.settings
        wanted = (table.style_length,) if settings.space == "s" else (table.num_ws, table.w_dim)
        if tuple(codes.shape[1:]) != wanted:
            raise DragError(f"codes have shape {list(codes.shape)}, expected [rows, {', '.join(map(str, wanted))}]")
        if len(points) != len(codes):
            raise DragError(f"{len(codes)} codes and the points of {len(points)} rows: expected one of each")
        if settings.rows[1] > table.num_ws:
            raise DragError(f"rows {settings.rows[0]} to {settings.rows[1]}: this model has {table.num_ws} rows of W+")
        if mask is not None and tuple(mask.shape[1:]) != (1, *table.size):
            expected = f"[rows, 1, {table.size[0]}, {table.size[1]}]"
            raise DragError(f"mask: its shape is {list(mask.shape)}, expected {expected}")
