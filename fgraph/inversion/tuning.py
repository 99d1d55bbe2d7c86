"""Pivotal tuning: fits a generator to one image around its code, or to several images around their codes.

Roich et al. 2021 (PTI): the codes are fixed, and the synthesis network is trained on the images with the same losses.
Several images, such as the frames of a film, take turns in batches. The mapping network and the affine layers are fixed
as well, so that codes and styles keep their meaning. Weights change by products of rank r (Hu et al. 2021, LoRA). The
file of a tuned model holds these products, as a delta to its base.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from fgraph._adam import NetworkAdam
from fgraph._atomic import write_atomic
from fgraph._errors import FgraphError
from fgraph._imaging.encode import encode_png, to_pixels
from fgraph._log import get_logger
from fgraph.inversion.cache import CachedTensors, are_tensors, make_key
from fgraph.inversion.job import InversionJob
from fgraph.inversion.optimise import Problem
from fgraph.inversion.pictures import JobPicture
from fgraph.inversion.results import InversionResult
from fgraph.inversion.settings import Tuning
from fgraph.inversion.spaces import styles_of
from fgraph.stylegan.checkpoints.delta import delta_metadata
from fgraph.stylegan.checkpoints.header import BUNDLED, find_model, read_model
from fgraph.stylegan.checkpoints.sources import file_digest, keep_model
from fgraph.stylegan.checkpoints.weights import encode_tensors
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.stylegan2 import Noise

_LOG = get_logger()
_HALF = torch.float16
_NAMED = 4  # pictures in the origin of a model
TOGETHER = "tuned"  # the name of a model that is fitted to all pictures
G = TypeVar("G", bound=Generator)


@dataclass(frozen=True, eq=False)
class TunedGenerator:
    """A tuned generator: the changes of its tensors in half precision, and its images."""

    changes: Mapping[str, Tensor]  # changes by the names of `fgraph.stylegan.checkpoints.delta`
    psnr: tuple[float, ...]  # PSNR of each image
    pixels: Tensor  # [images, H, W, C], 8 bits


def tune(
    problem: Problem,
    latents: Tensor,
    targets: Tensor,
    tuning: Tuning,
    *,
    noises: Sequence[Tensor] = (),
    batch: int = 8,
) -> TunedGenerator:
    """Fit the generator to images around the codes of their inversions.

    Args:
        problem: the generator, settings and losses.
        latents: codes, [images, ...].
        targets: [images, C, height, width].
        tuning: the settings.
        noises: optimised noise of the images, [images, 1, r, r] for each convolution.
        batch: images in a step.
    """
    generator = problem.generator
    with torch.inference_mode(False), torch.enable_grad():
        code = latents.to(generator.device, generator.dtype)
        styles = styles_of(generator, problem.settings.space, code).detach()
        changes = _first_changes(generator, tuning.rank)
        optimiser = NetworkAdam(changes, tuning.learning_rate)
        wanted = problem.losses.prepare(targets)

        def draw(parts: Mapping[str, Tensor], rows: list[int]) -> Tensor:
            given_noise: Noise = [noise[rows].to(code) for noise in noises] or "const"
            return changed(generator, parts).synthesise(styles[rows], given_noise)

        for step in range(tuning.steps):
            optimiser.rate = tuning.learning_rate * (1 - step / tuning.steps)
            rows = [(step * batch + number) % len(code) for number in range(min(batch, len(code)))]
            these = {name: [one[rows] for one in parts] for name, parts in wanted.items()}
            losses = problem.losses.parts(draw(changes, rows), these)
            loss = torch.stack(list(losses.values())).sum(dim=0).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        stored = {name: value.detach().to("cpu", _HALF).contiguous() for name, value in changes.items()}
        with torch.no_grad():
            images = torch.cat([draw(stored, [row]) for row in range(len(code))]).clamp(-1, 1)
    errors = (images - targets).square().mean(dim=(1, 2, 3)).clamp_min(1e-12)
    pixels = torch.stack([torch.from_numpy(to_pixels(image.float().cpu().numpy()).copy()) for image in images])
    return TunedGenerator(stored, tuple((10 * torch.log10(4 / errors)).tolist()), pixels)


def changed(generator: G, changes: Mapping[str, Tensor]) -> G:
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
    job: InversionJob, results: Mapping[str, InversionResult], tuning: Tuning, report: Callable[[str], object]
) -> None:
    """Tune for every picture of a job, or for all of them together; write the models and their images, and report each.

    The model of a picture is `NAME.model.safetensors`, the model of all is `tuned.model.safetensors`; images are
    `NAME.tuned.png`.

    Raises:
        FgraphError: the generator wasn't loaded from a file, which a tuned model needs as its base.
        SaveError: a file can't be written.
    """
    path = job.problem.generator.path
    if path is None:
        raise FgraphError(
            "a tuned model is a delta to a model file, and this generator wasn't loaded from one: name a file by model="
        )
    base = read_model(path, file_digest)
    _keep_base(path, base)
    groups = [list(job.pictures)] if tuning.together else [[picture] for picture in job.pictures]
    for pictures in groups:
        tuned = _cached_or_new(job, pictures, [results[picture.name] for picture in pictures], tuning)
        names = ", ".join(picture.path.name for picture in pictures[:_NAMED]) + ", ..." * (len(pictures) > _NAMED)
        facts = delta_metadata(_named(path), base, f"pivotal tuning on {names}")
        model = job.directory / f"{TOGETHER if tuning.together else pictures[0].name}.model.safetensors"
        write_atomic(model, encode_tensors(tuned.changes, facts))
        for picture, pixels in zip(pictures, tuned.pixels, strict=True):
            write_atomic(job.directory / f"{picture.name}.tuned.png", encode_png(pixels.numpy()))
        psnr = sum(tuned.psnr) / len(tuned.psnr)
        of = f" on average of {len(pictures)}" if len(pictures) > 1 else ""
        report(f"{model}  PSNR {psnr:.2f} dB{of}  ({model.stat().st_size:,} bytes)")


def _cached_or_new(
    job: InversionJob, pictures: Sequence[JobPicture], results: Sequence[InversionResult], tuning: Tuning
) -> TunedGenerator:
    key = make_key(*(job.key(picture) for picture in pictures), json.dumps(tuning.model_dump(), sort_keys=True))
    cached = _tuned_of(job.cache.read("tunings", key), job.problem, len(pictures), tuning)
    if cached is not None:
        return cached
    generator = job.problem.generator
    read = [torch.from_numpy(job.reading.read_again(picture)) for picture in pictures]
    targets = torch.stack(read).to(generator.device, generator.dtype)
    noises = [torch.stack(parts) for parts in zip(*(one.noises for one in results), strict=True)]
    tuned = tune(
        job.problem, torch.stack([one.latent for one in results]), targets, tuning, noises=noises, batch=job.batch
    )
    job.cache.write("tunings", key, {**tuned.changes, "pixels": tuned.pixels}, {"psnr": json.dumps(tuned.psnr)})
    return tuned


def _tuned_of(entry: CachedTensors | None, problem: Problem, images: int, tuning: Tuning) -> TunedGenerator | None:
    """Return the tuned generator of a cache entry, or None if it is absent or doesn't fit."""
    if entry is None:
        return None
    shapes = {name: tuple(value.shape) for name, value in _first_changes(problem.generator, tuning.rank).items()}
    table = problem.generator.table
    whole = {**shapes, "pixels": (images, *table.size, table.image_channels)}
    try:
        psnr = tuple(map(float, json.loads(entry.facts["psnr"])))
    except (KeyError, ValueError, TypeError, RecursionError):
        return None
    if entry.tensors.keys() != whole.keys() or not are_tensors(entry.tensors, whole):
        return None
    if len(psnr) != images or not all(map(math.isfinite, psnr)):
        return None
    return TunedGenerator({name: entry.tensors[name] for name in shapes}, psnr, entry.tensors["pixels"])


def _first_changes(generator: Generator, rank: int) -> dict[str, Tensor]:
    """Return the initial changes, which add 0: the first factor of a product is 0, the second random.

    The constant of a StyleGAN2 changes; the plane that a StyleGAN3 samples does not.
    """
    draw = torch.Generator().manual_seed(0)
    changes: dict[str, Tensor] = {}
    parts = [f"{layer.name}.{part}" for layer in generator.table.layers for part in ("weight", "bias")]
    kept = [name for name in parts if name in generator.tensors and not name.startswith("input.")]
    names = [*(["const"] if "const" in generator.tensors else []), *kept]
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
