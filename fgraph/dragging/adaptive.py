"""Adaptive tracking: the aim of a point moves in steps that its features can follow, so that no point is lost.

FreeDrag (Ling et al. 2023, "FreeDrag: Feature Dragging for Reliable Point-based Image Editing"). A point has a
template, the features of a patch of 3 x 3 pixels, and an aim on the line to its target. A few steps of optimisation
bring the features at the aim closer to the template. Then the template moves towards the features at the aim, further
if they fit better. The aim moves ahead, to the place on the line whose features have an expected distance to the
template.

The paper states that distance for each of its models. Here it is measured: it is a share of the distance between the
features of a point and the features at the longest step from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from fgraph.dragging.features import FeatureMaps, constant
from fgraph.dragging.settings import DragSettings
from fgraph.dragging.tracking import Tracker, sample_maps, square_window

MOTION_STEPS = 5  # steps of Adam for each aim
_STEP = 4 / 128  # the greatest distance from aim to aim, in sides: four samples of the published map
_CANDIDATES = 10  # places on the line among which an aim is chosen
_EXPECTED = 0.4  # the expected distance, as a share of the measured distance
_FITS = 0.5  # a loss of at most this share of the expected one fits


@dataclass
class AdaptiveTracker(Tracker):
    """The tracking of FreeDrag; `handles` are the aims."""

    expected: Tensor  # [R, P]: the expected distance of features at a new aim
    before: Tensor  # [R, P, 2]: the aims before the last ones
    begun: Tensor  # [R, P]: the losses when the aims were chosen
    seen: int  # maps observed

    def observe(self, maps: FeatureMaps) -> None:
        """After a few steps, update the templates of points that fit, and choose new aims."""
        if self.seen % MOTION_STEPS == 0:
            found = self._patches(maps, self.handles)
            loss = self._feature_distances(found)
            fits = loss <= _FITS * self.expected
            if self.seen:
                self._learn(found, loss, fits)
            self._aim(maps, loss, fits)
        self.seen += 1

    def loss(self, maps: FeatureMaps) -> Tensor:
        """Return Σ over points of the mean of |F(aim + offset) - template|."""
        return (self._feature_distances(self._patches(maps, self.handles)) * self.valid).sum(dim=1)

    def arrived(self) -> Tensor:
        """Return which rows have all their aims at their targets, and features that fit there."""
        near = self.distances <= self.settings.arrival(self.side)
        return ((near & (self.begun <= _FITS * self.expected)) | ~self.valid).all(dim=1)

    def _patches(self, maps: FeatureMaps, places: Tensor) -> Tensor:
        """Return the features of the patches of places [R, P, 2]: [R, C, P, 9]."""
        return sample_maps(maps, places[:, :, None] + square_window(1, places), whole=False)

    def _feature_distances(self, patches: Tensor) -> Tensor:
        """Return the mean of |patch - template| over channels and pixels: [R, P]."""
        return (patches - self.templates).abs().mean(dim=(1, 3))

    def _learn(self, found: Tensor, loss: Tensor, fits: Tensor) -> None:
        """Move the templates that fit: a F + (1 - a) T, a = 1 / (1 + exp(k (loss - 0.2 l))), k = ln 9 / (0.6 l)."""
        steepness = math.log(9) / (0.6 * self.expected)
        share = torch.sigmoid(-steepness * (loss - 0.2 * self.expected)) * fits
        self.templates = self.templates + share[:, None, :, None] * (found - self.templates)

    def _aim(self, maps: FeatureMaps, loss: Tensor, fits: Tensor) -> None:
        """Choose aims: ahead if the features fit, unchanged if they approach, otherwise starting from one step back."""
        worse = ~fits & (loss > self.begun)
        start = torch.where(worse[..., None], self.before, self.handles)
        reach = torch.where(worse, 2.0, 1.0) * _STEP * self.side
        to_target = self.targets - start
        distance = to_target.norm(dim=2)
        reach = torch.minimum(reach, distance)
        step = to_target / (distance + 1e-7)[..., None] * reach[..., None]  # [R, P, 2]
        shares = torch.arange(1, _CANDIDATES + 1, dtype=step.dtype, device=step.device) / _CANDIDATES
        places = start[:, :, None] + step[:, :, None] * shares[:, None]  # [R, P, n, 2]
        of_candidates = [self._feature_distances(self._patches(maps, places[:, :, at])) for at in range(_CANDIDATES)]
        distances = torch.stack(of_candidates, dim=2)  # [R, P, n]
        best = (distances - self.expected[..., None]).abs().argmin(dim=2)
        chosen = places.gather(2, best[..., None, None].expand(-1, -1, 1, 2))[:, :, 0]
        ahead = fits | worse
        self.before = torch.where(ahead[..., None], start, self.before)
        self.handles = torch.where(ahead[..., None], chosen, self.handles)
        chosen_losses = distances.gather(2, best[..., None])[..., 0]
        self.begun = torch.where(ahead, chosen_losses, loss)


def make_adaptive(
    settings: DragSettings, maps: FeatureMaps, handles: Tensor, targets: Tensor, valid: Tensor
) -> AdaptiveTracker:
    """Start the tracking of points; their templates are the patches around them."""
    side = max(maps.image_size)
    templates = sample_maps(maps, handles[:, :, None] + square_window(1, handles), whole=False)
    lost = torch.zeros_like(valid, dtype=torch.long)
    reach = _STEP * side
    offsets = ((reach, 0.0), (-reach, 0.0), (0.0, reach), (0.0, -reach))
    around = constant(offsets, handles.device, handles.dtype)
    near = sample_maps(maps, handles[:, :, None] + around, whole=False)  # [R, C, P, 4]
    centre = maps.at(handles)[..., None]
    expected = (_EXPECTED * (near - centre).abs().mean(dim=(1, 3))).clamp_min(1e-6)
    return AdaptiveTracker(
        settings, maps.image_size, handles.clone(), targets, valid, templates, lost,
        expected, handles.clone(), torch.full_like(expected, math.inf), 0,
    )  # fmt: skip
