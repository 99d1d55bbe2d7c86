"""Pickles of StyleGAN3 and StyleGAN-XL in the layouts of NVlabs' and Sauer's programs, from tensors of the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from fgraph.stylegan.generators.stylegan3 import StyleGAN3Generator
from fgraph.stylegan.tables.stylegan3 import StyleGAN3Layer, StyleGAN3Table
from tests.network_pickles import Persistent, dumps, mapping_module


def checkpoint(table: StyleGAN3Table, tensors: Mapping[str, torch.Tensor], mapping: Persistent | None = None) -> bytes:
    """Return the bytes of a whole `.pkl`, with the given mapping network or the mapping network of the table."""
    return dumps({"G": None, "D": None, "G_ema": stylegan3_network(table, tensors, mapping)})


def stylegan3_network(
    table: StyleGAN3Table, tensors: Mapping[str, torch.Tensor], mapping: Persistent | None = None
) -> Persistent:
    """Return a whole generator."""
    names = [layer.name for layer in table.filtered]
    synthesis = {layer.name: _layer(layer, tensors) for layer in table.filtered} | {"input": _input(table, tensors)}
    parts = {
        "mapping": mapping or mapping_module(table, tensors),
        "synthesis": Persistent("SynthesisNetwork", {
            "layer_names": names, "output_scale": table.output_scale, "_modules": synthesis,
        }),
    }  # fmt: skip
    facts = {"z_dim": table.z_dim, "c_dim": table.c_dim, "w_dim": table.w_dim, "img_resolution": table.resolution}
    return Persistent("Generator", {**facts, "num_ws": table.num_ws, "_modules": parts})


def classed(generator: StyleGAN3Generator) -> tuple[StyleGAN3Table, dict[str, torch.Tensor]]:
    """Return table and tensors of a conditional generator with the classes of StyleGAN-XL, for `class_mapping`.

    The table of embeddings, `embedding`, has more rows than the generator has classes.
    """
    draw, plain = torch.Generator().manual_seed(7), generator.table
    table = replace(plain, embed_width=plain.z_dim, class_means=True)
    tensors = {name: value for name, value in generator.tensors.items() if not name.startswith("mapping.embed")}
    tensors["proj.weight"] = torch.randn(plain.z_dim, 12, generator=draw)
    tensors["proj.bias"] = torch.randn(plain.z_dim, generator=draw)
    tensors["embedding"] = torch.randn(plain.c_dim + 4, 12, generator=draw)
    tensors["w_mean"] = torch.randn(table.mean_shape, generator=draw)
    return table, tensors


def class_mapping(table: StyleGAN3Table, tensors: Mapping[str, torch.Tensor], embedding: torch.Tensor) -> Persistent:
    """Return the mapping network of StyleGAN-XL: a table of embeddings, with the weight and bias that project it."""
    made = mapping_module(table, tensors)
    state: Any = made.meta["state"]
    parts = state["_modules"]
    plain = torch.nn.Embedding(*embedding.shape)
    plain.weight.data.copy_(embedding)
    parts["embed"] = plain
    gains = {"weight_gain": np.float64(1 / np.sqrt(embedding.shape[1])), "bias_gain": 1, "activation": "lrelu"}
    projection = {"weight": tensors["proj.weight"], "bias": tensors["proj.bias"]}
    parts["embed_proj"] = (
        Persistent("FullyConnectedLayer", {"_parameters": projection, **gains}) if table.c_dim else None
    )
    return made


def _affine(tensors: Mapping[str, torch.Tensor], name: str) -> Persistent:
    parameters = {"weight": tensors[f"{name}.affine.weight"], "bias": tensors[f"{name}.affine.bias"]}
    return Persistent("FullyConnectedLayer", {"_parameters": parameters})


def _input(table: StyleGAN3Table, tensors: Mapping[str, torch.Tensor]) -> Persistent:
    return Persistent("SynthesisInput", {
        "channels": table.features, "size": np.array(table.input_size[::-1]), "sampling_rate": table.input_rate,
        "bandwidth": table.bandwidth, "_parameters": {"weight": tensors["input.weight"]},
        "_buffers": {name: tensors[f"input.{name}"] for name in ("transform", "freqs", "phases")},
        "_modules": {"affine": _affine(tensors, "input")},
    })  # fmt: skip


def _layer(layer: StyleGAN3Layer, tensors: Mapping[str, torch.Tensor]) -> Persistent:
    buffers: dict[str, Any] = {"magnitude_ema": tensors[f"{layer.name}.magnitude_ema"]}
    for name in ("up_filter", "down_filter"):
        buffers[name] = tensors.get(f"{layer.name}.{name}")
    return Persistent("SynthesisLayer", {
        "is_torgb": layer.kind == "torgb", "in_sampling_rate": layer.in_rate, "out_sampling_rate": layer.resolution,
        "in_channels": layer.in_channels, "out_channels": layer.out_channels, "conv_kernel": layer.taps,
        "out_size": np.array(layer.out_size[::-1]), "up_factor": layer.up_factor, "down_factor": layer.down_factor,
        "padding": list(layer.padding), "conv_clamp": layer.clamp,
        "_parameters": {"weight": tensors[f"{layer.name}.weight"], "bias": tensors[f"{layer.name}.bias"]},
        "_buffers": buffers, "_modules": {"affine": _affine(tensors, layer.name)},
    })  # fmt: skip
