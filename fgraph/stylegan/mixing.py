"""Mixtures of model files of one architecture: layer swapping by resolution, and averages.

Layer swapping (Pinkney and Adler 2020, "Resolution Dependent GAN Interpolation for Controllable Image Synthesis Between
Domains") takes the layers of low resolution from one model, and the layers of high resolution from a model that was
fine-tuned from it. The share of the second model in the layers at resolution r is 1 / (1 + exp(-x / width)), where x =
log2(r / resolution) + 1/2 counts octaves; with width 0 it is 1 from `resolution` on, and 0 below.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.inspection import Inspection, inspect
from fgraph.stylegan.conversion import checked_target, target_note, write_generator
from fgraph.stylegan.tables.base import Table
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan3 import MAPPING_FIELDS

if TYPE_CHECKING:
    from torch import Tensor

    from fgraph.stylegan.generators.base import Generator

_MEASURED = ("style_mean", "style_std")
_UNTRAINED = (".noise", ".transform", ".freqs", ".phases", "_filter")  # taken from one model, not averaged


@dataclass(frozen=True)
class Mixing:
    """The settings of a mixture."""

    resolution: int | None = None  # layers from this one on come from the second model; None: all are averaged
    width: float = 0.0  # width of the change from one model to the other, in octaves
    weights: tuple[float, ...] | None = None  # weights of an average, one for each model; None: equal weights

    def average_weights(self, count: int) -> tuple[float, ...]:
        """Return the weight of each of `count` models in an average; weights sum to 1.

        Raises:
            ModelError: the numbers of weights and models differ, or the sum of the weights is not above 0.
        """
        given = self.weights or (1.0,) * count
        if len(given) != count:
            raise ModelError(f"mix.weights has {len(given)} numbers for {count} models; expected one for each")
        if not all(map(math.isfinite, given)) or sum(given) <= 0:
            raise ModelError(f"mix.weights is {list(given)}; expected numbers whose sum is above 0")
        return tuple(weight / sum(given) for weight in given)

    def second_share(self, resolution: int) -> float:
        """Return the share of the second model in the layers at a resolution."""
        assert self.resolution is not None
        octaves = math.log2(resolution / self.resolution) + 0.5
        if self.width == 0:
            return float(octaves > 0)
        return 1 / (1 + math.exp(min(-octaves / self.width, 700.0)))


@dataclass(frozen=True)
class MixtureReport:
    """The sources and the target of a mixture, and the share of each source in every layer."""

    sources: tuple[Inspection, ...]
    target: Inspection
    shares: tuple[tuple[str, tuple[float, ...]], ...]  # shares for the mapping, then for layers at each resolution
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        names = [str(one.path) for one in self.sources]
        width = max(len(name) for name, _ in self.shares)
        lines = [f"  {name:<{width}}  {'  '.join(f'{share:6.1%}' for share in shares)}" for name, shares in self.shares]
        notes = [f"note: {note}" for note in self.notes]
        return "\n".join(
            ["mixed from", *(f"  {name}" for name in names), "shares", *lines, "", str(self.target), *notes]
        )


def mix(sources: Sequence[str | Path], target: str | Path, mixing: Mixing, *, half: bool = False) -> MixtureReport:
    """Write a mixture of models as one file.

    In layer swapping, the mapping network and the mean of w come from the first model. Noise, and the filters and
    frequencies of StyleGAN3, come from the model with the largest share.

    Args:
        sources: bundled names, paths or URLs: two for layer swapping, two or more for an average.
        target: the file to write, `.safetensors` or `.pt`.
        mixing: the settings.
        half: whether to store weights in float16, in a `.safetensors`.

    Raises:
        ModelError: a model cannot be read, the models have different architectures, or a setting does not fit them.
        SaveError: the target cannot be written.
    """
    path, found = checked_target(target, half=half), tuple(map(inspect, sources))
    _check_sources(found, mixing)
    if path.exists() and any(path.samefile(one.path) for one in found):
        raise ModelError(f"{path}: is one of the models itself; give the result another name")
    from fgraph.stylegan.loading import load_generator

    made = mix_generators([load_generator(one.path) for one in found], mixing)
    write_generator(made, path, half=half)
    notes = (_clamp_note([one.table for one in found]), target_note(made.table, path))
    shares = _shares(made.table, mixing, len(found))
    return MixtureReport(found, inspect(path), shares, tuple(note for note in notes if note))


def mix_generators(generators: Sequence[Generator], mixing: Mixing) -> Generator:
    """Return a mixture of generators of one architecture; see `mix`."""
    import torch

    from fgraph.stylegan.generators.digest import content_digest

    first, shares = generators[0], dict(_shares(generators[0].table, mixing, len(generators)))
    tensors: dict[str, Tensor] = {}
    with torch.inference_mode(False), torch.no_grad():
        for name, value in first.tensors.items():
            if name in _MEASURED:
                continue
            weights = shares[_part(first.table, name)]
            best = max(range(len(weights)), key=weights.__getitem__)
            if weights[best] == 1.0 or name.endswith(_UNTRAINED):
                tensors[name] = generators[best].tensors[name].clone()
                continue
            total = torch.zeros_like(value, dtype=torch.float64)
            for share, one in zip(weights, generators, strict=True):
                total += share * one.tensors[name].double()
            tensors[name] = total.to(value.dtype)
    names = " and ".join(one.name for one in generators)
    facts = {name: text for name, text in first.metadata.items() if name in ("license", "noise")}
    facts["origin"] = f"mixture of {names}"
    digest = content_digest(tensors)
    return replace(first, tensors=tensors, name="mixture", digest=digest, metadata=facts, path=None, origin=None)


def _check_sources(found: Sequence[Inspection], mixing: Mixing) -> None:
    count, resolution = len(found), mixing.resolution
    if count < 2 or (resolution is not None and count > 2):
        expected = "2 or more" if resolution is None else "2, where mix.resolution divides them"
        raise ModelError(f"a mixture is made of {expected} models: model=A mix.models=[B]; found {count}")
    if not (math.isfinite(mixing.width) and mixing.width >= 0):
        raise ModelError(f"mix.width is {mixing.width}; expected octaves, 0 or more")
    if resolution is not None and mixing.weights is not None:
        raise ModelError("mix.weights is for an average; leave it out with mix.resolution")
    first = found[0]
    known = sorted({layer.resolution for layer in first.table.layers})
    if resolution is not None and not known[0] <= resolution <= 2 * known[-1]:
        raise ModelError(f"mix.resolution is {resolution}; the layers have {', '.join(map(str, known))}")
    for other in found[1:]:
        if misfit := _misfit(first.table, other.table, averaged=resolution is None):
            raise ModelError(f"{first.path} and {other.path} have different architectures: {misfit}")


def _misfit(one: Table, other: Table, *, averaged: bool) -> str:
    """Return the difference of two tables in words, or ""; the mapping networks matter only if they are averaged.

    The clamp is ignored: NVlabs' file of a network has one, while rosinality's file of the same network has none.
    """
    if type(one) is not type(other):
        return f"{one.architecture} and {other.architecture}"
    for field in fields(cast(Any, one)):  # both are dataclasses
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        matters = averaged or field.name == "w_dim" or field.name not in MAPPING_FIELDS
        if mine != theirs and matters and field.name != "clamp":
            return f"{field.name} is {mine!r:.60} and {theirs!r:.60}"
    return ""


def _clamp_note(tables: Sequence[Table]) -> str:
    """Return a note on the clamp of the mixture, or "" if all models have the same."""
    clamps = [table.clamp for table in tables if isinstance(table, StyleGAN2Table)]
    if len(set(clamps)) < 2:
        return ""
    kept = "no clamp" if clamps[0] is None else f"the clamp {clamps[0]:g}"
    return f"the models clamp the outputs of layers differently; the mixture has {kept}, as the first model"


def _shares(table: Table, mixing: Mixing, count: int) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """Return the share of each model in the mapping, then in the layers at each resolution."""
    resolutions = sorted({layer.resolution for layer in table.layers})
    if mixing.resolution is None:
        weights = mixing.average_weights(count)
        return (("mapping", weights), *((str(at), weights) for at in resolutions))
    pairs = ((at, mixing.second_share(at)) for at in resolutions)
    return (("mapping", (1.0, 0.0)), *((str(at), (1 - share, share)) for at, share in pairs))


def _part(table: Table, name: str) -> str:
    """Return the key of `_shares` for a tensor: `mapping`, or the resolution of its layer."""
    if name == "const":
        return str(table.layers[0].resolution)
    if name == "w_mean" or name.startswith("mapping."):
        return "mapping"
    parts = name.split(".")
    layer = ".".join(parts[:2]) if isinstance(table, StyleGAN2Table) else parts[0]
    return str(table.at(table.find(layer)[0]).resolution)
