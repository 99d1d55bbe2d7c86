"""Generators in the layouts of other programs, written from tensors of the tests."""

from __future__ import annotations

import argparse
import io
import pathlib
import pickle
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

from fgraph.stylegan.checkpoints.families.rosinality import key_map
from fgraph.stylegan.generators.stylegan3 import StyleGAN3Generator
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from tests.hostile.opcodes import built, call, named, pickled
from tests.network_pickles import Persistent, network, random_tensors, stub_modules
from tests.stylegan3_networks import tiny_stylegan3

Tensors = Mapping[str, torch.Tensor]
TABLE = StyleGAN2Table(channels=((4, 6), (8, 5), (16, 4)), z_dim=8, w_dim=8, mapping_layers=2)


def rosinality(table: StyleGAN2Table, tensors: Tensors) -> dict[str, torch.Tensor]:
    """Return a state dict of rosinality's network, with the constants of its filters."""
    state = {}
    for ours, theirs in key_map(table).items():
        value = tensors[ours]
        if theirs.endswith(".conv.weight"):
            value = value[None]
        elif re.fullmatch(r"to_rgb\w*(\.\d+)?\.bias", theirs):
            value = value.view(1, -1, 1, 1)
        state[theirs] = value.view(1) if theirs.endswith(".noise.weight") else value
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    for j in range(len(table.channels) - 1):
        state[f"convs.{2 * j}.conv.blur.kernel"] = state[f"to_rgbs.{j}.upsample.kernel"] = taps.outer(taps) / 16
    return state


def flat(part: Persistent) -> dict[str, torch.Tensor]:
    """Return the state dict of a module of NVlabs."""
    state: Any = part.meta["state"]
    found = {name: one for kind in ("_parameters", "_buffers") for name, one in state[kind].items() if one is not None}
    for name, child in state["_modules"].items():
        if isinstance(child, Persistent):
            found |= {f"{name}.{key}": one for key, one in flat(child).items()}
    return found


def nvlabs(table: StyleGAN2Table, tensors: Tensors) -> dict[str, torch.Tensor]:
    """Return a state dict of NVlabs' StyleGAN2."""
    return flat(network(table, tensors))


def stylegan3(generator: StyleGAN3Generator) -> dict[str, torch.Tensor]:
    """Return a state dict of NVlabs' StyleGAN3."""
    names = {"w_mean": "mapping.w_avg"}
    for name in generator.tensors:
        if match := re.fullmatch(r"mapping\.(\d+)\.(\w+)", name):
            names[name] = f"mapping.fc{match[1]}.{match[2]}"
        elif not name.startswith("mapping.") and name != "w_mean":
            names[name] = f"synthesis.{name}"
    return {names.get(name, name): value for name, value in generator.tensors.items()}


def renamed(state: Tensors, *rules: tuple[str, str]) -> dict[str, torch.Tensor]:
    """Return the tensors with names that each pattern in turn has changed."""
    found = {}
    for name, value in state.items():
        for pattern, new in rules:
            name = re.sub(pattern, new, name)  # noqa: PLW2901
        found[name] = value
    return found


def mmgeneration(table: StyleGAN2Table, tensors: Tensors) -> dict[str, torch.Tensor]:
    return renamed(
        rosinality(table, tensors),
        (r"^input\.input", "constant_input.input"), (r"^style\.(\d+)\.weight", r"style_mapping.\1.linear.weight_orig"),
        (r"^style\.(\d+)\.bias", r"style_mapping.\1.bias"), (r"\.conv\.weight$", ".conv.weight_orig"),
        (r"modulation\.weight", "style_modulation.linear.weight_orig"), (r"modulation\.bias", "style_modulation.bias"),
        (r"\.noise\.weight", ".noise_injector.weight"), (r"^noises\.noise_", "injected_noise_"),
    )  # fmt: skip


def basicsr(table: StyleGAN2Table, tensors: Tensors) -> dict[str, torch.Tensor]:
    state = {name: one for name, one in rosinality(table, tensors).items() if not name.endswith(".kernel")}
    return renamed(
        state,
        (r"^input\.input", "constant_input.weight"), (r"^style\.", "style_mlp."), (r"\.conv\.", ".modulated_conv."),
        (r"^(conv1|convs\.\d+)\.noise\.weight", r"\1.weight"), (r"^conv", "style_conv"),
        (r"noises\.noise_", "noises.noise"),
    )  # fmt: skip


def genforce(table: StyleGAN2Table, tensors: Tensors) -> dict[str, torch.Tensor]:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    kernel = (taps.outer(taps) / 16)[None, None]
    state = {"synthesis.early_layer.const": tensors["const"], "truncation.w_avg": tensors["w_mean"]}
    for i in range(table.mapping_layers):
        state |= {f"mapping.dense{i}.{part}": tensors[f"mapping.{i}.{part}"] for part in ("weight", "bias")}
    outputs = 0
    for layer in table.layers[1:]:
        name = f"synthesis.layer{layer.noise_index}"
        if layer.kind == "torgb":
            name, outputs = f"synthesis.output{outputs}", outputs + 1
        else:
            for part in ("noise_strength", "noise"):
                state[f"{name}.{part}"] = tensors[f"{layer.name}.{part}"]
        weight = tensors[f"{layer.name}.weight"]
        state[f"{name}.weight"] = weight.flip(2, 3) if layer.up == 2 else weight
        if layer.up == 2:
            state[f"{name}.filter.kernel"] = kernel
        state[f"{name}.bias"] = tensors[f"{layer.name}.bias"]
        state[f"{name}.style.weight"] = tensors[f"{layer.name}.affine.weight"]
        state[f"{name}.style.bias"] = tensors[f"{layer.name}.affine.bias"] - 1
    return state | {"synthesis.upsample.kernel": kernel}


def paddlegan(table: StyleGAN2Table, tensors: Tensors) -> dict[str, Any]:
    def transpose_dense(name: str, value: torch.Tensor) -> Any:
        dense = re.fullmatch(r"style\.\d+\.weight|.*modulation\.weight", name)
        return np.ascontiguousarray(value.T.numpy() if dense else value.numpy())

    return {name: transpose_dense(name, value) for name, value in rosinality(table, tensors).items()}


def prefixed(prefix: str, state: Mapping[str, Any]) -> dict[str, Any]:
    return {prefix + name: value for name, value in state.items()}


def zipped(content: Any, legacy: bool = False) -> bytes:
    buffer = io.BytesIO()
    with stub_modules():
        torch.save(content, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


def layouts() -> dict[str, bytes]:
    """Return a generator with the table `TABLE` in every layout: file name -> contents; each includes the mean of w."""
    tensors = random_tensors(TABLE)
    mean = tensors["w_mean"]
    ros, nv = rosinality(TABLE, tensors), nvlabs(TABLE, tensors)
    zeros = {name: torch.zeros_like(one) for name, one in ros.items()}
    options = {"checkpoint_path": pathlib.PosixPath("/a/b"), "output_size": 16, "device": torch.device("cpu")}
    encoder = {"encoder.input_layer.0.weight": torch.zeros(4, 3, 3, 3)}
    repeated = mean.repeat(TABLE.num_ws, 1)
    e4e = {"state_dict": prefixed("decoder.", ros) | encoder, "opts": options, "latent_avg": repeated}
    whole, mean_of = network(TABLE, tensors), {"latent_avg": mean}
    mm = {"meta": {"mmgen_version": "0.7"}, "state_dict": prefixed("generator_ema.", mmgeneration(TABLE, tensors))}
    return {
        "pti.pt": zipped(whole),
        "pti_dict.pt": zipped({"G_ema": whole}),
        "pti_legacy.pt": zipped(whole, legacy=True),
        "stit.pt": zipped({"generator": whole, "pivots": repeated[None], "quads": [np.zeros((4, 2))]}),
        "nvlabs_bare.pt": zipped(nv),
        "nvlabs_ema.pt": zipped({"G": prefixed("", nv), "G_ema": nv}),
        "nvlabs_module.pt": zipped({"state_dict": prefixed("module.", nv)}),
        "nvlabs_net.pt": zipped({"params_ema": prefixed("netG.", nv)}),
        "rosinality_paths.pt": zipped({"g_ema": ros, "latent_avg": mean, "args": argparse.Namespace(**options)}),
        "rosinality_generator.pt": zipped({"generator": ros, "latent_avg": mean}),
        "rosinality_params.pt": zipped({"params_ema": ros, "params": zeros, "latent_avg": mean}),
        "plain.safetensors": save({f"g_ema.{name}": one.clone().contiguous() for name, one in (ros | mean_of).items()}),
        "e4e.pt": zipped(e4e),
        "e4e_legacy.pt": zipped(e4e, legacy=True),
        "lightning.ckpt": zipped({
            "state_dict": prefixed("generator._orig_mod.", ros), "latent_avg": mean, "hyper_parameters": options,
        }),
        "mmgeneration.pth": zipped({**mm, "latent_avg": mean}),
        "basicsr.pth": zipped({"params_ema": basicsr(TABLE, tensors), "latent_avg": mean}),
        "genforce.pth": zipped({"generator_smooth": genforce(TABLE, tensors), "generator": {}}),
        "paddlegan.pdparams": pickle.dumps({
            "gen_ema": paddlegan(TABLE, tensors), "gen": {}, "latent_avg": mean.numpy(),
        }, protocol=4),
    }  # fmt: skip


def stylegan1() -> bytes:
    """Return a pickle of NVlabs' TensorFlow program for StyleGAN1."""
    return pickled((1, 2, built(call(named("dnnlib.tflib.network", "Network")), {"version": 3})))


def stylegan3_layouts() -> dict[str, bytes]:
    """Return state dicts of a StyleGAN3 generator, T and R: file name -> state dict."""
    t, r = stylegan3(tiny_stylegan3(0)), stylegan3(tiny_stylegan3(0, "r"))
    encoder = {"encoder.input_layer.0.weight": torch.zeros(4, 3, 3, 3), **prefixed("decoder.", r)}
    options = {"exp_dir": pathlib.PosixPath("/a"), "start_from_latent_avg": True}
    return {
        "stylegan3.pt": zipped(t),
        "stylegan3_editing.pt": zipped({"state_dict": encoder, "opts": options, "latent_avg": t["mapping.w_avg"]}),
    }


OTHERS: dict[str, dict[str, Any]] = {
    "lucidrains": {"GAN": {"GE.initial_block": 1, "SE.net.0.weight": 1}, "version": "1.8"},
    "SWAGAN": {"g_ema": {"input.input": 1, "to_rgbs.0.iwt.ll": 1, "to_rgb1.conv.weight": 1}},
    "MobileStyleGAN": {"state_dict": {"student.input.input": 1, "student.to_img1.conv.weight": 1}},
    "GFPGAN": {"params_ema": {"stylegan_decoder.constant_input.weight": 1, "stylegan_decoder.style_conv1.bias": 1}},
    "EG3D": {"G_ema": {"backbone.synthesis.b4.const": 1, "decoder.net.0.weight": 1}},
    "StyleGAN-T": {"G_ema": {"synthesis.b4.input.freqs": 1, "synthesis.b8.conv0.affine.proj.weight": 1}},
    "StyleGAN1": {"generator": {"generator.progression.0.adain1.style.linear.weight_orig": 1}},
    "FastGAN": {"g": {"module.init.init.0.weight_orig": 1}, "d": {}, "g_ema": [torch.zeros(1)]},
}


def other(what: str) -> dict[str, Any]:
    """Return a file of a network that fgraph does not run, recognisable by the names in it."""

    def tensors(value: Any) -> Any:
        return {name: torch.zeros(1) for name in value} if type(value) is dict else value

    return {key: tensors(value) for key, value in OTHERS[what].items()}
