"""Pivotal tuning: fits a generator to one image around its code.

Roich et al. 2021 (PTI): the code is fixed, and the synthesis network is trained on the one image with the same losses.
The mapping network and the affine layers are fixed as well, so that codes and styles keep their meaning. Weights change
by products of rank r (Hu et al. 2021, LoRA). The file of a tuned model holds these products, as a delta to its base.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from fgraph._atomic import write_atomic
from fgraph._errors import FgraphError, ModelError
from fgraph._imaging.encode import encode_png, to_pixels
from fgraph._log import get_logger
from fgraph.inversion.cache import CachedTensors, are_tensors, make_key
from fgraph.inversion.job import Job
from fgraph.inversion.optimise import Problem
from fgraph.inversion.pictures import Picture
from fgraph.inversion.results import InversionResult
from fgraph.inversion.settings import Tuning
from fgraph.inversion.spaces import styles_of
from fgraph.stylegan.checkpoints.delta import delta_metadata
from fgraph.stylegan.checkpoints.header import BUNDLED, find_model
from fgraph.stylegan.checkpoints.sources import file_digest, keep_model
from fgraph.stylegan.checkpoints.weights import encode_tensors
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.stylegan2 import Noise, StyleGAN2Generator

_LOG = get_logger()
_HALF = torch.float16


@dataclass(frozen=True, eq=False)
class Tuned:
    """A tuned generator: the changes of its tensors in half precision, and the quality."""

    changes: Mapping[str, Tensor]  # by the names of `fgraph.stylegan.checkpoints.delta`
    psnr: float
    pixels: Tensor  # [H, W, C], 8 bits


def tune(problem: Problem, latent: Tensor, target: Tensor, tuning: Tuning, noises: tuple[Tensor, ...] = ()) -> Tuned:
    """Fit the generator to a target [C, height, width] around the latent of its inversion.

    Raises:
        ModelError: the generator is a StyleGAN3.
    """
    generator = tunable(problem.generator)
    with torch.inference_mode(False), torch.enable_grad():
        code = latent[None].to(generator.device, generator.dtype)
        styles = styles_of(generator, problem.settings.space, code).detach()
        noise: Noise = [one[None].to(code) for one in noises] or "const"
        changes = _first_changes(generator, tuning.rank)
        optimiser = torch.optim.Adam(changes.values(), lr=tuning.learning_rate)
        wanted = problem.losses.prepare(target[None])
        for step in range(tuning.steps):
            for group in optimiser.param_groups:
                group["lr"] = tuning.learning_rate * (1 - step / tuning.steps)
            images = changed(generator, changes).synthesise(styles, noise)
            loss = torch.stack(list(problem.losses.parts(images, wanted).values())).sum()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        stored = {name: value.detach().to("cpu", _HALF).contiguous() for name, value in changes.items()}
        with torch.no_grad():
            image = changed(generator, stored).synthesise(styles, noise)[0].clamp(-1, 1)
    error = (image - target).square().mean().clamp_min(1e-12)
    pixels = torch.from_numpy(to_pixels(image.float().cpu().numpy()).copy())
    return Tuned(stored, float(10 * torch.log10(4 / error)), pixels)


def tunable(generator: Generator) -> StyleGAN2Generator:
    """Return the generator if it can be tuned.

    Raises:
        ModelError: it is a StyleGAN3.
    """
    if isinstance(generator, StyleGAN2Generator):
        return generator
    raise ModelError(
        f"pivotal tuning fits StyleGAN2 only, and '{generator.name}' is a {generator.table.architecture}: leave "
        "inversion.tune out"
    )


def changed(generator: StyleGAN2Generator, changes: Mapping[str, Tensor]) -> StyleGAN2Generator:
    """Return the generator with changes added to its tensors."""
    tensors = dict(generator.tensors)
    for key, value in changes.items():
        name, _, part = key.rpartition(".")
        if part == "delta":
            tensors[name] = tensors[name] + value.to(tensors[name])
        elif part == "up":
            down = changes[f"{name}.down"].to(tensors[name])
            tensors[name] = tensors[name] + (value.to(tensors[name]) @ down).view(tensors[name].shape)
    return replace(generator, tensors=tensors, origin=None)


def tune_results(
    job: Job, results: Mapping[str, InversionResult], tuning: Tuning, report: Callable[[str], object]
) -> None:
    """Tune for every picture of a job; write `NAME.model.safetensors` and `NAME.tuned.png`, and report each.

    Raises:
        FgraphError: the generator wasn't loaded from a file, which a tuned model needs as its base.
        SaveError: a file can't be written.
    """
    path = job.problem.generator.path
    if path is None:
        raise FgraphError(
            "a tuned model is a delta to a model file, and this generator wasn't loaded from one: name a file by model="
        )
    base = file_digest(path)
    _keep_base(path, base)
    for picture in job.pictures:
        tuned = _cached_or_new(job, picture, results[picture.name], tuning)
        facts = delta_metadata(_named(path), base, f"pivotal tuning on {picture.path.name}")
        model = job.directory / f"{picture.name}.model.safetensors"
        write_atomic(model, encode_tensors(tuned.changes, facts))
        write_atomic(job.directory / f"{picture.name}.tuned.png", encode_png(tuned.pixels.numpy()))
        report(f"{model}  PSNR {tuned.psnr:.2f} dB  ({model.stat().st_size:,} bytes)")


def _cached_or_new(job: Job, picture: Picture, result: InversionResult, tuning: Tuning) -> Tuned:
    key = make_key(job.key(picture), json.dumps(tuning.model_dump(), sort_keys=True))
    cached = _tuned_of(job.cache.read("tunings", key), job.problem, tuning)
    if cached is not None:
        return cached
    generator = job.problem.generator
    target = torch.from_numpy(job.reading.read(picture.path, picture.face)).to(generator.device, generator.dtype)
    tuned = tune(job.problem, result.latent, target, tuning, result.noises)
    job.cache.write("tunings", key, {**tuned.changes, "pixels": tuned.pixels}, {"psnr": repr(tuned.psnr)})
    return tuned


def _tuned_of(entry: CachedTensors | None, problem: Problem, tuning: Tuning) -> Tuned | None:
    """Return the tuned generator of a cache entry, or None if it is absent or doesn't fit."""
    if entry is None:
        return None
    generator = tunable(problem.generator)
    shapes = {name: tuple(value.shape) for name, value in _first_changes(generator, tuning.rank).items()}
    table = generator.table
    whole = {**shapes, "pixels": (*table.size, table.image_channels)}
    try:
        psnr = float(entry.facts["psnr"])
    except (KeyError, ValueError):
        return None
    if entry.tensors.keys() != whole.keys() or not are_tensors(entry.tensors, whole) or not math.isfinite(psnr):
        return None
    return Tuned({name: entry.tensors[name] for name in shapes}, psnr, entry.tensors["pixels"])


def _first_changes(generator: StyleGAN2Generator, rank: int) -> dict[str, Tensor]:
    """Return the initial changes, which add 0: the first factor of a product is 0, the second random."""
    draw = torch.Generator().manual_seed(0)
    changes: dict[str, Tensor] = {}
    names = ["const", *(f"{layer.name}.{part}" for layer in generator.table.layers[1:] for part in ("weight", "bias"))]
    for name in names:
        value = generator.tensors[name]
        outer, inner = value.shape[0], value[0].numel()
        if rank and name.endswith("weight") and rank * (outer + inner) < outer * inner:
            changes[f"{name}.up"] = value.new_zeros(outer, rank).requires_grad_()
            down = torch.randn(rank, inner, generator=draw).to(value)
            changes[f"{name}.down"] = down.requires_grad_()
        else:
            changes[f"{name}.delta"] = torch.zeros_like(value).requires_grad_()
    return changes


def _keep_base(path: Path, digest: str) -> None:
    """Put the base into the cache, where its deltas find it by its digest."""
    if _named(path) in BUNDLED:
        return
    try:
        keep_model(path, digest)
    except OSError as error:
        _LOG.warning("the base %s is not in the cache: keep it beside the tuned models (%s)", path, error)


def _named(path: Path) -> str:
    for name in BUNDLED:
        if find_model(name) == path:
            return name
    return path.name
