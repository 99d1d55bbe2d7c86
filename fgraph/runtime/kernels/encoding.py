"""The kernel of encoders."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from fgraph.ir.ops import Encode
from fgraph.runtime.kernels.context import KernelContext, Params
from fgraph.stylegan.checkpoints.encoder_file import EncoderHeader, load_encoder
from fgraph.stylegan.nn.encoder import Encoder

_KEPT = 2  # encoders that stay loaded between runs; a published one has up to a gigabyte


def encode(op: Encode, inputs: Sequence[Tensor], params: Params, context: KernelContext) -> Tensor:
    """Return the codes of images, W+ [rows, styles, w_dim] or W [rows, w_dim], some rows at a time."""
    generator = context.generators[op.model]
    encoder = _load(op.encoder, context.device, context.dtype)

    parts = torch.split(inputs[0], op.rows_together)
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
