"""Pickles in the layout of NVlabs' programs, written from tensors of the tests, without NVlabs' modules."""

from __future__ import annotations

import io
import pickle
import sys
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.tables.base import Table
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan2_tensors import required_shapes

TRAP = "raise RuntimeError('the source in a pickle was run')\n"


def random_tensors(table: StyleGAN2Table, seed: int = 0) -> dict[str, torch.Tensor]:
    """Return tensors of this table, none with a trivial value."""
    draw = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in required_shapes(table).items():
        value = torch.randn(shape, generator=draw)
        if name.startswith("mapping.") and "embed" not in name:
            value /= table.mapping_rate
        scale = 0.3 if name.endswith(("bias", "strength")) else 1.0
        tensors[name] = scale * value + name.endswith("affine.bias")
    for layer in table.layers:
        if layer.noise_index is not None:
            tensors[f"{layer.name}.noise"] = torch.randn(1, 1, *layer.size, generator=draw)
    tensors["w_mean"] = 0.3 * torch.randn(table.w_dim, generator=draw)
    return tensors


def random_generator(table: StyleGAN2Table, seed: int = 0) -> StyleGAN2Generator:
    return StyleGAN2Generator.from_tensors(table, random_tensors(table, seed))


class Persistent:
    """A module that is pickled as NVlabs' `torch_utils.persistence` pickles it."""

    def __init__(self, class_name: str, state: dict[str, Any]) -> None:
        self.meta = {
            "type": "class",
            "version": 6,
            "module_src": TRAP,
            "class_name": class_name,
            "state": {"training": False, "_parameters": {}, "_buffers": {}, "_modules": {}, **state},
        }

    def __reduce__(self) -> Any:
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (self.meta,), None


@contextmanager
def stub_modules() -> Iterator[None]:
    """Register stand-ins for NVlabs' modules in the block, because pickling looks functions up by name."""

    def _reconstruct_persistent_obj(meta: Any) -> Any:
        raise AssertionError("a pickle was loaded by running it")

    persistence = types.ModuleType("torch_utils.persistence")
    _reconstruct_persistent_obj.__module__ = "torch_utils.persistence"
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    persistence._reconstruct_persistent_obj = _reconstruct_persistent_obj  # type: ignore[attr-defined]
    fakes = {"torch_utils": types.ModuleType("torch_utils"), "torch_utils.persistence": persistence}
    sys.modules.update(fakes)
    try:
        yield
    finally:
        for name in fakes:
            del sys.modules[name]


class _Pickler(pickle._Pickler):
    """A pickler that writes tensors as torch did for its own pickles, regardless of the installed version."""

    def reducer_override(self, value: Any) -> Any:
        if type(value) is torch.Tensor:
            storage = value.untyped_storage()
            whole = torch.empty(0, dtype=value.dtype).set_(storage, 0, (storage.nbytes() // value.element_size(),))  # type: ignore[call-overload]
            load = (torch.storage._load_from_bytes, (legacy_storage(whole),))
            place = (value.storage_offset(), tuple(value.shape), value.stride(), False, {})  # type: ignore[var-annotated]
            return torch._utils._rebuild_tensor_v2, (_Reduced(load), *place)
        return NotImplemented


class _Reduced:
    def __init__(self, call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call


def legacy_storage(flat: torch.Tensor) -> bytes:
    """Return a storage as a legacy `torch.save` stream."""
    buffer = io.BytesIO()
    storage = torch.storage.TypedStorage(wrap_storage=flat.untyped_storage(), dtype=flat.dtype, _internal=True)
    torch.save(storage, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


def dumps(content: Any, protocol: int = 4) -> bytes:
    buffer = io.BytesIO()
    with stub_modules():
        _Pickler(buffer, protocol).dump(content)
    return buffer.getvalue()


def network(table: StyleGAN2Table, tensors: Mapping[str, torch.Tensor]) -> Persistent:
    """Return a whole generator."""
    synthesis = {f"b{resolution}": _block(table, tensors, resolution) for resolution, _ in table.channels}
    whole = {
        "mapping": mapping_module(table, tensors),
        "synthesis": Persistent("SynthesisNetwork", {
            "block_resolutions": [resolution for resolution, _ in table.channels], "_modules": synthesis,
        }),
    }  # fmt: skip
    names = {"z_dim": table.z_dim, "c_dim": table.c_dim, "w_dim": table.w_dim, "img_resolution": table.resolution}
    return Persistent("Generator", {**names, "num_ws": table.num_ws, "_modules": whole})


def _dense(weight: torch.Tensor, bias: torch.Tensor, activation: str, rate: float) -> Persistent:
    gains = {"weight_gain": np.float64(rate / np.sqrt(weight.shape[1])), "bias_gain": rate}
    state = {"_parameters": {"weight": weight, "bias": bias}, "activation": activation, **gains}
    return Persistent("FullyConnectedLayer", state)


def mapping_module(table: Table, tensors: Mapping[str, torch.Tensor]) -> Persistent:
    """Return a mapping network."""
    parts = {}
    for i in range(table.mapping_layers):
        pair = tensors[f"mapping.{i}.weight"], tensors[f"mapping.{i}.bias"]
        parts[f"fc{i}"] = _dense(*pair, table.mapping_activation, table.mapping_rate)
    if "mapping.embed.weight" in tensors:
        parts["embed"] = _dense(tensors["mapping.embed.weight"], tensors["mapping.embed.bias"], "linear", 1)
    mean = {"w_avg": tensors["w_mean"]} if "w_mean" in tensors else {}
    return Persistent("MappingNetwork", {"_modules": parts, "_buffers": mean})


def _block(table: StyleGAN2Table, tensors: Mapping[str, torch.Tensor], resolution: int) -> Persistent:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    state: dict[str, Any] = {"architecture": table.architecture, "_buffers": {"resample_filter": taps.outer(taps) / 64}}
    state["_parameters"] = {"const": tensors["const"][0]} if resolution == 4 else {}
    parts = {}
    for layer in table.layers[1:]:
        if layer.resolution != resolution:
            continue
        part = {"_parameters": {"weight": tensors[f"{layer.name}.weight"], "bias": tensors[f"{layer.name}.bias"]}}
        pair = tensors[f"{layer.name}.affine.weight"], tensors[f"{layer.name}.affine.bias"]
        state_of: dict[str, Any] = {
            **part,
            "conv_clamp": table.clamp,
            "_modules": {"affine": _dense(*pair, "linear", 1)},
        }
        if layer.kind == "conv":
            state_of["activation"] = table.activation
        if layer.noise_index is not None:
            part["_parameters"]["noise_strength"] = tensors[f"{layer.name}.noise_strength"]
            state_of["_buffers"] = {"noise_const": tensors[f"{layer.name}.noise"][0, 0]}
        if layer.residual == "made":
            skip = {"weight": tensors[f"{layer.name}.residual.weight"], "bias": None}
            parts["skip"] = Persistent("Conv2dLayer", {"_parameters": skip})
        kind = "ToRGBLayer" if layer.kind == "torgb" else "SynthesisLayer"
        parts[layer.name.partition(".")[2]] = Persistent(kind, state_of)
    return Persistent("SynthesisBlock", {**state, "_modules": parts})


def checkpoint(table: StyleGAN2Table, tensors: Mapping[str, torch.Tensor], protocol: int = 4) -> bytes:
    """Return the bytes of a whole `.pkl`."""
    content = {"G": None, "D": None, "G_ema": network(table, tensors), "training_set_kwargs": None}
    return dumps(content, protocol)
