"""Small whole files of every kind that is read, to be damaged."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from fgraph.stylegan.checkpoints.encoder_file import save_encoder
from fgraph.stylegan.checkpoints.families.rosinality import key_map
from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.training.encoder_settings import EncoderSettings
from fgraph.training.encoder_snapshot import write_encoder_snapshot
from fgraph.training.encoder_state import begin_encoder
from tests import layouts, stylegan3_pickles, tensorflow_pickles
from tests.encoder_networks import checkpoint as checkpoint_of_encoder
from tests.network_pickles import checkpoint, network, random_generator, random_tensors
from tests.shaped_layouts import shaped_layouts
from tests.stylegan3_networks import tiny_stylegan3

TABLE = StyleGAN2Table(channels=((4, 3), (8, 2)), z_dim=4, w_dim=4, mapping_layers=1)


@pytest.fixture(scope="package")
def good(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Whole files by their names."""
    return write_good(tmp_path_factory.mktemp("good"))


def write_good(folder: Path) -> dict[str, bytes]:
    """Write a whole file of every kind into a folder."""
    tensors = random_tensors(TABLE)
    save_generator(random_generator(TABLE), folder / "own.safetensors")
    state = {"g_ema": {theirs: tensors[ours] for ours, theirs in key_map(TABLE).items()}, "latent_avg": torch.zeros(4)}
    for name, value in state["g_ema"].items():  # type: ignore[attr-defined]
        if name.endswith(".conv.weight"):
            state["g_ema"][name] = value[None]  # type: ignore[index]
    torch.save(state, folder / "zip.pt")
    torch.save(state, folder / "legacy.pt", _use_new_zipfile_serialization=False)
    (folder / "network.pkl").write_bytes(checkpoint(TABLE, tensors))
    (folder / "old_network.pkl").write_bytes(checkpoint(TABLE, tensors, protocol=2))
    (folder / "tensorflow.pkl").write_bytes(tensorflow_pickles.checkpoint(TABLE, tensors))
    plain = tiny_stylegan3(0)
    (folder / "stylegan3.pkl").write_bytes(stylegan3_pickles.checkpoint(plain.table, plain.tensors))
    shaped = shaped_layouts()
    for name in ("human_stylegan3.pkl", "init_res.pkl", "stylegan_xl.pkl"):
        (folder / name).write_bytes(shaped[name])
    save_generator(tiny_stylegan3(0), folder / "stylegan3.safetensors")
    _write_layouts(folder, tensors)
    _write_encoders(folder)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _write_layouts(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Write files of other programs: whole networks, flat state dicts, arrays, unknown classes."""
    whole, ros = network(TABLE, tensors), layouts.rosinality(TABLE, tensors)
    beside = {"opts": {"path": Path("/a")}, "latent_avg": tensors["w_mean"].repeat(TABLE.num_ws, 1)}
    contents = {
        "whole.pt": {"G_ema": whole, "D": torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Embedding(2, 1))},
        "flat.pt": {"state_dict": layouts.prefixed("module.", layouts.nvlabs(TABLE, tensors))},
        "flat_stylegan3.pt": layouts.stylegan3(tiny_stylegan3(0)),
        "encoder.ckpt": {"state_dict": layouts.prefixed("decoder.", ros), **beside},
        "genforce.pth": {"generator_smooth": layouts.genforce(TABLE, tensors)},
    }
    for name, content in contents.items():
        (folder / name).write_bytes(layouts.zipped(content))
    arrays = {"gen_ema": layouts.paddlegan(TABLE, tensors)}
    (folder / "arrays.pdparams").write_bytes(pickle.dumps(arrays, protocol=4))
    save_file({name: one.clone().contiguous() for name, one in ros.items()}, folder / "plain.safetensors")


def _write_encoders(folder: Path) -> None:
    """Write an encoder of mode=train-encoder, a snapshot of its training, and a published encoder with few channels."""
    settings = EncoderSettings.model_construct(
        mode="train-encoder", model="own", target=folder, seed=0, size=8, channels={4: 2, 8: 2}, iterations=1
    )
    state = begin_encoder(settings, random_generator(TABLE))
    write_encoder_snapshot(state, folder / "encoder_snapshot.safetensors")
    save_encoder(state.encoder(), folder / "encoder.safetensors", {"model": "own"})
    checkpoint_of_encoder(folder / "psp.pt", "psp_w", dataset_type="ffhq_encode")
