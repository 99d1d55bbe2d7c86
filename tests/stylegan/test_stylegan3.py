"""StyleGAN3 gives the results of the original; wider and moved planes show the right content."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import fgraph
from fgraph._errors import ModelError
from fgraph.stylegan import convert, inspect
from fgraph.stylegan.checkpoints.header import read_header
from fgraph.stylegan.checkpoints.stylegan3_fgraph_file import describe_stylegan3, stylegan3_table_of
from fgraph.stylegan.checkpoints.weights import save_generator
from fgraph.stylegan.generators.stylegan3 import StyleGAN3Generator
from fgraph.stylegan.loading import load_generator, load_stylegan2
from fgraph.stylegan.nn.stylegan3 import Tiles
from fgraph.stylegan.nn.upfirdn import resample
from fgraph.stylegan.tables import spans
from fgraph.stylegan.tables.base import UnknownLayer
from fgraph.stylegan.tables.stylegan3_checks import check_chain
from tests import stylegan3_pickles
from tests.rounding import PROMISED, assert_summed, assert_within, filtered_terms, likely, network_terms
from tests.stylegan.conftest import Golden
from tests.stylegan3_networks import Kind, tiny_stylegan3

pytestmark = [pytest.mark.numeric, pytest.mark.usefixtures("no_gradients")]


@pytest.fixture(scope="module")
def generator(goldens: Path) -> Any:
    return load_generator(goldens / "sg3_t_32.pkl")


@pytest.fixture(scope="module")
def styles(generator: StyleGAN3Generator) -> Any:
    code = torch.randn(2, generator.table.z_dim, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return generator.affine(generator.truncate(generator.map(code), 0.7))


def close(found: Any, expected: Any, within: float = PROMISED) -> None:
    assert_within(found, expected, within)


def test_equals_the_original(generator: StyleGAN3Generator, golden: Golden) -> None:
    known = golden("sg3_t_32")
    w = generator.map(known["z"], known["c"])
    close(w, known["w"])
    close(generator.w_mean, known["w_avg"])
    ws = generator.truncate(w[:, None].repeat(1, generator.table.num_ws, 1), 0.7)
    close(ws, known["ws"])
    cut = generator.truncate(w, 0.7, 3)
    close(cut, known["ws_cutoff3"])
    close(generator.affine(ws), known["S"])
    close(generator.synthesise(generator.affine(ws)), known["image_const"])
    close(generator.synthesise(generator.affine(cut)), known["image_cutoff3_const"])
    close(generator.synthesise(generator.affine(known["wplus"])), known["image_wplus_const"])


def test_rows_do_not_depend_on_their_batch(generator: StyleGAN3Generator, styles: Tensor) -> None:
    both = generator.synthesise(styles)
    for row in range(2):
        close(generator.synthesise(styles[row : row + 1]), both[row : row + 1], likely(network_terms(generator.table)))


@pytest.mark.parametrize(("height", "width"), [(32, 64), (32, 96), (64, 32), (64, 64)])
def test_a_larger_plane_shows_the_same_in_its_middle(
    generator: StyleGAN3Generator, styles: Tensor, height: int, width: int
) -> None:
    plain, large = generator.synthesise(styles), generator.synthesise(styles, height=height, width=width)
    assert large.shape == (2, 3, height, width)
    top, left = (height - 32) // 2, (width - 32) // 2
    middle = large[:, :, top : top + 32, left : left + 32]
    close(middle, plain, 5e-4)  # the layers' margins
    close(middle[:, :, 8:24, 8:24], plain[:, :, 8:24, 8:24], 2e-5)


def test_sizes_that_are_not_whole_samples(generator: StyleGAN3Generator, styles: Tensor) -> None:
    with pytest.raises(ValueError, match="33 pixels are not a whole number of samples of the input: use 32"):
        generator.synthesise(styles, width=33)


def test_a_moved_plane_moves_the_image(generator: StyleGAN3Generator, styles: Tensor) -> None:
    """A transform by k pixels to the right moves content k pixels to the left."""
    plain, wide = generator.tensors["input.transform"], generator.synthesise(styles, width=96)
    move = torch.eye(3)
    move[0, 2] = 4 / 32
    moved = generator.synthesise(styles, transform=plain @ move)
    close(moved[..., 4:28], wide[..., 40:64], 5e-4)


def test_resampling_by_definition() -> None:
    x, taps = torch.randn(1, 1, 4, 5), torch.rand(6)
    found = resample(x, taps, up=2, padding=(3, 2, 2, 3), gain=4.0)
    stuffed = torch.zeros(1, 1, 8, 10)
    stuffed[..., ::2, ::2] = x
    padded = torch.nn.functional.pad(stuffed, (3, 2, 2, 3))
    kernel = taps.flip(0).outer(taps.flip(0)) * 4
    close(found, torch.conv2d(padded, kernel[None, None]))
    close(resample(x, taps, down=2, padding=(3, 2, 2, 3)), resample(x, taps.outer(taps), down=2, padding=(3, 2, 2, 3)))
    close(resample(x, None, down=2), x[..., ::2, ::2])
    close(resample(x, None, up=2, padding=(0, 1, -1, 0)), torch.nn.functional.pad(stuffed, (0, 1, -1, 0)))
    with pytest.raises(ValueError, match="can only lower the sampling rate"):
        resample(x, taps.outer(taps), up=2)


def test_the_public_loader_takes_both_kinds(goldens: Path) -> None:
    assert fgraph.load_generator(goldens / "sg3_t_32.pkl").table.architecture == "stylegan3-t"
    assert fgraph.load_generator(goldens / "soat64_a.pt").table.architecture == "skip"


@pytest.mark.parametrize("kind", ["t", "r"])
def test_a_layer_by_definition(kind: Kind) -> None:
    """The formulas of the paper and of the published layers, written out in float64."""
    generator = tiny_stylegan3(3, kind).to(dtype=torch.float64)
    draw = torch.Generator().manual_seed(0)
    for layer in generator.table.filtered:
        x = torch.randn(2, layer.in_channels, 12, 15, generator=draw, dtype=torch.float64)
        style = 1 + 0.3 * torch.randn(2, layer.in_channels, generator=draw, dtype=torch.float64)
        for row in range(2):
            expected = defined_layer(layer, generator.tensors, x[row], style[row])
            found = generator.filtered(layer, x, style)[row]
            expected = expected * (generator.table.output_scale if layer.kind == "torgb" else 1)
            assert_summed(found, expected, filtered_terms(layer))


def defined_layer(layer: Any, tensors: Any, x: Any, style: Any) -> Any:
    weight = tensors[f"{layer.name}.weight"]
    if layer.kind == "torgb":
        modulated = weight * (style / math.sqrt(layer.in_channels))[:, None, None]
    else:
        weight = weight / weight.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
        modulated = weight * (style / style.square().mean().sqrt())[:, None, None]
        modulated = modulated / (modulated.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
    modulated = modulated / tensors[f"{layer.name}.magnitude_ema"].sqrt()
    x = torch.conv2d(x[None], modulated, padding=layer.taps - 1)[0] + tensors[f"{layer.name}.bias"][:, None, None]
    up, left, top = layer.up_factor, layer.padding[0], layer.padding[2]
    room = x.new_zeros(len(x), x.shape[1] * up + sum(layer.padding[2:]), x.shape[2] * up + sum(layer.padding[:2]))
    for row in range(x.shape[1]):
        for column in range(x.shape[2]):
            if 0 <= row * up + top < room.shape[1] and 0 <= column * up + left < room.shape[2]:
                room[:, row * up + top, column * up + left] = x[:, row, column]
    x = defined_filter(room, tensors.get(f"{layer.name}.up_filter"), 1) * up**2
    if layer.kind != "torgb":
        x = torch.where(x < 0, 0.2 * x, x) * math.sqrt(2)
    return defined_filter(
        x.clamp(-layer.clamp, layer.clamp), tensors.get(f"{layer.name}.down_filter"), layer.down_factor
    )


def defined_filter(x: Any, taps: Any, down: Any) -> Any:
    if taps is None:
        return x[:, ::down, ::down]
    taps = (taps if taps.ndim == 2 else taps.outer(taps)).flip(0, 1)
    side = len(taps)
    height, width = x.shape[1] - side + 1, x.shape[2] - side + 1
    total = sum(
        taps[row, column] * x[:, row : row + height, column : column + width]
        for row in range(side)
        for column in range(side)
    )
    return total[:, ::down, ::down]


@pytest.mark.parametrize("kind", ["t", "r"])
def test_parts_of_a_layer_are_parts_of_the_whole(kind: Kind) -> None:
    """The windows given by `spans`, with zeros beyond the edges, make exactly their region."""
    generator = tiny_stylegan3(3, kind)
    every = torch.randn(1, 4, 24, 32, generator=torch.Generator().manual_seed(2))
    for layer in generator.table.filtered:
        x = every[:, : layer.in_channels]
        style = torch.ones(1, layer.in_channels)
        whole = generator.filtered(layer, x, style)
        height, width = whole.shape[2:]
        for region in ((0, 0, height, 10), (height - 8, width - 12, height, width), (4, 6, 12, 20), (0, 2, 2, 4)):
            spans_read = [spans.read_span(layer, axis, (region[axis], region[axis + 2])) for axis in (0, 1)]
            window = x.new_zeros(1, x.shape[1], *(stop - start for start, stop in spans_read))
            inner = [(max(start, 0), min(stop, x.shape[2 + axis])) for axis, (start, stop) in enumerate(spans_read)]
            to = [slice(low - start, high - start) for (low, high), (start, _) in zip(inner, spans_read, strict=True)]
            window[:, :, to[0], to[1]] = x[:, :, slice(*inner[0]), slice(*inner[1])]
            found = generator.filtered(layer, window, style, Tiles((x.shape[2], x.shape[3]), [region]))
            part = whole[:, :, region[0] : region[2], region[1] : region[3]]
            assert_summed(found, part, filtered_terms(layer))


@pytest.mark.parametrize("kind", ["t", "r"])
def test_an_affected_span_is_where_the_result_changes(kind: Kind) -> None:
    generator = tiny_stylegan3(3, kind)
    for layer in generator.table.filtered:
        x = torch.randn(1, layer.in_channels, 40, 40, generator=torch.Generator().manual_seed(2))
        changed = x.clone()
        changed[:, :, 13:15, 21:22] += 1
        style = torch.ones(1, layer.in_channels)
        differs = (generator.filtered(layer, x, style) != generator.filtered(layer, changed, style))[0].any(dim=0)
        for axis, span in ((0, (13, 15)), (1, (21, 22))):
            at = torch.nonzero(differs.any(dim=1 - axis)).flatten()
            start, stop = spans.affected_span(layer, axis, span)
            assert start <= int(at[0])
            assert int(at[-1]) < stop
            assert (stop - start) - (int(at[-1]) - int(at[0]) + 1) <= 2, (
                "no larger than necessary, except for tiny taps"
            )


def test_headers_know_the_layers(goldens: Path) -> None:
    table = read_header(goldens / "sg3_t_32.pkl").table
    assert table.architecture == "stylegan3-t"
    assert [layer.name for layer in table.layers[:3]] == ["const", "input", "L0_36_16"]
    assert (table.find("L3"), table.find("L3_36_16"), table.find("input"), table.find(4)) == ((4,), (4,), (0,), (4,))
    assert [layer.margin for layer in table.layers[1:]] == [(20, 20)] * 14 + [(0, 0)] * 2
    with pytest.raises(
        UnknownLayer, match="32-pixel model of stylegan3-t has no layer 'b8'; it has const, input, L0 to L14"
    ):
        table.find("b8")
    with pytest.raises(ModelError, match="is a StyleGAN3 network; expected a StyleGAN2"):
        load_stylegan2(goldens / "sg3_t_32.pkl")


def test_geometry(generator: StyleGAN3Generator) -> None:
    table = generator.table
    assert (table.size, table.input_size, table.num_ws, table.style_length) == ((32, 32), (36, 36), 16, 214)
    assert [layer.out_size for layer in table.filtered][-2:] == [(32, 32), (32, 32)]
    assert math.isclose(table.output_scale, 0.25)
    assert table.forward_flops > 100e6


def test_inspection_and_conversion(goldens: Path, generator: StyleGAN3Generator, tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    found = convert(goldens / "sg3_t_32.pkl", path)
    text = str(found.source)
    assert "StyleGAN3, T" in text
    assert "z 48, w 64, W+ 16 rows, S 214" in text
    assert found.source.parameters == found.target.parameters
    assert found.target.format == "safetensors"
    after = load_generator(path)
    assert after.table == generator.table
    for name, tensor in generator.tensors.items():
        assert torch.equal(tensor, after.tensors[name]), name
    assert after.tensors.keys() - generator.tensors.keys() == {"style_mean", "style_std"}
    again = convert(path, tmp_path / "again.safetensors")
    assert again.digest == found.digest
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()
    with pytest.raises(ModelError, match="is a StyleGAN3 network, which rosinality's programs do not run"):
        convert(goldens / "sg3_t_32.pkl", tmp_path / "own.pt")


def test_filters_and_positions_stay_exact_in_half_precision(
    goldens: Path, generator: StyleGAN3Generator, tmp_path: Path
) -> None:
    path = tmp_path / "half.safetensors"
    convert(goldens / "sg3_t_32.pkl", path, half=True)
    assert set(inspect(path).types) == {"float16", "float32"}
    after = load_generator(path)
    for name in ("input.freqs", "input.phases", "input.transform", "L0_36_16.up_filter", "L0_36_16.magnitude_ema"):
        assert torch.equal(after.tensors[name], generator.tensors[name])
    styles = generator.affine(generator.w_mean[None])
    close(after.synthesise(styles), generator.synthesise(styles), 2e-2)


@pytest.mark.parametrize(("kind", "classes"), [("t", 0), ("r", 0), ("t", 3)])
def test_saved_files_hold_every_kind(kind: Kind, classes: int, tmp_path: Path) -> None:
    generator = tiny_stylegan3(5, kind, classes)
    save_generator(generator, tmp_path / "own.safetensors")
    after = load_generator(tmp_path / "own.safetensors")
    assert after.table == generator.table
    assert inspect(tmp_path / "own.safetensors").table.architecture == f"stylegan3-{kind}"
    assert all(torch.equal(tensor, after.tensors[name]) for name, tensor in generator.tensors.items())


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format_version", "3", "this fgraph reads 1 and 2: update fgraph"),
        ("layers", "[]", "it has no list of layers"),
        ("layers", "[1, 2]", "metadata are wrong"),
        ("size", "64", "makes 32 pixels at 32 a unit; the image has 64"),
        ("input_rate", "0", "metadata are wrong"),
        ("input_size", "25", "makes"),
        ("bandwidth", "-1", "is not a number above 0"),
        ("architecture", "stylegan3-r", "but its metadata state another architecture"),
        ("mapping_activation", '"cube"', "unknown activation"),
    ],
)
def test_damaged_metadata_are_refused(key: str, value: Any, message: str, tmp_path: Path) -> None:
    metadata = describe_stylegan3(tiny_stylegan3(5).table) | {key: value}
    with pytest.raises(ModelError, match=message):
        stylegan3_table_of(metadata, "file")


def test_layers_that_do_not_fit_each_other_are_refused() -> None:
    table = tiny_stylegan3(5).table
    first, second, *rest = table.filtered
    for wrong, message in (
        ((replace(first, out_channels=7), second, *rest), "reads 4 channels"),
        ((replace(first, padding=(0, 0, 0, 0)), second, *rest), "pixels instead of 24"),
        ((replace(first, up_factor=3), second, *rest), "instead of"),
        ((first, replace(second, name=first.name), *rest), "occurs twice"),
        ((*table.filtered[:-1], replace(rest[-1], kind="conv")), "makes the image before the last layer"),
        ((replace(first, out_channels=0), replace(second, in_channels=0), *rest), "makes nothing"),
    ):
        with pytest.raises(ModelError, match=message):
            check_chain(replace(table, filtered=wrong), "file")


@pytest.mark.parametrize(("kind", "classes"), [("t", 0), ("r", 0), ("t", 3)])
def test_pickles_of_every_kind_are_read(kind: Kind, classes: int, tmp_path: Path) -> None:
    """Pickles in NVlabs' layout, made of tiny generators."""
    generator = tiny_stylegan3(5, kind, classes)
    (tmp_path / "network.pkl").write_bytes(stylegan3_pickles.checkpoint(generator.table, generator.tensors))
    after = load_generator(tmp_path / "network.pkl")
    assert after.table == generator.table
    assert after.tensors.keys() == generator.tensors.keys()
    assert all(torch.equal(tensor, after.tensors[name]) for name, tensor in generator.tensors.items())
