"""Directions in StyleSpace: channels, named edits, and global directions of texts."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import fgraph
from fgraph.array_files.named_edits import SOURCES, NamedEdit, published_edits
from fgraph.stylegan.checkpoints.header import read_header
from fgraph.stylegan.measured.channel_effects import channel_amounts, effects_of, text_vector
from fgraph.stylegan.tables.base import Table
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from nodes.named_direction import _styles
from nodes.style_direction import channel_row
from tests.networks import tiny
from tests.rounding import assert_rounded
from tests.strategies import load

pytestmark = pytest.mark.numeric

TABLE = tiny(0).table
CODE = {"code": {"op": "sample", "seed": 3}, "styles": {"op": "lerp", "a": "code", "b": "code", "space": "s"}}
CONVS = [layer for layer in TABLE.layers[1:] if layer.kind == "conv"]


def run(**node: Any) -> tuple[np.ndarray, Any]:
    nodes = {**CODE, "moved": {"op": "direction", "of": "code", **node}}
    result = fgraph.run(load({"nodes": nodes, "outputs": ["styles", "moved"]}), device="cpu")
    return result["styles"].array, result["moved"]


def faults(**node: Any) -> dict[str, str]:
    nodes = {**CODE, "moved": {"op": "direction", "of": "code", **node}}
    found = fgraph.check({"models": {"main": tiny(0)}, "nodes": nodes, "outputs": ["moved"]})
    return {fault.where: fault.message for fault in found}


# -- channels


def test_a_channel_moves_by_its_standard_deviation() -> None:
    deviations = tiny(0).style_statistics()[1].numpy()
    styles, moved = run(kind="channel", channels=[["b8.conv1", 2], [0, 1, -0.5]], strength=[2, -3])
    assert moved.space == "s"
    way = np.zeros(TABLE.style_length, np.float32)
    way[TABLE.at(3).style_start + 2], way[TABLE.at(0).style_start + 1] = 1, -0.5
    assert_rounded(moved.array, styles + np.array([[2], [-3]], np.float32) * way * deviations, 8)
    _, plain = run(kind="channel", channels=["b8.conv1", 2], unit="length", strength=2)
    assert_rounded(plain.array, styles + 2 * channel_row([("b8.conv1", 2, 1.0)], TABLE).array, 8)


def test_channels_of_several_nodes_are_one_batch() -> None:
    ways = {
        f"m{number}": {"op": "direction", "kind": "channel", "of": "code", "channels": [0, number]}
        for number in range(4)
    }
    images = {f"i{number}": {"op": "decode", "of": f"m{number}"} for number in range(4)}
    few, many = (
        fgraph.compile(load({"nodes": {**CODE, **ways, **images}, "outputs": [*images][:count]}), device="cpu")
        for count in (1, 4)
    )
    assert many.cost.layer_calls == few.cost.layer_calls


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        ([["b8", 0]], "a channel belongs to one layer, and b8 has several: name one of b8.conv0, b8.conv1, b8.torgb"),
        ([["b8.conv1", 99]], "b8.conv1 has no channel 99: its style has 5, from 0"),
        ([["b99", 0]], "has no layer 'b99'"),
    ],
)
def test_channels_that_do_not_exist(channels: Any, message: str) -> None:
    found = faults(kind="channel", channels=channels)
    assert message in found["nodes.moved.channels"]


# -- named edits


def test_the_published_edits_fit_their_models() -> None:
    edits = published_edits()
    assert len(edits) == 131
    tables: dict[int, Table] = {size: _config_f(size) for size in (256, 512, 1024)}
    tables |= {64: read_header("avatar").table, 128: read_header("landscape128").table}
    assert tables[1024].style_length == 9088
    for name, edit in edits.items():
        assert edit.source in SOURCES
        assert bool(edit.channels) != (edit.component is not None), name
        assert edit.size is not None
        if edit.channels:
            assert channel_row(edit.channels, tables[edit.size]).array.sum() == sum(
                weight for *_, weight in edit.channels
            )
        else:
            assert edit.rows is not None
            assert 0 <= int(edit.rows.split("..")[1]) < tables[edit.size].num_ws, name
    assert sum(edit.source == "GANSpace" for edit in edits.values()) == 80
    styles = _styles(edits["smile"], tables[1024]).array
    assert np.flatnonzero(styles).tolist() == [tables[1024].at(6).style_start + 501]
    assert edits["smile"].channels == ((6, 501, 1.0),)
    assert tables[1024].at(6).name == "b16.conv1"
    assert edits["ganspace.ffhq.big_smile"] == NamedEdit(
        "ganspace.ffhq.big_smile", "StyleGAN2, FFHQ", 1024, "GANSpace", (), 19, "4..4", 10.0
    )


def _config_f(size: int) -> StyleGAN2Table:
    widths = tuple((4 << i, min(32768 // (4 << i), 512)) for i in range(size.bit_length() - 2))
    return StyleGAN2Table(channels=widths, z_dim=512, w_dim=512, mapping_layers=8)


def components(tmp_path: Path) -> tuple[str, dict[str, np.ndarray]]:
    draw = np.random.RandomState(5)
    held = {"comp": np.linalg.qr(draw.randn(8, 8))[0].astype(np.float32)[:, None],
            "std": np.linspace(3, 1, 8).astype(np.float32), "mean": draw.randn(1, 8).astype(np.float32)}  # fmt: skip
    path = tmp_path / "pca.pt"
    torch.save({name: torch.from_numpy(one) for name, one in held.items()}, path)
    return str(path), held


def test_an_edit_of_ganspace_moves_along_its_component(tmp_path: Path) -> None:
    path, held = components(tmp_path)
    styles, moved = run(kind="named", name="ganspace.car.side_to_front", file=path)
    code = fgraph.run(load({"nodes": CODE | {"w": {"op": "lerp", "a": "code", "b": "code"}}, "outputs": ["w"]}))[
        "w"
    ].array
    expected = np.repeat(code[:, None], TABLE.num_ws, axis=1)
    expected[:, :5] += -2 * held["std"][1] * held["comp"][1]
    assert_rounded(moved.array, expected, 8)
    assert len(styles) == 1


def test_a_table_of_edits_sets_coordinates(tmp_path: Path) -> None:
    path, _ = components(tmp_path)
    table = tmp_path / "ganspace_configs.csv"
    table.write_text("bald\t2\t1\t3\t20\r\nbig_smile\t1\t0\t6\t10\r\n")
    _, moved = run(kind="named", name="bald", file=path, edits=str(table))
    _, given = run(kind="file", file=path, component=2, rows="1..2", how="set", strength=20)
    assert_rounded(moved.array, given.array, 0)
    _, weaker = run(kind="named", name="big_smile", file=path, edits=str(table), strength=3)
    _, given = run(kind="file", file=path, component=1, how="set", strength=3)
    assert_rounded(weaker.array, given.array, 0)


def test_a_direction_of_a_bundled_model_is_for_that_model() -> None:
    graph = {"models": {"main": "avatar"}, "outputs": ["moved"], "nodes": {
        "code": {"op": "sample"}, "moved": {"op": "direction", "kind": "named", "name": "toon.dark_hair", "of": "code"},
    }}  # fmt: skip
    (fault,) = fgraph.check(graph)
    assert fault.where == "nodes.moved.name"
    assert "was measured on toon; this model is avatar" in fault.message
    assert "was measured on toon" in faults(kind="named", name="toon.dark_hair")["nodes.moved.name"]
    assert not fgraph.check({**graph, "models": {"main": "toon"}})


def test_named_edits_that_do_not_fit(tmp_path: Path) -> None:
    assert "there is no edit 'smil': did you mean 'smile'?" in faults(kind="named", name="smil")["nodes.moved.name"]
    assert (
        "channels of StyleGAN2 config-f, FFHQ at 1024 pixels" in faults(kind="named", name="smile")["nodes.moved.name"]
    )
    found = faults(kind="named", name="ganspace.car.autumn")
    assert "component 50 of GANSpace, for StyleGAN2, LSUN car: give file" in found["nodes.moved.file"]
    path, _ = components(tmp_path)
    assert "leave file out" in faults(kind="named", name="smile", file=path)["nodes.moved.file"]
    assert "there are 8, from 0" in faults(kind="named", name="ganspace.car.autumn", file=path)["nodes.moved.file"]
    assert (
        "the first StyleGAN" in faults(kind="named", name="ganspace.bedrooms.bed_pose", file=path)["nodes.moved.name"]
    )
    (tmp_path / "edits.csv").write_text("bald 2 1 3 20\n")
    found = faults(kind="named", name="bald", file=path, edits=str(tmp_path / "edits.csv"))
    assert "a line has 1 fields instead of 5" in found["nodes.moved.edits"]


# -- texts


def styleclip(effects: np.ndarray, texts: Iterable[np.ndarray], beta: float) -> np.ndarray:
    """Return the boundary of StyleCLIP's MapTS.py on the channels of convolutions, before deviations multiply it."""
    change = [(one / np.linalg.norm(one, axis=-1, keepdims=True)).mean(axis=0) for one in texts]
    dt = change[0] / np.linalg.norm(change[0]) - change[1] / np.linalg.norm(change[1])
    kept = effects @ (dt / np.linalg.norm(dt))
    kept[np.abs(kept) < beta] = 0
    kept /= np.abs(kept).max()
    row, start = np.zeros(TABLE.style_length), 0
    for layer in CONVS:
        row[layer.style_slice] = kept[start : start + layer.in_channels]
        start += layer.in_channels
    return row


CHANNELS = sum(layer.in_channels for layer in CONVS)
DRAW = np.random.RandomState(11)
EFFECTS = DRAW.randn(CHANNELS, 12)
EFFECTS = (EFFECTS / np.linalg.norm(EFFECTS, axis=1, keepdims=True)).astype(np.float32)
TEXTS = {"smiling face": DRAW.randn(3, 12).astype(np.float32), "face": DRAW.randn(3, 12).astype(np.float32)}
ASKED = {"kind": "text", "target": "smiling face", "neutral": "face"}


def save_effects(tmp_path: Path) -> dict[str, str]:
    np.save(tmp_path / "fs3.npy", EFFECTS)
    np.savez(tmp_path / "texts.npz", **TEXTS)
    return {"file": str(tmp_path / "fs3.npy"), "vectors": str(tmp_path / "texts.npz")}


def test_a_text_moves_the_channels_that_fit_it(tmp_path: Path) -> None:
    files = save_effects(tmp_path)
    styles, moved = run(**ASKED, **files, strength=3, beta=[0.05, 0.3])
    deviations = tiny(0).style_statistics()[1].numpy().astype(np.float64)
    ways = [styleclip(EFFECTS.astype(np.float64), TEXTS.values(), beta) for beta in (0.05, 0.3)]
    assert np.count_nonzero(ways[0]) > np.count_nonzero(ways[1]) > 0
    assert_rounded(moved.array, styles + 3 * np.array(ways) * deviations, 8)


def test_deviations_may_come_from_styleclip(tmp_path: Path) -> None:
    files = save_effects(tmp_path)
    parts = [np.full((layer.in_channels,), 0.5 + layer.index) for layer in TABLE.layers[1:]]
    (tmp_path / "S_mean_std").write_bytes(pickle.dumps(([0 * part for part in parts], parts)))
    styles, moved = run(**ASKED, **files, beta=0.1, deviations=str(tmp_path / "S_mean_std"))
    way = styleclip(EFFECTS.astype(np.float64), TEXTS.values(), 0.1)
    assert_rounded(moved.array, styles + way * np.concatenate(parts), 8)


def test_texts_are_embedded_by_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fgraph.runtime.kernels import clip as kernel

    files = save_effects(tmp_path)
    found = {
        f"a {kind} of {text}": TEXTS[text][row]
        for text in TEXTS
        for row, kind in enumerate(("photo", "drawing", "toy"))
    }

    def create_model(name: str, pretrained: str) -> Any:
        assert (name, pretrained) == ("ViT-B-32-quickgelu", "openai")
        encode = lambda tokens: torch.from_numpy(np.stack([found[one] for one in tokens]))  # noqa: E731
        return SimpleNamespace(eval=lambda: SimpleNamespace(encode_text=encode))

    templates = [lambda text, kind=kind: f"a {kind} of {text}" for kind in ("photo", "drawing", "toy")]
    clip = SimpleNamespace(create_model=create_model, get_tokenizer=lambda _: list, OPENAI_IMAGENET_TEMPLATES=templates,
                           __spec__=SimpleNamespace())  # fmt: skip
    monkeypatch.setitem(sys.modules, "open_clip", clip)
    kernel.embed_text.cache_clear()
    kernel.load_clip.cache_clear()
    _, moved = run(**ASKED, file=files["file"], beta=0.1)
    _, given = run(**ASKED, **files, beta=0.1)
    assert_rounded(moved.array, given.array, 0)
    kernel.embed_text.cache_clear()
    kernel.load_clip.cache_clear()


def test_invalid_texts(tmp_path: Path) -> None:
    files = save_effects(tmp_path)
    np.save(tmp_path / "short.npy", EFFECTS[:7])
    found = faults(**ASKED, **{**files, "file": str(tmp_path / "short.npy")})
    assert (
        f"there are the effects of 7 channels; the convolutions of this 16-pixel model have {CHANNELS}"
        in (found["nodes.moved.file"])
    )
    assert "name the array, not 'frown'" in faults(**{**ASKED, "target": "frown"}, **files)["nodes.moved.vectors"]
    with pytest.raises(fgraph.RunError, match="no channel reaches beta 1"):
        run(**ASKED, **files, beta=1)


def test_effects_of_the_first_layers_suffice(tmp_path: Path) -> None:
    files = save_effects(tmp_path)
    count = CONVS[0].in_channels + CONVS[1].in_channels
    np.save(files["file"], EFFECTS[:count])
    styles, moved = run(**ASKED, **files, beta=0)
    changed = np.flatnonzero(np.abs(moved.array - styles).max(axis=0))
    assert len(changed) == count
    assert changed.max() < CONVS[1].style_slice.stop


def test_effects_match_styleclip() -> None:
    low, high = (np.random.RandomState(seed).randn(4, 5, 6) for seed in (1, 2))
    change = high / np.linalg.norm(high, axis=-1)[..., None] - low / np.linalg.norm(low, axis=-1)[..., None]
    mean = (change / np.linalg.norm(change, axis=-1)[..., None]).mean(axis=1)
    expected = mean / np.linalg.norm(mean, axis=-1)[:, None]
    # Three norms of 6 numbers and a mean of 5, computed by both. The last norm divides by the length of the mean.
    roundings = 2 * (3 * 8 + 5) / np.linalg.norm(mean, axis=-1).min()
    assert_rounded(effects_of(low, high), expected, roundings)
    vector = text_vector(low[0])
    assert_rounded(np.linalg.norm(vector), 1, 2 * 8)
    with pytest.raises(ValueError, match="the same vector"):
        channel_amounts(low[0], vector, vector, 0.1)


# -- mappers


def styleclip_mapper(w: torch.Tensor, state: dict[str, torch.Tensor]) -> torch.Tensor:
    """Apply StyleCLIP's LevelsMapper: PixelNorm over the rows of W+, then four layers with a learning rate of 0.01."""
    out = torch.zeros_like(w)
    for name, rows in (("course", slice(0, 4)), ("medium", slice(4, 8)), ("fine", slice(8, None))):
        if f"mapper.{name}_mapping.mapping.1.weight" in state:
            x = w[:, rows]
            x = x * torch.rsqrt((x**2).mean(dim=1, keepdim=True) + 1e-8)
            for layer in range(1, 5):
                weight, bias = (state[f"mapper.{name}_mapping.mapping.{layer}.{part}"] for part in ("weight", "bias"))
                x = torch.nn.functional.linear(x, weight * 0.01 / w.shape[2] ** 0.5) + bias * 0.01
                x = torch.nn.functional.leaky_relu(x, 0.2) * 2**0.5
            out[:, rows] = x
    return out


def mapper_state(*names: str) -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(6)
    shapes = {"weight": (8, 8), "bias": (8,)}
    return {
        f"mapper.{name}_mapping.mapping.{layer}.{part}": 100 * torch.randn(shape, generator=draw)
        for name in names
        for layer in range(1, 5)
        for part, shape in shapes.items()
    }


def test_a_mapper_adds_a_difference_for_each_code(tmp_path: Path) -> None:
    state = mapper_state("course", "medium")
    torch.save({"state_dict": state, "opts": {"no_fine_mapper": True}}, tmp_path / "afro.pt")
    nodes: dict[str, dict[str, Any]] = {
        "code": {"op": "sample", "seed": [3, 4]},
        "plus": {"op": "lerp", "a": "code", "b": "code", "space": "w+"},
        "moved": {"op": "direction", "kind": "mapper", "of": "code", "file": str(tmp_path / "afro.pt")},
    }
    result = fgraph.run(load({"nodes": nodes, "outputs": ["plus", "moved"]}), device="cpu")
    w = torch.from_numpy(result["plus"].array.copy())
    expected = (w.double() + 0.1 * styleclip_mapper(w.double(), {k: v.double() for k, v in state.items()})).numpy()
    # four layers of 8 products, whose rounding each layer carries on; 0.1 of the result
    assert_rounded(result["moved"].array, expected, 4 * 10)
    torch.save({name.removeprefix("mapper."): one for name, one in mapper_state("fine").items()}, tmp_path / "fine.pt")
    nodes["moved"] |= {"file": str(tmp_path / "fine.pt")}
    still = fgraph.run(load({"nodes": nodes, "outputs": ["plus", "moved"]}), device="cpu")
    assert_rounded(still["moved"].array, still["plus"].array, 0)  # this model has no row 8


def test_invalid_mappers(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(3)}, tmp_path / "none.pt")
    found = faults(kind="mapper", file=str(tmp_path / "none.pt"))
    assert "holds no mapper of StyleCLIP" in found["nodes.moved.file"]
    state = mapper_state("fine")
    del state["mapper.fine_mapping.mapping.4.bias"]
    torch.save(state, tmp_path / "short.pt")
    assert (
        "other layers than StyleCLIP's four"
        in faults(kind="mapper", file=str(tmp_path / "short.pt"))["nodes.moved.file"]
    )
    wide = {name: torch.zeros([2 * size for size in one.shape]) for name, one in mapper_state("fine").items()}
    torch.save(wide, tmp_path / "wide.pt")
    assert (
        "w of 16 numbers; this model has 8" in faults(kind="mapper", file=str(tmp_path / "wide.pt"))["nodes.moved.file"]
    )
