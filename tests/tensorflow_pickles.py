"""Pickles in the layout of NVlabs' TensorFlow programs, written from tensors of the tests."""

from __future__ import annotations

import pickle
import sys
import types
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table

_NAMES = {"conv0": "Conv0_up", "torgb": "ToRGB"}


def checkpoint(table: StyleGAN2Table, tensors: Mapping[str, torch.Tensor], protocol: int = 4, **settings: Any) -> bytes:
    """Return the bytes of a whole `.pkl`; `settings` are static_kwargs, or replace them."""

    class Network:
        def __init__(self, variables: dict[str, np.ndarray[Any, Any]], **components: Any) -> None:
            self.__dict__.update(
                version=4, name="Gs", static_kwargs={**_settings(table), **settings}, components=components,
                build_module_src="raise RuntimeError('run')\n", build_func_name="G_main",
                variables=list(variables.items()),
            )  # fmt: skip

    Network.__module__, Network.__qualname__ = "dnnlib.tflib.network", "Network"
    fakes = {name: types.ModuleType(name) for name in ("dnnlib", "dnnlib.tflib", "dnnlib.tflib.network")}
    fakes["dnnlib.tflib.network"].Network = Network  # type: ignore[attr-defined]
    sys.modules.update(fakes)
    try:
        parts = _variables(table, tensors)
        averaged = Network(parts[""], synthesis=Network(parts["synthesis/"]), mapping=Network(parts["mapping/"]))
        return pickle.dumps((Network({}), Network({}), averaged), protocol)
    finally:
        for name in fakes:
            del sys.modules[name]


def _settings(table: StyleGAN2Table) -> dict[str, Any]:
    forked = {} if table.base == (4, 4) else {"min_h": table.base[0], "min_w": table.base[1], "res_log2": 2}
    return {
        "latent_size": table.z_dim, "dlatent_size": table.w_dim, "label_size": table.c_dim,
        "resolution": table.resolution, "num_channels": table.image_channels, "mapping_layers": table.mapping_layers,
        "label_fmaps": table.embed_width, "mapping_lrmul": table.mapping_rate, "architecture": table.architecture,
        "nonlinearity": table.activation, "conv_clamp": table.clamp, "use_noise": table.has_noise, "fmap_base": 16,
        "fmap_max": 6, **forked,
    }  # fmt: skip


def _variables(
    table: StyleGAN2Table, tensors: Mapping[str, torch.Tensor]
) -> dict[str, dict[str, np.ndarray[Any, Any]]]:
    own = {name: value.numpy() for name, value in tensors.items()}
    mapping = {}  # type: ignore[var-annotated]
    for i in range(table.mapping_layers):
        mapping |= {f"Dense{i}/weight": own[f"mapping.{i}.weight"].T, f"Dense{i}/bias": own[f"mapping.{i}.bias"]}
    if table.c_dim:
        mapping |= {"LabelEmbed/weight": own["mapping.embed.weight"].T, "LabelEmbed/bias": own["mapping.embed.bias"]}
    synthesis = {f"{table.base[0]}x{table.base[1]}/Const/const": own["const"]}
    for layer in table.layers[1:]:
        block, part = f"{layer.size[0]}x{layer.size[1]}", layer.name.partition(".")[2]
        theirs = f"{block}/" + _NAMES.get(part, "Conv" if layer.resolution == 4 else "Conv1")
        kernel = own[f"{layer.name}.weight"].transpose(2, 3, 1, 0)
        synthesis |= {
            f"{theirs}/weight": kernel[::-1, ::-1] if layer.up == 2 else kernel,
            f"{theirs}/bias": own[f"{layer.name}.bias"],
            f"{theirs}/mod_weight": own[f"{layer.name}.affine.weight"].T,
            f"{theirs}/mod_bias": own[f"{layer.name}.affine.bias"] - 1,
        }
        if layer.noise_index is not None:
            synthesis[f"{theirs}/noise_strength"] = own[f"{layer.name}.noise_strength"]
            synthesis[f"noise{layer.noise_index}"] = own[f"{layer.name}.noise"]
        if layer.residual == "made":
            synthesis[f"{block}/Skip/weight"] = own[f"{layer.name}.residual.weight"].transpose(2, 3, 1, 0)[::-1, ::-1]
    return {"": {"dlatent_avg": own["w_mean"], "lod": np.float32(0) * np.zeros([], np.float32)},
            "mapping/": mapping, "synthesis/": synthesis}  # fmt: skip
