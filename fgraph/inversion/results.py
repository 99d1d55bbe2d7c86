"""The result of one image: its cache entry, and its files."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fgraph._atomic import write_atomic
from fgraph._imaging.encode import INVERSION, encode_png, to_pixels
from fgraph._imaging.plot import plot_curves
from fgraph._results import Latents
from fgraph.inversion.cache import CachedTensors, are_tensors, is_sound
from fgraph.inversion.noise import initial_noise
from fgraph.inversion.optimise import Problem, SearchOutcome
from fgraph.inversion.spaces import code_shape, styles_of


@dataclass(frozen=True, eq=False)
class InversionResult:
    """The result of the inversion of one image."""

    latent: Tensor
    curve: Tensor  # [steps, columns]
    pixels: Tensor  # [H, W, C], 8 bits: the reconstruction
    noises: tuple[Tensor, ...]
    facts: Mapping[str, str]

    @property
    def psnr(self) -> float:
        """The PSNR of the reconstruction, in dB."""
        return float(self.facts["psnr"])

    @property
    def distance(self) -> float | None:
        """The distance of the code from the mean, by the prior: 1 is typical of samples."""
        found = self.facts.get("distance")
        return None if found is None else float(found)

    def to_cached(self) -> CachedTensors:
        """Return the cache entry of the result."""
        noises = {f"noise.{at}": noise.contiguous() for at, noise in enumerate(self.noises)}
        tensors = {"latent": self.latent, "curve": self.curve, "pixels": self.pixels, **noises}
        return CachedTensors({name: value.contiguous() for name, value in tensors.items()}, dict(self.facts))

    @classmethod
    def from_cached(cls, entry: CachedTensors | None, problem: Problem) -> InversionResult | None:
        """Return the result of a cache entry, or None if it is absent or can't be a result of this problem."""
        if entry is None or not is_sound(lambda: _is_result(entry, problem)):
            return None
        noises = tuple(entry.tensors[f"noise.{at}"] for at in range(len(_noise_shapes(problem))))
        latent, curve, pixels = (entry.tensors[name] for name in ("latent", "curve", "pixels"))
        facts = {name: value for name, value in entry.facts.items() if name != "key"}
        return cls(latent, curve, pixels, noises, facts)


def _is_result(entry: CachedTensors, problem: Problem) -> bool:
    """Return whether an entry has the shapes, finite values and facts of a result."""
    table, columns = problem.generator.table, problem.curve_names
    curve, pixels = entry.tensors.get("curve"), entry.tensors.get("pixels")
    shapes = {
        "latent": code_shape(problem.generator, problem.settings.space),
        "curve": (0 if curve is None else len(curve), len(columns)),
        "pixels": (*table.size, table.image_channels),
        **{f"noise.{at}": shape for at, shape in enumerate(_noise_shapes(problem))},
    }
    good = are_tensors(entry.tensors, shapes) and pixels is not None and pixels.dtype == torch.uint8
    known = tuple(json.loads(entry.facts["columns"])) == columns and entry.facts["space"] == problem.settings.space
    numbers = [float(entry.facts["psnr"]), float(entry.facts.get("distance", "0"))]
    return good and known and "model" in entry.facts and all(map(math.isfinite, numbers))


def _noise_shapes(problem: Problem) -> list[tuple[int, ...]]:
    if not problem.settings.noise:
        return []
    return [tuple(one.shape[1:]) for one in initial_noise(problem.generator, 1)]


def make_result(problem: Problem, found: SearchOutcome, target: Tensor) -> InversionResult:
    """Make the result of a target [C, height, width]; its image is generated again, in a batch of one."""
    generator, space = problem.generator, problem.settings.space
    with torch.no_grad():
        code = found.code[None].to(generator.device, generator.dtype)
        styles = styles_of(generator, space, code)
        noises = [noise[None].to(code) for noise in found.noises]
        image = generator.synthesise(styles, noises or "const")[0].clamp(-1, 1)
        facts = {
            "space": space,
            "model": generator.name,
            "sha256": generator.digest,
            "settings": problem.settings.model_dump_json(),
            "columns": json.dumps(problem.curve_names),
            "psnr": repr(_psnr(image, target.to(image))),
        }
        if problem.prior is not None:
            facts["distance"] = repr(float(problem.prior.distance(code, styles)[0]))
    pixels = torch.from_numpy(to_pixels(image.float().cpu().numpy()).copy())
    return InversionResult(found.code, found.curve, pixels, found.noises, facts)


def write_result(result: InversionResult, directory: Path, name: str) -> list[Path]:
    """Write the code, the reconstruction, the loss curve as CSV and SVG, and optimised noise; return the paths.

    Raises:
        SaveError: a file can't be written.
    """
    written = []
    for ending, content in _contents(result):
        path = directory / f"{name}{ending}"
        write_atomic(path, content)
        written.append(path)
    return written


def _contents(result: InversionResult) -> Iterator[tuple[str, bytes]]:
    columns = json.loads(result.facts["columns"])
    latents = Latents(result.latent[None].float().numpy(), result.facts["space"], result.facts["model"])
    yield ".safetensors", latents.to_bytes()
    yield (
        ".png",
        encode_png(result.pixels.numpy(), {INVERSION: json.dumps(dict(result.facts), sort_keys=True)}),
    )
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["step", *columns])
    lines.writerows([step, *map(str, row)] for step, row in enumerate(result.curve.float().numpy()))
    yield ".curve.csv", text.getvalue().encode()
    curves = {name: list(enumerate(result.curve[:, at].tolist())) for at, name in enumerate(columns)}
    yield ".curve.svg", plot_curves(curves, "steps", logarithmic=True).encode()
    if result.noises:
        buffer = io.BytesIO()
        arrays = {f"noise_{at}": noise[None].float().numpy() for at, noise in enumerate(result.noises)}
        np.savez(buffer, **arrays)  # type: ignore[arg-type]  # the stub takes them for allow_pickle
        yield ".noise.npz", buffer.getvalue()


def _psnr(image: Tensor, target: Tensor) -> float:
    """Return 10 log10(4 / MSE) of images in [-1, 1]."""
    return float(10 * torch.log10(4 / (image - target).square().mean().clamp_min(1e-12)))
