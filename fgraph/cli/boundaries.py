"""The codes of `fgraph boundary`, from folders and tables, and the file that it writes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save

from fgraph._atomic import write_atomic
from fgraph._errors import show
from fgraph._files import open_file
from fgraph._imaging.finding import SUFFIXES
from fgraph._limits import MIB
from fgraph._paths import expanded
from fgraph.array_files.latents import read_latent
from fgraph.array_files.spaces import Space, code_shapes, fit_space
from fgraph.cli.inversion_request import InversionRequest
from fgraph.cli.inversion_run import SUMMARY, invert_pictures
from fgraph.inversion import make_settings
from fgraph.inversion.settings import Tuning
from fgraph.runtime.kernels.seeds import codes_of_seeds
from fgraph.stylegan.checkpoints.header import read_header
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.loading import load_generator
from fgraph.stylegan.measured.boundary import fit_boundary
from fgraph.stylegan.tables.base import Table

_CODES = (".safetensors", ".npy", ".npz", ".pt", ".pth", ".pkl")
_TARGETS = (".safetensors", ".npy")
_SPACES: tuple[Space, ...] = ("z", "w", "w+", "s")
_SEARCHED = ("w", "w+", "s")  # spaces in which inversion searches


@dataclass(frozen=True)
class Codes:
    """Codes [n, ...] of one space."""

    array: NDArray[np.float32]
    space: Space


@dataclass(frozen=True)
class BoundaryRequest:
    """The arguments of `fgraph boundary`."""

    folders: Sequence[str]  # folders of the positive and of the negative codes; empty if there are scores
    scores: str | None
    target: str
    model: str
    space: Space | None
    device: str


def fit_target(request: BoundaryRequest) -> str:
    """Fit a direction to the codes of two folders or of a table, write it, and return a line about it.

    Raises:
        FgraphError: a picture or the model cannot be read, or the target cannot be written.
        ValueError: the codes cannot be read, do not fit together, or are too few.
    """
    path, target = expanded(request.target), request.target
    if path.suffix.lower() not in _TARGETS:
        raise ValueError(f"--target={target} ends in {' or '.join(_TARGETS)}")
    table = read_header(request.model).table
    if request.scores is not None:
        groups, labels = _read_scores(expanded(request.scores), table, request)
    else:
        sides = zip(request.folders, ("positive", "negative"), strict=True)
        found = [_read_folder(expanded(folder), side, table, request) for folder, side in sides]
        groups = [codes for part in found for codes in part]
        labels = [float(1 - side) for side, part in enumerate(found) for codes in part for _ in codes.array]
    latest: Space = max((codes.space for codes in groups), key=_SPACES.index)
    space = request.space or latest
    together = np.concatenate(_promoted(groups, space, request.model))
    fitted = fit_boundary(together.reshape(len(together), -1), np.array(labels))
    shape = code_shapes(table)[space]
    _write(path, fitted.direction.reshape(1, *shape).astype(np.float32), space)
    explained = "" if fitted.explained is None else f", R² {fitted.explained:.3f}"
    unstated = "; read it with space: z" if space == "z" and path.suffix.lower() == ".npy" else ""
    return (
        f"{target}  {space}, {len(together)} codes: {fitted.accuracy:.1%} of held-out codes on the right side"
        f"{explained} ({fitted.folds} folds){unstated}"
    )


def _read_folder(folder: Path, side: str, table: Table, request: BoundaryRequest) -> list[Codes]:
    """Return the codes in a folder; without files of codes, its pictures are inverted.

    Raises:
        FgraphError: no picture can be inverted.
        ValueError: the folder has neither codes nor pictures, or a file cannot be read.
    """
    if not folder.is_dir():
        raise ValueError(f"there is no folder {show(folder, 300)}")
    files = sorted(one for one in folder.iterdir() if one.is_file() and not one.name.startswith("."))
    found = [one for one in files if one.suffix.lower() in _CODES]
    if not found:
        if not any(one.name.lower().endswith(SUFFIXES) for one in files):
            raise ValueError(f"{show(folder, 300)} has neither files of codes ({', '.join(_CODES)}) nor pictures")
        found = [*_invert(folder, side, request).values()]
    return [_read_codes(one, table) for one in found]


def _invert(folder: Path, name: str, request: BoundaryRequest) -> dict[Path, Path]:
    """Invert the pictures in a folder into a folder beside the target; return picture -> file of its code.

    Raises:
        FgraphError: no picture can be inverted, or one was skipped.
    """
    target, space = expanded(request.target), request.space
    directory = target.with_name(f"{target.stem}_codes") / name
    invert_pictures(
        InversionRequest(
            images=str(folder),
            model=request.model,
            directory=directory,
            device=request.device,
            precision="float32",
            settings=make_settings("fast", space=space if space in _SEARCHED else "w"),
            tuning=Tuning(),
        )
    )
    with (directory / SUMMARY).open(encoding="utf-8", newline="") as file:
        return {Path(line["picture"]).resolve(): directory / line["code"] for line in csv.DictReader(file)}


def _read_codes(path: Path, table: Table) -> Codes:
    latent = read_latent(str(path))
    fitting = fit_space(latent.codes.array, table, latent.space)
    if fitting is None:
        raise ValueError(f"{show(path, 300)} has codes of shape {list(latent.codes.shape)}, which do not fit the model")
    return Codes(np.asarray(fitting[0], np.float32), fitting[1])


def _read_scores(path: Path, table: Table, request: BoundaryRequest) -> tuple[list[Codes], list[float]]:
    """Return the codes of a table, one a line, and their scores.

    Raises:
        ValueError: the table or a code cannot be read, or the model is conditional and the table has seeds.
    """
    try:
        with open_file(path, 64 * MIB) as file:
            lines = list(csv.DictReader(io.StringIO(file.read().decode("utf-8"))))
        names = set(lines[0]) if lines else set()
        if "score" not in names or not names & {"seed", "file"}:
            raise ValueError("it has no columns seed and score, or file and score")
        scores = [float(line["score"]) for line in lines]
        if not np.isfinite(scores).all():
            raise ValueError("a score is not finite")
        if "file" in names:
            files = _with_codes([path.parent / line["file"] for line in lines], request)
            return [_single(_read_codes(one, table), one.name) for one in files], scores
        if table.c_dim:
            raise ValueError("seeds do not determine a code of a conditional model: name files")
        drawn = codes_of_seeds([int(line["seed"]) for line in lines], table.z_dim)
    except (OSError, ValueError, TypeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"cannot read the scores in {show(path, 300)}: {show(reason, 300)}") from error
    return [Codes(drawn.numpy(), "z")], scores


def _with_codes(files: Sequence[Path], request: BoundaryRequest) -> list[Path]:
    """Return files of codes; replace each picture by the file of its code, which inversion of its folder finds.

    Raises:
        ValueError: there is no such picture.
    """
    pictures = [one for one in files if one.name.lower().endswith(SUFFIXES)]
    folders = dict.fromkeys(one.parent for one in pictures)
    known = {picture: code for number, folder in enumerate(folders)
             for picture, code in _invert(folder, f"pictures{number}", request).items()}  # fmt: skip
    if missing := [one for one in pictures if one.resolve() not in known]:
        raise ValueError(f"there is no picture {show(missing[0], 300)}")
    return [known.get(one.resolve(), one) for one in files]


def _single(codes: Codes, name: str) -> Codes:
    if len(codes.array) != 1:
        raise ValueError(f"{show(name)} has {len(codes.array)} codes, and a line has one score")
    return codes


def _promoted(groups: Sequence[Codes], space: Space, model: str) -> list[NDArray[np.float32]]:
    """Return codes in one space.

    Raises:
        ValueError: a code is in a later space.
    """
    late = [codes.space for codes in groups if _SPACES.index(codes.space) > _SPACES.index(space)]
    if late:
        raise ValueError(f"codes in {late[0]} cannot be turned back into {space}: give --space {late[0]}")
    if all(codes.space == space for codes in groups):
        return [codes.array for codes in groups]
    generator = load_generator(model)
    with torch.no_grad():
        return [_promote(torch.from_numpy(codes.array), codes.space, space, generator).numpy() for codes in groups]


def _promote(code: Any, given: Space, space: Space, generator: Generator) -> Any:
    if given == "z" and space != "z":
        code, given = generator.map(code), "w"
    if given == "w" and space == "w+":
        return code[:, None].repeat(1, generator.table.num_ws, 1)
    return generator.affine(code) if given != space and space == "s" else code


def _write(path: Path, direction: NDArray[np.float32], space: Space) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == ".npy":
        content = io.BytesIO()
        np.save(content, direction)
        write_atomic(path, content.getvalue())
    else:
        write_atomic(path, save({"direction": np.ascontiguousarray(direction)}, {"space": space}))
