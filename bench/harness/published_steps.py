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
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table

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


def soat_step(folder: Path, checkpoint: Path, size: int, rows: int) -> Callable[[], object]:
    """Return a step of the projector of mchong6/SOAT: codes in S, squared error and its Gaussian prior, without LPIPS.

    The prior has mean 0 and variance 1 here. As in the program, it is a product with a dense matrix.
    """
    with StandIns(folder), _Modules("matplotlib", "matplotlib.pyplot", "cv2", "scipy", "scipy.ndimage", "lpips"):
        projector: Any = importlib.import_module("projector")
    network = load_published(folder, checkpoint, size).network
    side = min(size, _LARGEST)
    target = torch.rand(rows, 3, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        parts = network.get_latent(torch.randn(rows, 512, generator=torch.Generator().manual_seed(0)))
    widths = [part.shape[1] for part in parts]
    code = torch.cat([part.flatten(1) for part in parts], dim=1).requires_grad_()
    projector.gt_mean, projector.gt_cov_inv = torch.zeros(1, code.shape[1]), torch.eye(code.shape[1])
    adam = torch.optim.Adam([code], lr=0.05, betas=(0.9, 0.999))

    def step() -> None:
        styles = [part.view(rows, *like.shape[1:]) for part, like in zip(code.split(widths, dim=1), parts, strict=True)]
        images, _ = network(styles)
        if size > _LARGEST:
            images = F.interpolate(images, size=(side, side), mode="area")
        loss = F.mse_loss(images, target) + 1e-3 * projector.gaussian_loss(code)
        adam.zero_grad()
        loss.backward()
        adam.step()
        loss.item()  # it prints its losses

    return step


def load_nvlabs(folder: Path, size: int) -> Any:
    """Return the StyleGAN2 generator of a checkout of NVlabs/stylegan3, with its own random weights."""
    with StandIns(folder):
        networks = importlib.import_module("training.networks_stylegan2")
    network = networks.Generator(z_dim=512, c_dim=0, w_dim=512, img_resolution=size, img_channels=3)
    return network.eval().requires_grad_(False)


def load_published_generator(folder: Path, model: str, size: int, weights: Path) -> tuple[Any, Generator]:
    """Return a generator of DragGAN's checkout and the same one of fgraph.

    Args:
        folder: the checkout.
        model: `random` for a small network with random weights, or a bundled model of three channels.
        size: the size of its images.
        weights: a folder for the file of the weights.
    """
    bundled = None if model == "random" else fgraph.load_generator(model)
    sizes = {"z_dim": 64, "w_dim": 64, "channel_base": 2048, "channel_max": 64}
    layers = 2
    if bundled is not None:
        assert isinstance(bundled.table, StyleGAN2Table)
        channels = bundled.table.channels
        sizes = {"z_dim": bundled.table.z_dim, "w_dim": bundled.table.w_dim}
        sizes |= {"channel_base": size * channels[-1][1], "channel_max": channels[0][1]}
        layers = bundled.table.mapping_layers
    with StandIns(folder):
        networks = importlib.import_module("training.networks_stylegan2")
    network = networks.Generator(
        c_dim=0, img_resolution=size, img_channels=3, mapping_kwargs={"num_layers": layers}, **sizes
    )
    network = network.eval().requires_grad_(False)
    path = weights / "network.pt"
    torch.save(network.state_dict(), path)
    read = fgraph.load_generator(path)
    if bundled is None:
        return network, read
    stored = {name: _as_published(name, old, read, bundled) for name, old in network.state_dict().items()}
    network.load_state_dict(stored)
    torch.save(network.state_dict(), path)
    return network, fgraph.load_generator(path)


def _as_published(name: str, old: Tensor, read: Generator, bundled: Generator) -> Tensor:
    """Return a tensor of `bundled` in the scale of the published `old`, which fgraph reads as `read`."""
    key = name.removeprefix("synthesis.").replace("b4.const", "const").replace("noise_const", "noise")
    if key not in bundled.tensors:
        return old
    before, after = read.tensors[key].flatten(), bundled.tensors[key].flatten()
    at = int(before.abs().argmax())
    scale = float(before[at] / old.flatten()[at]) if old.numel() == before.numel() and before[at] else 1.0
    return (after / scale).view_as(old)


class PublishedDrag:
    """A drag by DragGAN's program, without its window. Places are pixels, x before y.

    Args:
        folder: a checkout of XingangPan/DragGAN.
        network: its generator.
        codes: W+ [1, num_ws, w_dim].
        rate: the learning rate of Adam.
    """

    def __init__(self, folder: Path, network: Any, codes: Tensor, *, rate: float = 1e-3) -> None:
        with StandIns(folder), _Modules("matplotlib", "matplotlib.cm"):
            sys.modules["matplotlib"].cm = sys.modules["matplotlib.cm"]  # type: ignore[attr-defined]
            renderer = importlib.import_module("viz.renderer").Renderer
            self._dict = importlib.import_module("dnnlib").EasyDict
        self._made = made = renderer.__new__(renderer)
        made._device, made._dtype, made.get_network = torch.device("cpu"), torch.float32, lambda *_, **__: network
        made.init_network(self._dict(), pkl="", w_load=codes.clone(), w_plus=True, lr=rate)
        self._settings: dict[str, Any] = {}
        self._points: list[list[int]] = []
        self.loss = 0.0  # of the last step

    def set(
        self, handles: list[list[int]], targets: list[list[float]], mask: Tensor | None = None, **settings: Any
    ) -> None:
        """Set points, targets, a mask that is 1 where the image may change, and settings of the program."""
        self._points = [[y, x] for x, y in handles]
        fixed = None if mask is None else 1 - mask
        self._settings = {"targets": [[y, x] for x, y in targets], "mask": fixed, **settings}

    @property
    def points(self) -> list[list[int]]:
        """The places of the points."""
        return [[x, y] for y, x in self._points]

    @property
    def codes(self) -> Tensor:
        """The codes after the last step, of which the first six rows are used."""
        found: Tensor = self._made.w.detach()
        return found

    def step(self) -> None:
        """Do a step."""
        result: Any = self._dict()
        backward = torch.Tensor.backward

        def noted(loss: Tensor, *given: Any, **more: Any) -> None:
            self.loss = float(loss.detach())
            backward(loss, *given, **more)

        torch.Tensor.backward = noted  # type: ignore[method-assign, assignment]
        try:
            with suppress(AttributeError):  # at the end it draws for its window, which is missing
                self._made._render_drag_impl(result, points=self._points, is_drag=True, **self._settings)
        finally:
            torch.Tensor.backward = backward  # type: ignore[method-assign]
        self._points = result.points


def draggan_step(
    folder: Path, checkpoint: Path, size: int, handle: tuple[float, float], target: tuple[float, float]
) -> Callable[[], object]:
    """Return a step of DragGAN's program with one point; places are fractions, x before y."""
    network = load_nvlabs(folder, size)
    generator = fgraph.load_generator(checkpoint)
    code = generator.map(torch.randn(1, 512, generator=torch.Generator().manual_seed(0)))
    drag = PublishedDrag(folder, network, code[:, None].repeat(1, network.num_ws, 1))
    drag.set([[round(handle[0] * size), round(handle[1] * size)]], [[target[0] * size, target[1] * size]])
    return drag.step


class _Modules:
    """Empty modules in place of modules that are not installed."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def __enter__(self) -> None:
        self._added = [name for name in self._names if name not in sys.modules]
        for name in self._added:
            sys.modules[name] = types.ModuleType(name)

    def __exit__(self, *error: object) -> None:
        for name in self._added:
            sys.modules.pop(name, None)
