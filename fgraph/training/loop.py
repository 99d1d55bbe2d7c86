"""The steps of training.

In a step, the discriminator learns from one batch of generated images and one of real images. Every `gamma_every` steps
it also takes a step against R1 ("lazy regularisation", Karras et al. 2020, StyleGAN2, appendix B). Then the generator
learns from the discriminator, and its moving average is updated. The seed, the step and the process determine every
random draw. Measurements of a step stay on the device until they are read. `ada` reads them when it adapts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from fgraph._adam import NetworkAdam
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.nn import discriminator
from fgraph.stylegan.tables.discriminator import DiscriminatorTable
from fgraph.training.augment import adapt, augment
from fgraph.training.batches import PictureSource
from fgraph.training.devices import Fabric, average, average_gradients
from fgraph.training.draws import draw_for
from fgraph.training.losses import discriminator_loss, generator_loss, gradient_penalty
from fgraph.training.optimiser import make_adam, move_average, read_moments
from fgraph.training.projected import Tensors
from fgraph.training.readings import Measured, Readings
from fgraph.training.settings import TrainingSettings
from fgraph.training.state import TrainingState, is_trained

ADAPT_EVERY = 4  # steps
RAMP = 0.05  # the largest half-life of the moving average, as a share of the images seen
_ADVICE = "try a lower training.learning_rate, or more training.gamma; the last snapshot is unchanged"


class Trainer:
    """A trainer of a generator and a discriminator: `step` changes the tensors of its state in place."""

    momentum = 0.0  # β of the first moment of the generator's Adam

    def __init__(
        self, fabric: Fabric, settings: TrainingSettings, state: TrainingState, batches: PictureSource
    ) -> None:
        self.fabric, self.settings, self.state, self._batches = fabric, settings, state, batches
        self._rows = settings.batch // fabric.world_size
        for tensors in (state.generator, state.averaged, state.discriminator):
            _move(tensors, fabric.device)
        self._trained = {
            name: value
            for name, value in state.generator.items()
            if is_trained(name, settings.frozen, settings.trains_strengths)
        }
        self._trained_discriminator = {name: value for name, value in state.discriminator.items() if self._learns(name)}
        for value in (*self._trained.values(), *self._trained_discriminator.values()):
            value.requires_grad_()
        # not `from_tensors`, which copies the tensors; training changes them in place
        self._generator = StyleGAN2Generator(state.table, "training", "", state.generator)
        first = settings.discriminator_first
        self._first = state.origin.get("discriminator_first", 0) if first is None else first
        rate, every = settings.learning_rate, settings.gamma_every if self._penalises() else None
        self._adam = make_adam(
            self._trained, state.generator_moments, rate, mapping_rate=settings.mapping_rate, momentum=self.momentum
        )
        self._discriminator_adam = make_adam(self._trained_discriminator, state.discriminator_moments, rate, every)
        self.readings = Readings(fabric.device, _ADVICE)
        self._read: list[Measured] = []  # measurements that are read, but not yet returned

    def step(self) -> None:
        """Take one step.

        Raises:
            TrainingError: `ada` read a loss that is not finite.
        """
        state, settings = self.state, self.settings
        strength = {"augment": state.strength} if settings.augment == "ada" else {}
        self.readings.add(state.steps, {**self._learn(), **strength})
        state.steps, state.images = state.steps + 1, state.images + settings.batch
        self._average()
        self._adapt()

    def read(self) -> list[Measured]:
        """Return the measurements of each step since the last reading, by name.

        Raises:
            TrainingError: a loss is not finite.
        """
        self._collect()
        found, self._read = self._read, []
        return found

    def _collect(self) -> None:
        """Read the measurements from the device, and add up the signs that `ada` adapts to."""
        state, rows, found = self.state, self.settings.batch, self.readings.read()
        for sign in (measured["real_sign"] for measured in found if "real_sign" in measured):
            state.signs = (state.signs[0] + sign * rows, state.signs[1] + rows)
        self._read += found

    def current_state(self) -> TrainingState:
        """Return the state for a snapshot, with the moments of the optimisers."""
        self.state.generator_moments = read_moments(self._adam)
        self.state.discriminator_moments = read_moments(self._discriminator_adam)
        return self.state

    def _learns(self, name: str) -> bool:
        """Return whether a tensor of the discriminator is trained."""
        return True

    def _penalises(self) -> bool:
        """Return whether R1 is part of the training."""
        return self.settings.gamma > 0

    def _learn(self) -> dict[str, Tensor]:
        """Train the discriminator, then the generator; return the measurements."""
        measured = self._discriminator_step()
        if self._penalises() and self.state.steps % self.settings.gamma_every == 0:
            measured["r1"] = self._penalty_step()
        if self.state.images >= self._first:
            measured["generator"] = self._generator_step()
        return measured

    def _draw(self, purpose: str) -> torch.Generator:
        return draw_for(self.settings.seed, purpose, self.state.steps, self.fabric.global_rank)

    def _real(self, purpose: str, start: int) -> Tensor:
        batch = self._batches.take(start + self.fabric.global_rank * self._rows, self._rows, purpose)
        return batch.to(self.fabric.device, memory_format=torch.channels_last)

    def _discriminator_step(self) -> dict[str, Tensor]:
        with torch.no_grad():
            fake = self._fake("fake for discriminator")
        draw = self._draw("augment for discriminator")
        self._discriminator_adam.zero_grad()
        with self.fabric.autocast():
            fake_score = self._score(self._augmented(fake, draw))
            real_score = self._score(self._augmented(self._real("real", self.state.images), draw))
        loss = discriminator_loss(real_score.float(), fake_score.float())
        self.fabric.backward(loss)
        self._apply(self._discriminator_adam, self._trained_discriminator)
        return {"discriminator": loss.detach(), "real_sign": self._sign(real_score)}

    def _sign(self, real_scores: Tensor) -> Tensor:
        """Return the mean sign of the scores of real images, to which `ada` adapts (r_t, Karras et al. 2020, ADA)."""
        return average(self.fabric, real_scores.detach().float().sign().mean())

    def _penalty_step(self) -> Tensor:
        settings = self.settings
        self._discriminator_adam.zero_grad()
        draw = self._draw("augment for R1")
        start = self.state.steps // settings.gamma_every * settings.batch
        with self.fabric.autocast():
            penalty = gradient_penalty(lambda x: self._score(self._augmented(x, draw)), self._real("R1", start))
        self.fabric.backward(penalty * (settings.gamma / 2 * settings.gamma_every))
        self._apply(self._discriminator_adam, self._trained_discriminator)
        return penalty.detach()

    def _generator_step(self) -> Tensor:
        self._adam.zero_grad()
        with self._fixed_discriminator():
            fake = self._fake("fake for generator")
            with self.fabric.autocast():
                loss = generator_loss(self._score(self._augmented(fake, self._draw("augment for generator"))).float())
            self.fabric.backward(loss)
        self._apply(self._adam, self._trained)
        return loss.detach()

    @contextmanager
    def _fixed_discriminator(self) -> Iterator[None]:
        """Compute no gradients for the discriminator within the block."""
        for value in self._trained_discriminator.values():
            value.requires_grad_(False)
        yield
        for value in self._trained_discriminator.values():
            value.requires_grad_()

    def _fake(self, purpose: str) -> Tensor:
        """Generate images [rows, 3, size, size], with mixed styles and random noise."""
        z, draw = self._draw_codes(purpose)
        return self._generate(z, self._draw_noise(purpose), draw)

    def _draw_codes(self, purpose: str) -> tuple[Tensor, torch.Generator]:
        """Return z [2, rows, z_dim] for two styles of each image, and the random generator for further draws."""
        draw = self._draw(purpose)
        return torch.randn(2, self._rows, self.state.table.z_dim, generator=draw), draw

    def _draw_noise(self, purpose: str) -> list[Tensor]:
        """Return the noise inputs, [rows, 1, height, width] each, coarse to fine; empty if `noise` is false."""
        draw = self._draw(f"noise of {purpose}")
        sizes = [layer.size for layer in self.state.table.layers if layer.noise_index is not None]
        return [torch.randn(self._rows, 1, *size, generator=draw) for size in sizes if self.settings.noise]

    def _generate(self, z: Tensor, noise: list[Tensor], draw: torch.Generator) -> Tensor:
        table, device = self.state.table, self.fabric.device
        mixed = torch.rand(self._rows, generator=draw) < self.settings.style_mixing
        cut = torch.randint(1, table.num_ws, (self._rows,), generator=draw)
        second = (torch.arange(table.num_ws) >= cut[:, None]) & mixed[:, None]  # [rows, num_ws]
        with self.fabric.autocast():
            w, other = self._generator.map(z.flatten(0, 1).to(device)).view(2, self._rows, -1)
            ws = torch.where(second[:, :, None].to(device), other[:, None], w[:, None])
            return self._generator.synthesise(self._generator.affine(ws), [map_.to(device) for map_ in noise] or "none")

    def _augmented(self, images: Tensor, draw: torch.Generator) -> Tensor:
        kind = self.settings.augment
        strength = {"none": 0.0, "diffaugment": 1.0, "ada": self.state.strength}[kind]
        return augment(images, self.settings.augment_kinds, strength, draw)

    def _score(self, images: Tensor) -> Tensor:
        assert isinstance(self.state.discriminator_table, DiscriminatorTable)
        return discriminator.score(self.state.discriminator_table, self.state.discriminator, images)

    def _apply(self, adam: NetworkAdam, trained: Tensors) -> None:
        average_gradients(self.fabric, trained.values())
        adam.step()

    def _average(self) -> None:
        """Update the moving average, whose half-life is `average_images` images, or less at the start (`RAMP`)."""
        state, settings = self.state, self.settings
        half_life = min(settings.average_images, (state.images + state.earlier) * RAMP)
        move_average(state.averaged, self._trained, settings.batch, half_life)

    def _adapt(self) -> None:
        state = self.state
        if self.settings.augment != "ada" or state.steps % ADAPT_EVERY:
            return
        self._collect()
        total, images = state.signs
        state.strength = adapt(state.strength, total / images, self.settings.augment_target, images)
        state.signs = (0.0, 0)


def _move(tensors: Tensors, device: torch.device) -> None:
    for name, value in tensors.items():
        tensors[name] = value.to(device)
