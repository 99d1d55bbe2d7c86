"""A step of training with a projected discriminator.

The heads learn from a batch of real and one of generated images, then the generator learns from the same generated
batch: its features are the costly part, and are made once. Sauer et al. 2021 draw a second batch.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.training.batches import PictureSource
from fgraph.training.devices import Fabric
from fgraph.training.features import load_features
from fgraph.training.loop import Trainer
from fgraph.training.paired_loop import find_painter, laplacian_pyramid
from fgraph.training.projected import (
    ProjectedTable,
    deceiving_loss,
    hinge_loss,
    is_head,
    mix,
    relative_distance,
    relative_spread,
    score_maps,
    turn_directions,
)
from fgraph.training.settings import TrainingError, TrainingSettings
from fgraph.training.state import TrainingState


def _pair_distance(images: Tensor, pictures: Tensor, fake: list[Tensor], real: list[Tensor]) -> Tensor:
    """Return the distance of images and pictures of the same codes, by features and by the bands of a pyramid.

    Features hardly show the noise of single pixels; the finest band does.
    """
    bands = relative_distance(laplacian_pyramid(images.float()), laplacian_pyramid(pictures.float()))
    return (relative_distance(fake, real) + bands) / 2


class ProjectedTrainer(Trainer):
    """A trainer whose discriminator is heads on a frozen network's features."""

    def __init__(
        self, fabric: Fabric, settings: TrainingSettings, state: TrainingState, batches: PictureSource
    ) -> None:
        super().__init__(fabric, settings, state, batches)
        table = state.discriminator_table
        assert isinstance(table, ProjectedTable)
        self._network = load_features(table.features).to(fabric.device)
        if self._network.digest != table.digest:
            raise TrainingError(
                f"the feature network {table.features} has weights {self._network.digest[:12]}; the heads have learned "
                f"with {table.digest[:12]}: install that version again, or begin with training.discriminator=projected"
            )

        self._painted = find_painter(settings, state, batches) if settings.pairing else None

    def _learns(self, name: str) -> bool:
        return is_head(name)

    def _penalises(self) -> bool:
        return False

    def _learn(self) -> dict[str, Tensor]:
        state, learns = self.state, self.state.images >= self._first
        (z, draw), noise = self._draw_codes("fake"), self._draw_noise("fake")
        with torch.set_grad_enabled(learns):
            images = self._generate(z, noise, draw)
            fake = self._project(images, "augment fake")
        with torch.no_grad():
            pictures = self._real("real", state.images) if self._painted is None else self._paint(z[0], noise)
            real = self._project(pictures, "augment real" if self._painted is None else "augment fake")
        measured = self._teach_heads(real, fake)
        measured["spread"] = relative_spread(images, pictures).detach()
        if learns:
            distance = None if self._painted is None else _pair_distance(images, pictures, fake, real)
            measured["generator"] = self._teach_generator(fake, images, pictures, distance)
            if distance is not None:
                measured["pair"] = distance.detach()
        return measured

    def _paint(self, z: Tensor, noise: list[Tensor]) -> Tensor:
        """Return the painter's pictures of codes and noise inputs, on the device."""
        assert self._painted is not None
        pictures = self._painted.paint(z, noise, self._draw("painter"))
        return pictures.to(self.fabric.device, memory_format=torch.channels_last)

    def _project(self, images: Tensor, purpose: str) -> list[Tensor]:
        """Return the input of the heads: the mixed features of augmented images, and their pixels."""
        with self.fabric.autocast():
            images = self._augmented(images, self._draw(purpose))
            seen = self._network.see(images, self.settings.feature_pixels(self.state.table.resolution))
            return [*mix(self.state.discriminator, seen), images]

    def _teach_heads(self, real: list[Tensor], fake: list[Tensor]) -> dict[str, Tensor]:
        turn_directions(self.state.discriminator)
        self._discriminator_adam.zero_grad()
        with self.fabric.autocast():
            scores = score_maps(self.state.discriminator, real)
            loss = hinge_loss(scores, score_maps(self.state.discriminator, [x.detach() for x in fake]))
        self.fabric.backward(loss)
        self._apply(self._discriminator_adam, self._trained_discriminator)
        sign = self._sign(torch.cat([score.flatten() for score in scores]))
        return {"discriminator": loss.detach(), "real_sign": sign}

    def _teach_generator(self, fake: list[Tensor], images: Tensor, pictures: Tensor, distance: Tensor | None) -> Tensor:
        self._adam.zero_grad()
        with self._fixed_discriminator():
            with self.fabric.autocast():
                loss = deceiving_loss(score_maps(self.state.discriminator, fake))
            lack = F.relu(1 - relative_spread(images, pictures))
            paired = 0.0 if distance is None else self.settings.pairing * distance
            self.fabric.backward(loss + self.settings.diversity * lack + paired)
        self._apply(self._adam, self._trained)
        return loss.detach()
