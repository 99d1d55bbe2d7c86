"""The kernel of encoders."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache

import torch
from torch import Tensor

from fgraph.ir.ops import Encode
from fgraph.runtime.kernels.context import KernelContext, Params, digest_of
from fgraph.stylegan.checkpoints.encoder_file import EncoderHeader, load_encoder
from fgraph.stylegan.nn.encoder import Encoder

_KEPT = 2  # encoders that stay loaded between runs; a published one has up to a gigabyte
_KEPT_CODES = 256  # codes of the last images that are kept
_CODES: dict[Hashable, Tensor] = {}  # codes by everything that they depend on


def encode(op: Encode, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return the codes of images, W+ [rows, styles, w_dim] or W [rows, w_dim].

    On a CPU, the codes of the last images are kept in memory, for runs of graphs that read the same images.
    """
    if not (context.keeps and context.reads_back):
        return _encode(op, inputs[0], context)
    facts = (op, context.generators[op.model].digest, context.half)
    keys = [(*facts, digest_of(image)) for image in inputs[0]]
    found = {row: _CODES.pop(key) for row, key in enumerate(keys) if key in _CODES}
    missing = [row for row in range(len(keys)) if row not in found]
    if missing:
        found |= dict(zip(missing, _encode(op, inputs[0][missing], context), strict=True))
    _CODES.update((key, found[row]) for row, key in enumerate(keys))
    for key in list(_CODES)[:-_KEPT_CODES]:
        del _CODES[key]
    return torch.stack([found[row] for row in range(len(keys))])


def _encode(op: Encode, images: Tensor, context: KernelContext) -> Tensor:
    """Encode images, some rows at a time."""
    generator = context.generators[op.model]
    encoder = _load(op.encoder, context.device, context.dtype)
    parts = torch.split(images, op.rows_together)
    done, found = 0, []
    with context.searching("encode", op.iterations * len(parts)) as job:

        def draw(codes: Tensor) -> Tensor:
            nonlocal done
            job.step(done := done + 1, len(codes))
            return generator.synthesise(generator.affine(codes))

        for part in parts:
            made = encoder.encode(part, generator.w_mean, draw, op.iterations, rows=op.rows or None, half=context.half)
            found.append(made)
    return torch.cat(found) if len(found) > 1 else found[0]


@lru_cache(maxsize=_KEPT)
def _load(header: EncoderHeader, device: torch.device, dtype: torch.dtype) -> Encoder:
    return load_encoder(header, dtype).to(device)
