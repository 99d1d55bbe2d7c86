"""A step of training from pairs alone: each image is compared with the painter's picture of the same z.

No discriminator learns. The result follows the painter's numbers, but is blurred where the generator cannot follow
them; a projected discriminator that starts from it makes the images sharp.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fgraph.training.batches import PictureSource
from fgraph.training.devices import Fabric
from fgraph.training.loop import Trainer
from fgraph.training.painters import PaintedBatches
from fgraph.training.projected import relative_distance
from fgraph.training.settings import TrainingError, TrainingSettings
from fgraph.training.state import TrainingState

COARSEST = 4  # pixels


def find_painter(settings: TrainingSettings, state: TrainingState, batches: PictureSource) -> PaintedBatches:
    """Return the painter whose pictures are paired with generated images.

    Raises:
        TrainingError: the data is not a painter, or the painter needs more numbers than z has.
    """
    if not isinstance(batches, PaintedBatches) or batches.numbers > state.table.z_dim:
        found = f"needs {batches.numbers}" if isinstance(batches, PaintedBatches) else "is not a painter"
        raise TrainingError(
            f"{settings.pairs_setting} needs a painter of at most {state.table.z_dim} numbers, which is "
            f"the length of z; data={settings.data} {found}"
        )
    return batches


def laplacian_pyramid(images: Tensor) -> list[Tensor]:
    """Return the bands of images [rows, 3, size, size], the finest first (Burt and Adelson 1983).

    A band is the difference between an image and its half-size copy, enlarged bilinearly. The next band begins with the
    half-size copy. The last level is the image at 4 x 4 pixels.
    """
    bands = []
    while images.shape[-1] > COARSEST:
        half = F.avg_pool2d(images, 2)
        bands.append(images - F.interpolate(half, scale_factor=2, mode="bilinear", align_corners=False))
        images = half
    return [*bands, images]


class PairedTrainer(Trainer):
    """A trainer that reduces the distance between generated images and a painter's pictures."""

    momentum = 0.9

    def __init__(
        self, fabric: Fabric, settings: TrainingSettings, state: TrainingState, batches: PictureSource
    ) -> None:
        super().__init__(fabric, settings, state, batches)
        self._painted = find_painter(settings, state, batches)

    def _penalises(self) -> bool:
        return False

    def _learn(self) -> dict[str, Tensor]:
        z, draw = self._draw_codes("fake")
        with torch.no_grad():
            noise = self._draw_noise("fake")
            pictures = self._painted.paint(z[0], noise, self._draw("painter")).to(self.fabric.device)
        self._adam.zero_grad()
        distance = relative_distance(laplacian_pyramid(self._generate(z, noise, draw)), laplacian_pyramid(pictures))
        self.fabric.backward(distance)
        self._apply(self._adam, self._trained)
        return {"pair": distance.detach()}
