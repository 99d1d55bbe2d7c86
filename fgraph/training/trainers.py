"""The trainer for each kind of discriminator."""

from __future__ import annotations

from fgraph.training.batches import PictureSource
from fgraph.training.devices import Fabric
from fgraph.training.loop import Trainer
from fgraph.training.paired_loop import PairedTrainer
from fgraph.training.projected import ProjectedTable
from fgraph.training.projected_loop import ProjectedTrainer
from fgraph.training.settings import TrainingError, TrainingSettings
from fgraph.training.state import TrainingState


def make_trainer(fabric: Fabric, settings: TrainingSettings, state: TrainingState, batches: PictureSource) -> Trainer:
    """Return the trainer for a state's kind of discriminator.

    Raises:
        TrainingError: the feature network is missing, or its weights are not those that the heads were trained with;
            or the data has no painter for the pairs.
    """
    if state.discriminator_table is None:
        return PairedTrainer(fabric, settings, state, batches)
    if isinstance(state.discriminator_table, ProjectedTable):
        return ProjectedTrainer(fabric, settings, state, batches)
    if settings.pairing:
        raise TrainingError(
            f"training.pairing={settings.pairing:g} compares features: add training.discriminator=projected"
        )
    return Trainer(fabric, settings, state, batches)
