"""StyleGAN3 computes what the original computes; a wider plane and a moved one show what they should."""

import math

import pytest
import torch

import fgraph
from fgraph._errors import ModelError
from fgraph.stylegan import convert, inspect
from fgraph.stylegan.alias_free.loading import load_alias_free
from fgraph.stylegan.alias_free.network import resample
from fgraph.stylegan.header import read_header


@pytest.fixture(autouse=True)
def _no_gradients():
    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def generator(goldens):
    return load_alias_free(goldens / "sg3_t_32.pkl")


@pytest.fixture(scope="module")
def styles(generator):
    code = torch.randn(2, generator.table.z_dim, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return generator.affine(generator.truncate(generator.map(code), 0.7))


def close(found, expected, within=1e-5):
    torch.testing.assert_close(found, expected, rtol=0, atol=within)


def test_equals_the_original(generator, golden):
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


def test_rows_never_meet(generator, styles):
    both = generator.synthesise(styles)
    for row in range(2):
        close(generator.synthesise(styles[row : row + 1]), both[row : row + 1], 2e-6)


@pytest.mark.parametrize(("height", "width"), [(32, 64), (32, 96), (64, 32), (64, 64)])
def test_a_larger_plane_shows_the_same_in_its_middle(generator, styles, height, width):
    plain, large = generator.synthesise(styles), generator.synthesise(styles, height=height, width=width)
    assert large.shape == (2, 3, height, width)
    top, left = (height - 32) // 2, (width - 32) // 2
    middle = large[:, :, top : top + 32, left : left + 32]
    close(middle, plain, 5e-4)  # the layers' margins
    close(middle[:, :, 8:24, 8:24], plain[:, :, 8:24, 8:24], 2e-5)


def test_sizes_that_do_not_come_out(generator, styles):
    with pytest.raises(ValueError, match="33 pixels do not come to whole samples of the input; 32 do"):
        generator.synthesise(styles, width=33)


def test_a_moved_plane_moves_the_image(generator, styles):
    """A transform of k pixels to the right moves content k to the left."""
    own, wide = generator.tensors["input.transform"], generator.synthesise(styles, width=96)
    move = torch.eye(3)
    move[0, 2] = 4 / 32
    moved = generator.synthesise(styles, transform=own @ move)
    close(moved[..., 4:28], wide[..., 40:64], 5e-4)


def test_resampling_by_definition():
    x, taps = torch.randn(1, 1, 4, 5), torch.rand(6)
    found = resample(x, taps, up=2, padding=(3, 2, 2, 3), gain=4.0)
    stuffed = torch.zeros(1, 1, 8, 10)
    stuffed[..., ::2, ::2] = x
    padded = torch.nn.functional.pad(stuffed, (3, 2, 2, 3))
    kernel = taps.flip(0).outer(taps.flip(0)) * 4
    close(found, torch.conv2d(padded, kernel[None, None]))
    close(resample(x, taps.outer(taps), up=2, padding=(3, 2, 2, 3), gain=4.0), found)
    close(resample(x, None, down=2), x[..., ::2, ::2])


def test_the_public_loader_takes_both_kinds(goldens):
    assert fgraph.load_generator(goldens / "sg3_t_32.pkl").table.architecture == "stylegan3-t"
    assert fgraph.load_generator(goldens / "soat64_a.pt").table.architecture == "skip"


def test_graphs_refuse_it_with_the_reason(goldens):
    with pytest.raises(ModelError, match="is a StyleGAN3 network, which graphs do not run"):
        read_header(goldens / "sg3_t_32.pkl")
    with pytest.raises(ModelError, match="holds no StyleGAN3 network"):
        load_alias_free(goldens / "ada_cond32.pkl")


def test_geometry(generator):
    table = generator.table
    assert (table.size, table.input_size, table.num_ws, table.style_length) == (32, 36, 16, 214)
    assert [layer.out_size for layer in table.layers][-2:] == [32, 32]
    assert math.isclose(table.output_scale, 0.25)


def test_inspection_and_conversion(goldens, tmp_path):
    said = str(inspect(goldens / "sg3_t_32.pkl"))
    assert "StyleGAN3, T" in said
    assert "z 48, w 64, W+ 16 rows, S 214" in said
    with pytest.raises(ModelError, match="is a StyleGAN3 network"):
        convert(goldens / "sg3_t_32.pkl", tmp_path / "own.safetensors")
