"""The steps of the training of an encoder.

A step draws samples of the generator: their codes, some of them mixed from two, and their images. The encoder starts
from the mean of w and refines its result, as ReStyle does (Alaluf et al. 2021). After each refinement it learns from
two losses: the squared errors of the code and of the image, each divided by the variance of the samples. Everything
random follows from the seed, the step and the process.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.nn.encoder import resize, run
from fgraph.training.devices import Fabric, average_gradients
from fgraph.training.draws import draw_for
from fgraph.training.encoder_settings import EncoderSettings
from fgraph.training.encoder_state import EncoderState
from fgraph.training.loop import RAMP
from fgraph.training.optimiser import make_adam, move_average, read_moments
from fgraph.training.readings import Measured, Readings

_MOMENTUM = 0.9
_LEAST = 1e-6  # least variance
_ADVICE = "try a lower encoder.learning_rate; the last snapshot is unchanged"


class EncoderTrainer:
    """A trainer of an encoder: `step` changes the tensors of its state in place."""

    def __init__(self, fabric: Fabric, settings: EncoderSettings, state: EncoderState, generator: Generator) -> None:
        self.fabric, self.settings, self.state = fabric, settings, state
        self._rows = settings.batch // fabric.world_size
        device = fabric.device
        self._generator = generator.to(device, torch.float32)
        for tensors in (state.tensors, state.averaged):
            tensors.update({name: value.to(device) for name, value in tensors.items()})
        self._mean = state.mean.to(device)
        for value in state.tensors.values():
            value.requires_grad_()
        self._adam = make_adam(state.tensors, state.moments, settings.learning_rate, momentum=_MOMENTUM)
        self.readings = Readings(device, _ADVICE)

    def step(self) -> None:
        """Take one step."""
        state, settings = self.state, self.settings
        self.readings.add(state.steps, self._learn(*self._sample()))
        state.steps, state.images = state.steps + 1, state.images + settings.batch
        half_life = min(settings.average_images, state.images * RAMP)
        move_average(state.averaged, state.tensors, settings.batch, half_life)

    def read(self) -> list[Measured]:
        """Return the measurements of each step since the last reading, by name.

        Raises:
            TrainingError: a loss is not finite.
        """
        return self.readings.read()

    def current_state(self) -> EncoderState:
        """Return the state, with the moments of the optimiser."""
        self.state.moments = read_moments(self._adam)
        return self.state

    @torch.no_grad()
    def _sample(self) -> tuple[Tensor, Tensor]:
        """Return codes [rows, num_ws, w_dim] and their images."""
        table = self._generator.table
        draw = draw_for(self.settings.seed, "sample", self.state.steps, self.fabric.global_rank)
        z = torch.randn(2 * self._rows, table.z_dim, generator=draw).to(self._mean)
        mixed = torch.rand(self._rows, generator=draw) < self.settings.style_mixing
        cut = torch.randint(1, table.num_ws, (self._rows,), generator=draw)
        second = (torch.arange(table.num_ws) >= cut[:, None]) & mixed[:, None]  # [rows, num_ws]
        w, other = self._generator.map(z).view(2, self._rows, -1)
        codes = torch.where(second[:, :, None].to(w.device), other[:, None], w[:, None])
        return codes, self._draw(codes)

    def _draw(self, codes: Tensor) -> Tensor:
        with self.fabric.autocast():
            return self._generator.synthesise(self._generator.affine(codes))

    def _learn(self, codes: Tensor, images: Tensor) -> dict[str, Tensor]:
        """Refine codes, which start at the mean, and learn after each refinement; return the last losses."""
        state, settings = self.state, self.settings
        code_variance = (codes - self._mean).square().mean().clamp_min(_LEAST)
        image_variance = images.var().clamp_min(_LEAST)
        small = resize(images, state.table.size)
        code = self._mean.expand_as(codes)
        with torch.no_grad():
            made = self._draw(code[:1]).expand_as(images)
        self._adam.zero_grad()
        for _ in range(settings.iterations):
            seen = torch.cat([small, resize(made, state.table.size)], dim=1)
            with self.fabric.autocast():
                found = run(state.table, state.tensors, seen)
            code = code + found.float().view(codes.shape)
            made = self._draw(code)
            of_code = (code - codes).square().mean() / code_variance
            of_image = (made.float() - images).square().mean() / image_variance
            loss = settings.code_loss * of_code + settings.image_loss * of_image
            self.fabric.backward(loss / settings.iterations)
            code, made = code.detach(), made.detach()
        average_gradients(self.fabric, state.tensors.values())
        self._adam.step()
        error = (made - images).square().mean()
        return {"code": of_code.detach(), "image": of_image.detach(), "psnr": -10 * torch.log10(error / 4)}
