"""Steps of published programs, with their own networks and functions, imported from a checkout."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

import fgraph
from bench.harness.subjects import StandIns, load_published

_LARGEST = 256  # pixels: larger images are compared at this size


def projector_step(folder: Path, checkpoint: Path, size: int, rows: int) -> Callable[[], object]:
    """Return a step of the projector of rosinality/stylegan2-pytorch, by the squared error without LPIPS."""
    network = load_published(folder, checkpoint, size).network
    with StandIns(folder):
        projector = importlib.import_module("projector")
    target = torch.rand(rows, 3, *[min(size, _LARGEST)] * 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    code = torch.zeros(rows, 512).requires_grad_()
    noises = [noise.repeat(rows, 1, 1, 1).normal_().requires_grad_() for noise in network.make_noise()]
    adam = torch.optim.Adam([code, *noises], lr=0.1)

    def step() -> None:
        noisy = projector.latent_noise(code, 0.05)
        images: Tensor = network([noisy], input_is_latent=True, noise=noises)[0]
        if size > _LARGEST:
            images = F.avg_pool2d(images, size // _LARGEST)
        loss = F.mse_loss(images, target) + 1e5 * projector.noise_regularize(noises)
        adam.zero_grad()
        loss.backward()
        adam.step()
        projector.noise_normalize_(noises)

    return step


def load_nvlabs(folder: Path, size: int) -> Any:
    """Return the StyleGAN2 generator of a checkout of NVlabs/stylegan3, with its own random weights."""
    with StandIns(folder):
        networks = importlib.import_module("training.networks_stylegan2")
    network = networks.Generator(z_dim=512, c_dim=0, w_dim=512, img_resolution=size, img_channels=3)
    return network.eval().requires_grad_(False)


def draggan_step(
    folder: Path, checkpoint: Path, size: int, handle: tuple[float, float], target: tuple[float, float]
) -> Callable[[], object]:
    """Return a step of DragGAN's program with one point; places are fractions, x before y."""
    with StandIns(folder), _Modules("matplotlib", "matplotlib.cm"):
        sys.modules["matplotlib"].cm = sys.modules["matplotlib.cm"]  # type: ignore[attr-defined]
        renderer = importlib.import_module("viz.renderer").Renderer
        easy = importlib.import_module("dnnlib").EasyDict
    network = load_nvlabs(folder, size)
    own = fgraph.load_generator(checkpoint)
    code = own.map(torch.randn(1, 512, generator=torch.Generator().manual_seed(0)))
    made = renderer.__new__(renderer)
    made._device, made._dtype, made.get_network = torch.device("cpu"), torch.float32, lambda *_, **__: network
    made.init_network(easy(), pkl="", w_load=code[:, None].repeat(1, network.num_ws, 1), w_plus=True, lr=1e-3)
    points = [[round(handle[1] * size), round(handle[0] * size)]]
    goal = [target[1] * size, target[0] * size]

    def step() -> None:
        result: Any = easy()
        with suppress(AttributeError):  # it draws a picture for its window last, for which parts are missing here
            made._render_drag_impl(result, points=points, targets=[goal], mask=None, is_drag=True)
        points[:] = result.points

    return step


class _Modules:
    """Empty modules in the place of ones that are not installed."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def __enter__(self) -> None:
        self._added = [name for name in self._names if name not in sys.modules]
        for name in self._added:
            sys.modules[name] = types.ModuleType(name)

    def __exit__(self, *error: object) -> None:
        for name in self._added:
            sys.modules.pop(name, None)
