"""The subjects of measurements: config-f generators with seeded random weights, in fgraph and in published code.

The published code is imported from a checkout that the user names. The repository contains none of it. Empty stand-ins
replace its other imports (torchvision, kornia, compiled CUDA operations).
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import fgraph
from fgraph.stylegan.checkpoints.families.rosinality import key_map
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table

_LOADED: dict[str, str] = {}  # module -> the checkout that it comes from


def config_f(size: int, widest: int = 512) -> StyleGAN2Table:
    """Return the table of config-f for images of `size` pixels, with at most `widest` channels."""
    widths = {4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128, 512: 64, 1024: 32}
    channels = tuple((side, min(width, widest)) for side, width in widths.items() if side <= size)
    return StyleGAN2Table(channels=channels, z_dim=512, w_dim=512, mapping_layers=8)


CONFIG_F_256 = config_f(256)
_STAND_INS = (
    "torchvision",
    "torchvision.transforms",
    "lpips",
    "kornia",
    "kornia.augmentation",
    "kornia.filters",
    "kornia.geometry.transform",
)


def write_checkpoint(path: Path, seed: int = 0, table: StyleGAN2Table = CONFIG_F_256) -> None:
    """Write a checkpoint as rosinality's programs save it, with random weights, noise strengths and biases."""
    random = torch.Generator().manual_seed(seed)
    state: dict[str, Tensor] = {}
    for name, shape in _published_shapes(table).items():
        state[name] = torch.randn(shape, generator=random)
    for name, value in state.items():
        if name.startswith("style.") and name.endswith("weight"):
            value.mul_(100)  # stored without the learning-rate multiplier of 0.01
        elif name.endswith("modulation.bias"):
            value.mul_(0.1).add_(1)
        elif name.endswith(("bias", "noise.weight")) or (name.startswith("to_rgb") and name.endswith("conv.weight")):
            value.mul_(0.1)  # images that lie within [-1, 1], so that clamping hides no difference
    torch.save({"g_ema": state, "latent_avg": torch.zeros(table.w_dim)}, path)


def _published_shapes(table: StyleGAN2Table) -> dict[str, tuple[int, ...]]:
    from fgraph.stylegan.tables.stylegan2_tensors import optional_shapes, required_shapes

    shapes = required_shapes(table) | optional_shapes(table)
    found = {}
    for ours, theirs in key_map(table).items():
        shape = shapes[ours]
        if theirs.endswith(".conv.weight"):
            shape = (1, *shape)
        elif theirs.startswith("to_rgb") and theirs.endswith(".bias") and "modulation" not in theirs:
            shape = (1, *shape, 1, 1)
        elif theirs.endswith(".noise.weight"):
            shape = (1,)
        found[theirs] = shape
    return found


@dataclass(frozen=True)
class Published:
    """The published generator with its weights; `name` is the name of its folder."""

    name: str
    network: Any

    @property
    def edits(self) -> bool:
        """True if the checkout has the operations of SOAT in addition to the plain generator."""
        return hasattr(self.network, "merge_extension")

    def styles(self, z: Tensor) -> list[Tensor]:
        """Return the styles of z [rows, 512], in the form of the program."""
        return list(self.network.get_latent(z))

    def forward(self, z: Tensor) -> Tensor:
        """Return images [rows, 3, size, size] in [-1, 1] of z [rows, 512]."""
        if self.edits:
            return self.network(self.styles(z))[0]
        return self.network([z], randomize_noise=False)[0].clamp(-1, 1)

    def merge(self, first: Tensor, second: Tensor) -> Tensor:
        """Run two latents on a canvas of two images."""
        return self.network.merge_extension(self.styles(first), self.styles(second))

    def panorama(self, z: Tensor) -> Tensor:
        """Return the result of the published notebook for z [n, 512]: a span for each pair, cut and joined."""
        spans = [self.merge(z[k : k + 1], z[k + 1 : k + 2]) for k in range(len(z) - 1)]
        width = spans[0].shape[3]
        pad = width // 4
        parts = [spans[0][..., : width - pad], *(span[..., pad : width - pad] for span in spans[1:])]
        return torch.cat([*parts, spans[-1][..., width - pad :]], dim=3)


def load_published(folder: Path, checkpoint: Path, size: int = 256) -> Published:
    """Load the generator of a checkout of SOAT or of rosinality/stylegan2-pytorch."""
    with StandIns(folder):
        module = importlib.import_module("model")
        network = module.Generator(size, 512, 8, channel_multiplier=2).eval().requires_grad_(False)
    state = torch.load(checkpoint, weights_only=True)["g_ema"]
    missing, unknown = network.load_state_dict(state, strict=False)
    wrong = [key for key in (*missing, *unknown) if not key.endswith("kernel")]
    if wrong:
        raise SystemExit(f"{folder}: its generator is another one: {', '.join(wrong[:5])}")
    return Published(folder.name, network)


class StandIns:
    """A context in which the modules of a checkout can be imported: its folder is first on the path, with stand-ins."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def __enter__(self) -> None:
        from torch.utils import cpp_extension

        for name in [name for name, folder in _LOADED.items() if folder != self._folder]:
            del sys.modules[name], _LOADED[name]  # checkouts have modules of the same names
        sys.path.insert(0, self._folder)
        self._load = cpp_extension.load
        cpp_extension.load = lambda *_, **__: None
        self._added = [name for name in _STAND_INS if name not in sys.modules]
        for name in self._added:
            sys.modules[name] = types.ModuleType(name)
            parent, _, child = name.rpartition(".")
            if parent in sys.modules:
                setattr(sys.modules[parent], child, sys.modules[name])
        geometry = types.ModuleType("kornia.geometry")
        sys.modules.setdefault("kornia.geometry", geometry)
        geometry.transform = sys.modules["kornia.geometry.transform"]  # type: ignore[attr-defined]
        sys.modules["kornia"].geometry = geometry  # type: ignore[attr-defined]

    def __exit__(self, *error: object) -> None:
        from torch.utils import cpp_extension

        cpp_extension.load = self._load
        sys.path.remove(self._folder)
        for name, module in sys.modules.items():
            if str(getattr(module, "__file__", "")).startswith(self._folder):
                _LOADED[name] = self._folder
        for name in [*self._added, "kornia.geometry"]:
            sys.modules.pop(name, None)


def plain_graph(model: Any, rows: int, first: int = 0) -> fgraph.Graph:
    """Return a graph of one forward pass of `rows` seeds from `first` on, with z as torch draws it."""
    graph = fgraph.Graph(models={"main": model})
    graph.outputs = {"image": graph.decode(graph.sample(seed=list(range(first, first + rows))))}
    return graph


def merge_graph(model: Any, count: int = 2, start: int = 0) -> fgraph.Graph:
    """Return the published panorama of `count` latents. For two, nothing is cut off: it is `merge_extension`."""
    graph = fgraph.Graph(models={"main": model})
    z = graph.sample(seed=list(range(start, start + count)))
    first, second = graph.rows(z, take=":-1"), graph.rows(z, take="1:")
    left, right = graph.tap(first, layer="b4.conv1"), graph.tap(second, layer="b4.conv1")
    wide = graph.concat([left, right], axis="x")
    fade = graph.mask("ramp", axis="x", start=0.25, stop=0.75, sampling="ends")
    spans = graph.blend(graph.restyle(wide, latent=first), graph.restyle(wide, latent=second), mask=fade)
    image = graph.decode(spans)
    graph.outputs = {"image": image if count == 2 else graph.knit(image, start=0.25, stop=0.75, axis="x")}
    return graph


Call = Callable[[], Any]
