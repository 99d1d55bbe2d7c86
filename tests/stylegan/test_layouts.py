"""Generators in the layouts of other programs: each file holds the same tensors as the original."""

from __future__ import annotations

import pickle
from collections import Counter, defaultdict, deque
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from fgraph._errors import ModelError
from fgraph.stylegan import convert, inspect
from fgraph.stylegan.checkpoints.discriminator_file import load_discriminator
from fgraph.stylegan.checkpoints.families.stylegan3_names import sampling_rates
from fgraph.stylegan.checkpoints.header import read_header
from fgraph.stylegan.loading import load_generator, load_stylegan2
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from tests.layouts import (
    OTHERS,
    TABLE,
    flat,
    layouts,
    mmgeneration,
    nvlabs,
    other,
    paddlegan,
    prefixed,
    rosinality,
    stylegan1,
    stylegan3,
    zipped,
)
from tests.network_pickles import Persistent, dumps, network, random_generator, random_tensors
from tests.stylegan3_networks import Kind, tiny_stylegan3

FILES = layouts()


def write(path: Path, content: Any) -> Path:
    path.write_bytes(content if type(content) is bytes else zipped(content))
    return path


@pytest.mark.parametrize("name", FILES)
def test_every_layout_holds_the_generator(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    original, found = random_generator(TABLE), load_stylegan2(path)
    assert replace(read_header(path).table, clamp=None) == TABLE  # type: ignore[type-var]
    assert found.tensors.keys() == original.tensors.keys()
    for key, value in original.tensors.items():
        if name == "genforce.pth" and key.endswith("affine.bias"):  # stored without its 1, which rounds twice
            torch.testing.assert_close(
                found.tensors[key], value, rtol=0, atol=2 * 2**-24 * (1 + float(value.abs().max()))
            )
        else:
            assert torch.equal(found.tensors[key], value), key


@pytest.mark.parametrize("kind", ["t", "r"])
@pytest.mark.parametrize("classes", [0, 3])
def test_flat_state_dicts_of_stylegan3(kind: Kind, classes: int, tmp_path: Path) -> None:
    original = tiny_stylegan3(0, kind, classes)
    state = stylegan3(original)
    path = write(tmp_path / "flat.pt", {"state_dict": prefixed("decoder.", state), "opts": {"a": Path("/x")}})
    found = load_generator(path)
    assert found.table == original.table
    assert found.tensors.keys() == original.tensors.keys()
    assert all(torch.equal(found.tensors[name], value) for name, value in original.tensors.items())
    assert "sampling rates and paddings follow from the sizes of the layers" in "; ".join(inspect(path).notes)


def test_the_published_design_of_1024_pixels() -> None:
    """The sizes in the names of the layers of stylegan3-t-ffhq-1024x1024, and the sampling rates in its pickle."""
    sizes = [36, 36, 52, 52, 84, 148, 148, 276, 276, 532, 1044, 1044, 1044, 1024, 1024]
    rates = [16, 16, 32, 32, 64, 128, 128, 256, 256, 512, 1024, 1024, 1024, 1024, 1024]
    assert sampling_rates(sizes, "file") == (rates, 20)


def test_sizes_of_one_rate_start_at_sixteen() -> None:
    """The first stem of StyleGAN-XL, of 16 pixels."""
    assert sampling_rates([36, 36, 36, 16, 16], "file") == ([16] * 5, 20)


def test_a_flat_stylegan3_without_its_transform(tmp_path: Path) -> None:
    state = stylegan3(tiny_stylegan3(0))
    del state["synthesis.input.transform"]
    assert torch.equal(load_generator(write(tmp_path / "flat.pt", state)).tensors["input.transform"], torch.eye(3))


def test_a_flat_stylegan3_of_another_design(tmp_path: Path) -> None:
    state = {name.replace("L1_40_", "L1_44_"): one for name, one in stylegan3(tiny_stylegan3(0)).items()}
    with pytest.raises(
        ModelError, match="are not sampling rates and a margin, as in the design of StyleGAN3 for 32 pixels"
    ):
        read_header(write(tmp_path / "flat.pt", state))


@pytest.mark.parametrize(
    "table",
    [
        StyleGAN2Table(((4, 3), (8, 2)), 4, 5, 3, c_dim=6, embed_width=5),
        StyleGAN2Table(((4, 3), (8, 2)), 4, 5, 2, architecture="resnet", mapping_widths=(7, 5)),
        StyleGAN2Table(((4, 3), (8, 2), (16, 2)), 4, 5, 1, architecture="orig", image_channels=4),
        StyleGAN2Table(((4, 3), (8, 2)), 4, 5, 1, has_noise=False),
    ],
)
def test_flat_state_dicts_imply_their_architecture(table: StyleGAN2Table, tmp_path: Path) -> None:
    tensors = random_tensors(table)
    found = load_stylegan2(write(tmp_path / "flat.pt", nvlabs(table, tensors)))
    assert found.table == replace(table, clamp=256.0)
    assert found.tensors.keys() == tensors.keys()
    notes = "; ".join(inspect(tmp_path / "flat.pt").notes)
    for assumed in ("clamped to +-256", "leaky ReLU", "learning-rate multiplier 0.01"):
        assert assumed in notes


def test_assumptions_are_logged_when_the_model_is_loaded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "flat.pt", FILES["nvlabs_bare.pt"])
    load_stylegan2(path)
    assert "fgraph assumes: outputs of layers are clamped to +-256" in caplog.text
    caplog.clear()
    convert(path, tmp_path / "own.safetensors")
    caplog.clear()
    load_stylegan2(tmp_path / "own.safetensors")
    assert "assumes" not in caplog.text


def test_plain_safetensors(tmp_path: Path) -> None:
    original = random_generator(TABLE)
    for name, state in {"ros": rosinality(TABLE, original.tensors), "nv": nvlabs(TABLE, original.tensors)}.items():
        path = tmp_path / f"{name}.safetensors"
        save_file({f"g_ema.{key}": one.clone().contiguous() for key, one in state.items()}, path, {"format": "pt"})
        assert torch.equal(load_stylegan2(path).const(), original.const())


def test_a_training_of_mmgeneration_is_in_bgr(tmp_path: Path) -> None:
    original = random_generator(TABLE)
    state = prefixed("generator_ema.", mmgeneration(TABLE, original.tensors))
    found = load_stylegan2(write(tmp_path / "own.pth", {"meta": {"iter": 800}, "state_dict": state}))
    for name in ("b4.torgb.weight", "b16.torgb.bias"):
        assert torch.equal(found.tensors[name], original.tensors[name].flip(0))
    assert "it was trained in BGR" in "; ".join(inspect(tmp_path / "own.pth").notes)


LOADING = (
    "train_pipeline = [\n    dict(type='LoadImageFromFile'{loaded}),\n    dict(type='Normalize', to_rgb={to_rgb})\n]\n"
)
TESTING = "val_pipeline = [dict(type='Normalize', to_rgb=True)]\n"


@pytest.mark.parametrize(
    ("key", "text", "order"),
    [
        ("config", LOADING.format(loaded="", to_rgb=False) + TESTING, "BGR"),
        ("config", LOADING.format(loaded="", to_rgb=True), "RGB"),
        ("config", LOADING.format(loaded=", channel_order='rgb'", to_rgb=False), "RGB"),
        ("config", LOADING.format(loaded=", channel_order='rgb'", to_rgb=True), "BGR"),
        (
            "cfg",
            "data_preprocessor = dict(output_channel_order='RGB')\n" + LOADING.format(loaded="", to_rgb=False),
            "RGB",
        ),
    ],
)
def test_the_configuration_of_a_training_decides_the_order_of_colours(
    key: str, text: str, order: str, tmp_path: Path
) -> None:
    original = random_generator(TABLE)
    state = prefixed("generator_ema.", mmgeneration(TABLE, original.tensors))
    path = write(tmp_path / "own.pth", {"meta": {"iter": 800, key: text}, "state_dict": state})
    found, stored = load_stylegan2(path).tensors["b16.torgb.weight"], original.tensors["b16.torgb.weight"]
    assert torch.equal(found, stored.flip(0) if order == "BGR" else stored)
    assert not any("fgraph assumes" in note for note in inspect(path).notes)


def test_arrays_of_numpy_with_dense_weights_as_in_torch(tmp_path: Path) -> None:
    """The layers of 6, 5 and 4 channels read w of 8 numbers, so the shapes show how dense weights are stored."""
    original = random_generator(TABLE)
    state = {name: one.numpy() for name, one in rosinality(TABLE, original.tensors).items()}
    found = load_stylegan2(write(tmp_path / "arrays.pkl", pickle.dumps(state)))
    assert torch.equal(found.tensors["mapping.0.weight"], original.tensors["mapping.0.weight"])


def test_arrays_with_square_dense_weights_are_read_as_paddlegan(tmp_path: Path) -> None:
    table = StyleGAN2Table(channels=((4, 4), (8, 4)), z_dim=4, w_dim=4, mapping_layers=1)
    original = random_generator(table)
    pairs = {name: ("linear_0", one) for name, one in paddlegan(table, original.tensors).items()}
    path = write(tmp_path / "pairs.pdparams", pickle.dumps({name: AsPair(one) for name, one in pairs.items()}))
    found = load_stylegan2(path)
    assert torch.equal(found.tensors["mapping.0.weight"], original.tensors["mapping.0.weight"])
    assert "dense weights are [in, out], as PaddleGAN stores them" in "; ".join(inspect(path).notes)


class AsPair:
    """Pickled like a tensor of paddle: a call of `tuple` on a name and an array."""

    def __init__(self, pair: tuple[str, np.ndarray]) -> None:
        self.pair = pair

    def __reduce__(self) -> Any:
        return tuple, (self.pair,)


def test_a_stored_mean_with_differing_rows_is_averaged(tmp_path: Path) -> None:
    original = random_generator(TABLE)
    rows = torch.randn(TABLE.num_ws, TABLE.w_dim, generator=torch.Generator().manual_seed(0))
    state = {"state_dict": prefixed("decoder.", rosinality(TABLE, original.tensors)), "latent_avg": rows}
    assert torch.equal(load_stylegan2(write(tmp_path / "rows.pt", state)).w_mean, rows.double().mean(0).float())


class Exotic(torch.nn.Module):
    """A class that fgraph does not know, with parts, buffers and attributes of other such classes."""

    def __init__(self) -> None:
        super().__init__()
        self.features = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), torch.nn.Embedding(3, 2))
        self.settings = {"path": Path("/a"), "kind": Kinds.ONE, "size": torch.Size([1]), "counts": Counter("ab")}
        self.keys = {(1, "a"): 1, (2, "b"): 2, Kinds.ONE: 3, None: 4, -1: 5, 0.5: 6, 2**47: 7, b"raw": 8}
        self.arrays = [
            np.str_("a"),
            np.complex64(1),
            np.zeros(2, complex),
            np.array(["a"]),
            np.array([None]),
            np.dtype("U3"),
        ]
        self.groups = [frozenset({1, 2}), WithNames(1, rate=2), defaultdict(list, a=[1]), deque([1, 2])]
        self.loop = (self.groups,)
        self.groups.append(self.loop)


class WithNames:
    """Pickled by its arguments, some of which are keywords."""

    def __new__(cls, *arguments: int, **named: int) -> Self:
        made = super().__new__(cls)
        made.arguments, made.named = arguments, named  # type: ignore[attr-defined]
        return made

    def __getnewargs_ex__(self) -> tuple[Any, Any]:
        return (1,), {"rate": 2}


class Kinds(Enum):
    ONE = 1


def test_unknown_classes_beside_the_generator(tmp_path: Path) -> None:
    tensors = random_tensors(TABLE)
    content = {"G_ema": network(TABLE, tensors), "D": Exotic(), "training_set_kwargs": {"path": Path("/b")}}
    files = {f"{protocol}.pkl": dumps(content, protocol) for protocol in (2, 3, 4, 5)}
    files |= {"zip.pt": zipped(content), "legacy.pt": zipped(content, legacy=True)}
    for name, data in files.items():
        found = load_stylegan2(write(tmp_path / name, data))
        assert all(torch.equal(found.tensors[name], value) for name, value in tensors.items())


def test_other_contents_of_a_file_are_reported(tmp_path: Path) -> None:
    for name, contents in {"stit.pt": "codes (pivots), corners of crops (quads)", "e4e.pt": "an encoder"}.items():
        assert f"the file also holds {contents}" in inspect(write(tmp_path / name, FILES[name])).notes


def test_a_whole_module_of_an_unknown_class(tmp_path: Path) -> None:
    """`torch.save(g_ema)` of rosinality's program: a tree of modules whose tensors have its names."""
    original = random_generator(TABLE)
    whole = as_modules(rosinality(TABLE, original.tensors))
    for data in (zipped(whole), zipped({"g_ema": whole}), zipped(whole, legacy=True)):
        found = load_stylegan2(write(tmp_path / "whole.pt", data))
        assert torch.equal(found.tensors["b16.conv1.weight"], original.tensors["b16.conv1.weight"])


def as_modules(state: dict[str, torch.Tensor]) -> torch.nn.Module:
    """Return a tree of modules with this state dict."""
    root = torch.nn.Module()
    for name, value in state.items():
        *path, last = name.split(".")
        part = root
        for one in path:
            if one not in part._modules:
                part.add_module(one, torch.nn.Module())
            part = part.get_submodule(one)
        part.register_buffer(last, value)
    return root


PARTS = [
    ("synthesis", "b8", "conv1", "_parameters", "weight"), ("synthesis", "b8", "_modules", "conv1"),
    ("mapping", "_modules", "fc0"), ("mapping", "_buffers", "w_avg"),
    ("synthesis", "b4", "_buffers", "resample_filter"),
]  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_unknown_classes_inside_the_generator_are_refused(part: tuple[str, ...], tmp_path: Path) -> None:
    generator = network(TABLE, random_tensors(TABLE))
    *names, kind, last = part
    place: Any = generator.meta["state"]
    for name in names:
        place = place["_modules"][name].meta["state"]
    place[kind][last] = Exotic()
    path = write(tmp_path / "odd.pt", {"G_ema": generator})
    with pytest.raises(
        ModelError, match=rf"has a stand-in for '[\w.]*Exotic' as '{last}', whose class fgraph does not"
    ):
        load_stylegan2(path)


@pytest.mark.parametrize("what", OTHERS)
def test_other_networks_are_named(what: str, tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=rf"is an? (generator of )?'?\w*'?.*{what}.*fgraph runs StyleGAN2 and StyleGAN3: "
    ) as caught:
        read_header(write(tmp_path / "other.pt", other(what)))
    assert "\n" not in str(caught.value)


def test_an_eg3d_that_was_saved_whole_is_named(tmp_path: Path) -> None:
    whole = Persistent("TriPlaneGenerator", {"_modules": {"backbone": network(TABLE, random_tensors(TABLE))}})
    with pytest.raises(ModelError, match="is an EG3D, which renders a volume"):
        read_header(write(tmp_path / "eg3d.pkl", dumps({"G_ema": whole})))


def test_a_stylegan1_of_tensorflow_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is a StyleGAN1 or a progressive GAN \(its network is of version 3, "):
        read_header(write(tmp_path / "old.pkl", stylegan1()))


def test_a_changed_network_is_refused(tmp_path: Path) -> None:
    state = nvlabs(TABLE, random_tensors(TABLE))
    state["synthesis.b8.attention.weight"] = torch.zeros(2)
    with pytest.raises(
        ModelError, match=r"holds synthesis\.b8\.attention\.weight, unknown in a generator of 16 pixels"
    ):
        read_header(write(tmp_path / "changed.pt", state))


def test_pivotal_tuning_by_the_advice_of_messages(tmp_path: Path) -> None:
    """A network saved whole and its state dict are both read, as equal generators."""
    whole = network(TABLE, random_tensors(TABLE))
    one = load_stylegan2(write(tmp_path / "tuned.pt", whole))
    other = load_stylegan2(write(tmp_path / "state.pt", flat(whole)))
    assert one.digest == other.digest


@pytest.mark.parametrize("layout", ["rosinality", "nvlabs"])
def test_bfloat16_with_its_filters(layout: str, tmp_path: Path) -> None:
    """The taps [1, 3, 3, 1] and their products are exact in bfloat16."""
    tensors = {name: one.bfloat16() for name, one in random_tensors(TABLE).items()}
    if layout == "nvlabs":
        path = write(tmp_path / "half.pkl", dumps({"G_ema": halved(network(TABLE, tensors))}))
    else:
        state = {name: one.bfloat16() for name, one in rosinality(TABLE, tensors).items()}
        path = write(tmp_path / "half.pt", {"g_ema": state, "latent_avg": tensors["w_mean"]})
    assert inspect(path).types == ("bfloat16",)
    found = load_stylegan2(path)
    assert all(torch.equal(found.tensors[name], value.float()) for name, value in tensors.items())


def halved(part: Persistent) -> Persistent:
    """Return the same module with its buffers in bfloat16."""
    state: Any = part.meta["state"]
    state["_buffers"] = {name: one.bfloat16() for name, one in state["_buffers"].items()}
    for child in state["_modules"].values():
        halved(child)
    return part


def test_a_discriminator_of_an_unknown_class(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no discriminator"):
        load_discriminator(write(tmp_path / "odd.pt", {"G_ema": network(TABLE, random_tensors(TABLE)), "D": Exotic()}))
