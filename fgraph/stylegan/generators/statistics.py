"""Statistics of a generator over seeded samples: the moments of w and of styles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from fgraph.stylegan.nn.stylegan2 import embed, mapping, normalise
from fgraph.stylegan.tables.base import Table

SAMPLES = 10_000
SEED = 0
_BATCH = 1000
_DRAWN = 2000  # samples drawn at once; for every z_dim, their numbers fill whole blocks of the random generator
_MOST = 1 << 23  # numbers in a batch; wider codes than published ones come in smaller batches


def map_z(table: Table, tensors: Mapping[str, Tensor], code: Tensor) -> Tensor:
    """Map `code` [rows, code_width] to `w` [rows, w_dim] by the mapping network among `tensors`.

    A code is z; in a conditional generator, the one-hot class follows z.
    """
    parts = [normalise(code[:, : table.z_dim])] if table.z_dim else []
    if table.c_dim:
        weight, bias = tensors["mapping.embed.weight"], tensors["mapping.embed.bias"]
        parts.append(embed(code[:, table.z_dim :], weight, bias))
    layers = range(table.mapping_layers)
    weights = [tensors[f"mapping.{i}.weight"] for i in layers]
    biases = [tensors[f"mapping.{i}.bias"] for i in layers]
    x = parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)
    return mapping(x, weights, biases, table.mapping_rate, table.mapping_activation)


def sample_codes(table: Table) -> Iterator[Tensor]:
    """Yield 10,000 seeded samples of z, each with a class from a uniform distribution.

    Batches are [rows, code_width], float32 on the CPU.
    """
    draw = torch.Generator().manual_seed(SEED)
    classes = None
    if table.c_dim:  # classes are drawn after all of z
        for _ in _draw_z(table, draw):
            pass
        classes = torch.randint(table.c_dim, (SAMPLES,), generator=draw)
        draw.manual_seed(SEED)
    rows = min(_BATCH, _MOST // max(1, table.code_width))
    for number, drawn in enumerate(_draw_z(table, draw)):
        for start in range(0, _DRAWN, rows):
            z = drawn[start : start + rows]
            if classes is None:
                yield z
                continue
            first = number * _DRAWN + start
            chosen = classes[first : first + len(z), None]
            yield torch.cat([z, torch.zeros(len(z), table.c_dim).scatter_(1, chosen, 1.0)], dim=1)


def _draw_z(table: Table, draw: torch.Generator) -> Iterator[Tensor]:
    """Yield the samples of z, [_DRAWN, z_dim] at a time: the same numbers as drawn at once."""
    for _ in range(SAMPLES // _DRAWN):
        yield torch.randn(_DRAWN, table.z_dim, generator=draw)


def sample_w(table: Table, tensors: Mapping[str, Tensor]) -> Iterator[Tensor]:
    """Yield w of the samples of `sample_codes`, in batches [rows, w_dim], with the type and device of the tensors."""
    with torch.no_grad():
        for codes in sample_codes(table):
            yield map_z(table, tensors, codes.to(tensors["mapping.0.weight"]))


def w_mean(table: Table, tensors: Mapping[str, Tensor]) -> Tensor:
    """Return the mean of w [w_dim] over 10,000 seeded samples, in float64."""
    return torch.stack([w.double().sum(dim=0) for w in sample_w(table, tensors)]).sum(dim=0) / SAMPLES


def w_moments(table: Table, tensors: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return mean [D] and covariance [D, D] of w over 10,000 seeded samples, in float64."""
    batches = list(sample_w(table, tensors))
    mean = torch.stack([w.double().sum(dim=0) for w in batches]).sum(dim=0) / SAMPLES
    total = torch.zeros(len(mean), len(mean), dtype=torch.float64, device=mean.device)
    for w in batches:
        centred = w.double() - mean
        total.addmm_(centred.t(), centred)
    return mean, total.div_(SAMPLES - 1)


def style_moments(mean: Tensor, covariance: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation [S] of styles `w @ weight.T / sqrt(D) + bias`, given the moments of w.

    Styles are affine in w, so the result equals a measurement on the same samples. `weight` is [S, D], `bias` [S].
    """
    scaled = weight.double() / weight.shape[1] ** 0.5
    variance = ((scaled @ covariance) * scaled).sum(dim=1).clamp_min(0)
    return (scaled @ mean + bias.double()).float(), variance.sqrt().float()
