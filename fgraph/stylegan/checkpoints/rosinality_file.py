"""Writer of rosinality's checkpoints, which SOAT reads too."""

from __future__ import annotations

import io
from pathlib import Path

import torch
from torch import Tensor

from fgraph._atomic import write_atomic
from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.families.rosinality import FACTS, key_map
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table


def save_rosinality(generator: StyleGAN2Generator, path: Path) -> None:
    """Write `g_ema` and `latent_avg`; the file appears whole or not at all.

    rosinality's programs and SOAT have no clamp, so a clamp is stored under a key that they ignore.

    Raises:
        ModelError: the generator has parts that the format has no place for.
        SaveError: the file cannot be written.
    """
    _check(generator.table, path)
    state = {theirs: _reshaped(theirs, generator.tensors[ours]) for ours, theirs in key_map(generator.table).items()}
    content: dict[str, object] = {"g_ema": state | _filters(generator.table), "latent_avg": _plain(generator.w_mean)}
    if generator.table.clamp is not None:
        content[FACTS] = {"clamp": generator.table.clamp}
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_atomic(path, buffer.getvalue())


_FIXED = (
    "z_dim", "image_channels", "base", "architecture", "c_dim", "mapping_widths", "mapping_rate", "mapping_activation",
    "activation", "has_noise",
)  # fmt: skip


def _check(table: StyleGAN2Table, path: Path) -> None:
    """Refuse a generator that rosinality's network cannot represent."""
    representable = StyleGAN2Table(table.channels, table.w_dim, table.w_dim, table.mapping_layers)
    for name in _FIXED:
        found, expected = getattr(table, name), getattr(representable, name)
        if found != expected:
            raise ModelError(
                f"{path}: a rosinality checkpoint has no place for {name} {found!r}, only for {expected!r}; "
                "convert to .safetensors instead"
            )


def _filters(table: StyleGAN2Table) -> dict[str, Tensor]:
    """Return the filters in the state of rosinality's network: [1, 3, 3, 1] in both directions, for up-sampling."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    kernel = torch.outer(taps, taps) / 16
    kernels = {}
    for j in range(len(table.channels) - 1):
        kernels[f"convs.{2 * j}.conv.blur.kernel"] = kernel.clone()
        kernels[f"to_rgbs.{j}.upsample.kernel"] = kernel.clone()
    return kernels


def _reshaped(key: str, value: Tensor) -> Tensor:
    """Return a tensor with rosinality's dimensions of 1."""
    value = _plain(value)
    if key.endswith(".conv.weight"):
        return value[None]  # [1, O, I, k, k]
    if key.startswith("to_rgb") and key.endswith(".bias") and "modulation" not in key:
        return value.view(1, -1, 1, 1)
    return value.view(1) if key.endswith(".noise.weight") else value


def _plain(value: Tensor) -> Tensor:
    return value.detach().to("cpu", torch.float32).contiguous().clone()
