"""The kernel of inversion."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf

import torch
from torch import Tensor

from fgraph._cache import cache_folder
from fgraph._errors import SaveError
from fgraph.inversion.batch import invert as invert_images
from fgraph.inversion.cache import InversionCache, are_tensors, make_key
from fgraph.inversion.optimise import Problem, Search, SearchOutcome
from fgraph.inversion.problem import make_problem
from fgraph.inversion.spaces import code_shape
from fgraph.ir.ops import Invert
from fgraph.runtime.kernels.context import KernelContext, Params, digest_of
from fgraph.stylegan.checkpoints.sources import file_digest
from fgraph.stylegan.generators.base import Generator

_KIND = "codes"


def invert(op: Invert, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Find the codes of images by optimisation.

    Rows are cached by content in the user's cache folder as they finish, and unfinished ones every few seconds.
    """
    generator, start = context.generators[op.model], inputs[1] if len(inputs) > 1 else None
    cache = InversionCache(cache_folder() / "inversions" if context.keeps else None)
    facts = (generator.digest, op.settings.digest, _discriminator_digest(op, generator))
    keys = [make_key("node", *facts, [digest_of(one[row]) for one in inputs]) for row in range(len(inputs[0]))]
    shapes = {"code": code_shape(generator, op.settings.space)}
    entries = {row: cache.read(_KIND, key) for row, key in enumerate(keys)}
    found = {
        row: entry.tensors["code"]
        for row, entry in entries.items()
        if entry is not None and are_tensors(entry.tensors, shapes)
    }
    missing = [row for row in range(len(keys)) if row not in found]

    def note(row: int, outcome: SearchOutcome) -> None:
        if isinf(outcome.loss):
            raise ValueError(f"the search diverged for image {row}: take a lower learning_rate")
        found[row] = outcome.code
        cache.write(_KIND, keys[row], {"code": outcome.code}, {})

    if missing:
        with context.searching("invert", op.settings.steps) as job:

            def advance(search: Search) -> None:
                losses = search.losses
                job.step(search.done, len(search.rows), loss=sum(losses.values()) / len(losses) if losses else None)

            invert_images(
                _problem(op, generator), inputs[0], advance, start,
                rows=missing, on_found=note, cache=cache, key=make_key("node search", keys),
            )  # fmt: skip
    return torch.stack([found[row] for row in range(len(keys))]).to(context.device, context.dtype)


def _problem(op: Invert, generator: Generator) -> Problem:
    """Return the problem; statistics of the model are cached in the user's cache folder."""
    try:
        return make_problem(generator, op.settings, folder=cache_folder() / "inversions" / "statistics")
    except SaveError:  # it is only a cache
        return make_problem(generator, op.settings)


def _discriminator_digest(op: Invert, generator: Generator) -> str:
    """Return the digest of the discriminator's file, "" if its loss has no weight."""
    return file_digest(generator.path) if op.settings.discriminator and generator.path is not None else ""
