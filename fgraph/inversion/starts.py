"""The codes that the searches of a job start from: codes of an encoder, or of earlier results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from fgraph._errors import FgraphError, ModelError, show
from fgraph._paths import expanded
from fgraph.array_files.latents import read_latent
from fgraph.array_files.spaces import Space, fit_space
from fgraph.inversion.optimise import Problem
from fgraph.inversion.pictures import JobPicture, PictureReading
from fgraph.inversion.spaces import code_of_w
from fgraph.stylegan.checkpoints.encoder_file import load_encoder, read_encoder
from fgraph.stylegan.generators.base import Generator

ENCODER = "encoder"
_ORDER: tuple[Space, ...] = ("w", "w+", "s")


def encoded_starts(
    problem: Problem, pictures: Sequence[JobPicture], reading: PictureReading, encoder: str, batch: int = 8
) -> dict[str, Tensor]:
    """Return picture name -> the code that an encoder finds, in the space of the search.

    Args:
        problem: the problem of the inversion.
        pictures: the pictures.
        reading: the options for reading the pictures.
        encoder: the name of a bundled model, a path or a URL.
        batch: pictures that are encoded together.

    Raises:
        ModelError: the encoder cannot be read, or its codes do not fit the generator.
    """
    generator = problem.generator
    header = read_encoder(encoder)
    table, model = header.table, generator.table
    if (
        table.w_dim != model.w_dim
        or table.styles not in (0, model.num_ws)
        or table.image_channels != model.image_channels
    ):
        raise ModelError(f"inversion.encoder: the codes of {header.path} do not fit '{generator.name}'")
    network = load_encoder(header, generator.dtype).to(generator.device)
    found: dict[str, Tensor] = {}
    with torch.no_grad():
        for start in range(0, len(pictures), batch):
            members = pictures[start : start + batch]
            read = [torch.from_numpy(reading.read_again(one)) for one in members]
            images = torch.stack(read).to(generator.device, generator.dtype)
            codes = network.encode(
                images, generator.w_mean, lambda one: generator.synthesise(generator.affine(one)), table.iterations
            )
            codes = _in_space(generator, codes, "w+" if table.styles else "w", problem.settings.space)
            found |= {one.name: code for one, code in zip(members, codes.cpu(), strict=True)}
    return found


def stored_starts(problem: Problem, pictures: Sequence[JobPicture], place: str) -> dict[str, Tensor]:
    """Return picture name -> its code in a file, or in a folder of files `NAME.safetensors`.

    A file holds a code for all pictures, or one for each of them in their order.

    Raises:
        FgraphError: a file is missing, cannot be read, or its codes do not fit the generator or the pictures.
    """
    path = expanded(place)
    if path.is_dir():
        return {one.name: _read(problem, path / f"{one.name}.safetensors", 1)[0] for one in pictures}
    codes = _read(problem, path, len(pictures))
    return {one.name: code for one, code in zip(pictures, codes, strict=True)}


def _read(problem: Problem, path: Path, count: int) -> Tensor:
    """Return the codes of a file in the space of the search, [count, ...]."""
    generator = problem.generator
    try:
        latent = read_latent(str(path))
        fitting = fit_space(latent.codes.array, generator.table, latent.space)
    except ValueError as error:
        raise FgraphError(f"inversion.start: {error}") from error
    if fitting is None or fitting[1] not in _ORDER:
        raise FgraphError(
            f"inversion.start: the codes in {show(path, 300)} have shape {list(latent.codes.array.shape)}, which do "
            f"not fit '{generator.name}'"
        )
    codes = torch.from_numpy(fitting[0].copy()).to(generator.device, generator.dtype)
    if len(codes) not in (1, count):
        raise FgraphError(f"inversion.start: {show(path, 300)} holds {len(codes)} codes; expected 1 or {count}")
    with torch.no_grad():
        made = _in_space(generator, codes, fitting[1], problem.settings.space)
    return made.expand(count, *made.shape[1:]).cpu()


def _in_space(generator: Generator, codes: Tensor, given: Space, wanted: Space) -> Tensor:
    """Return codes in a later space.

    Raises:
        FgraphError: the codes are in a later space than `wanted`.
    """
    if given == wanted:
        return codes
    if _ORDER.index(given) > _ORDER.index(wanted):
        raise FgraphError(
            f"inversion.start: codes in {given} cannot be turned back into {wanted}: give inversion.space={given}"
        )
    if wanted == "s":
        return generator.affine(codes)
    return code_of_w(generator, wanted, codes)  # type: ignore[arg-type]  # w+, as `given` is w
