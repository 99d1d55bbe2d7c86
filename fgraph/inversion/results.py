"""The result of one image: what is kept of it, and the files that are written for it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fgraph._atomic import write_atomic
from fgraph._imaging.encode import INVERSION, encode_png, to_pixels
from fgraph._results import Latents
from fgraph.inversion.optimise import Found, Problem
from fgraph.inversion.plots import draw_curve
from fgraph.inversion.spaces import styles_of
from fgraph.inversion.store import Kept


@dataclass(frozen=True, eq=False)
class Result:
    """What was found for an image."""

    latent: Tensor
    curve: Tensor  # [steps, columns]
    pixels: Tensor  # [H, W, C], 8 bits: the reconstruction
    noises: tuple[Tensor, ...]
    facts: Mapping[str, str]

    @property
    def psnr(self) -> float:
        """Of the reconstruction, in dB, of images in [-1, 1]."""
        return float(self.facts["psnr"])

    @property
    def distance(self) -> float | None:
        """How far the code is from the mean, by the prior: 1 is as far as samples are."""
        found = self.facts.get("distance")
        return None if found is None else float(found)

    def to_kept(self) -> Kept:
        """All of it, as it is kept."""
        noises = {f"noise.{at}": noise.contiguous() for at, noise in enumerate(self.noises)}
        tensors = {"latent": self.latent, "curve": self.curve, "pixels": self.pixels, **noises}
        return Kept({name: value.contiguous() for name, value in tensors.items()}, dict(self.facts))

    @classmethod
    def of_kept(cls, kept: Kept | None) -> Result | None:
        """What was kept, if it is whole."""
        if kept is None or not {"latent", "curve", "pixels"} <= kept.tensors.keys() or "psnr" not in kept.facts:
            return None
        count = sum(name.startswith("noise.") for name in kept.tensors)
        noises = tuple(kept.tensors[f"noise.{at}"] for at in range(count))
        own = [kept.tensors[name] for name in ("latent", "curve", "pixels")]
        facts = {name: value for name, value in kept.facts.items() if name != "key"}
        return cls(own[0], own[1], own[2], noises, facts)


def make_result(problem: Problem, found: Found, target: Tensor) -> Result:
    """The result of what was found for a target [C, size, size]; the image is made once more, alone."""
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
    return Result(found.code, found.curve, pixels, found.noises, facts)


def write_result(result: Result, directory: Path, name: str) -> list[Path]:
    """Write the code, the reconstruction, the loss curve as CSV and PNG, and noise that was sought.

    Raises:
        SaveError: a file cannot be written.
    """
    written = []
    for ending, content in _contents(result):
        path = directory / f"{name}{ending}"
        write_atomic(path, content)
        written.append(path)
    return written


def _contents(result: Result) -> Iterator[tuple[str, bytes]]:
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
    yield ".curve.png", encode_png(draw_curve(result.curve.float().numpy(), columns))
    if result.noises:
        buffer = io.BytesIO()
        arrays = {f"noise_{at}": noise[None].float().numpy() for at, noise in enumerate(result.noises)}
        np.savez(buffer, **arrays)  # type: ignore[arg-type]  # the stub takes them for allow_pickle
        yield ".noise.npz", buffer.getvalue()


def _psnr(image: Tensor, target: Tensor) -> float:
    """10 log10(4 / MSE), of images in [-1, 1]."""
    return float(10 * torch.log10(4 / (image - target).square().mean().clamp_min(1e-12)))
