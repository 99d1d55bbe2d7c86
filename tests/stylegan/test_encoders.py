"""Encoders of every published layout give the codes of the original programs; other files are refused."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.encoder_file import (
    describe_encoder,
    load_encoder,
    read_encoder,
    residual_encoder_table,
    save_encoder,
)
from fgraph.stylegan.checkpoints.header import BUNDLED
from fgraph.stylegan.loading import load_generator
from fgraph.stylegan.nn.discriminator import initial_tensors
from fgraph.stylegan.nn.encoder import Encoder, cut_content, resize, run, shrink
from fgraph.stylegan.tables.discriminator import DiscriminatorTable
from tests.encoder_networks import PUBLISHED, STYLES, WIDTH, checkpoint, seeded_pictures
from tests.rounding import PROMISED, assert_within, unit, worst
from tests.stylegan.conftest import Golden

pytestmark = pytest.mark.usefixtures("no_gradients")


def load(path: Path) -> Encoder:
    return load_encoder(read_encoder(path), torch.float32)


@pytest.mark.numeric
@pytest.mark.parametrize("name", PUBLISHED)
def test_codes_equal_those_of_the_original_program(name: str, tmp_path: Path, golden: Golden) -> None:
    published, wanted = PUBLISHED[name], golden("encoders")
    encoder = load(checkpoint(tmp_path / "encoder.pt", name))
    assert encoder.table.network == published.table
    for form, size in (("", (128, 128)), ("_cars", (96, 128))):
        if name + form in wanted:
            found = run(encoder.table, encoder.tensors, seeded_pictures(*size, published.channels))
            assert_within(found.flatten(1), wanted[name + form].flatten(1), PROMISED)


def by_hand(encoder: Encoder, images: Tensor, mean: Tensor, iterations: int) -> Tensor:
    """Run the loop of ReStyle by its paper: each code is the previous one plus the output of the encoder."""
    codes = mean.expand(len(images), STYLES, WIDTH)
    for _ in range(iterations):
        made = torch.nn.functional.adaptive_avg_pool2d(draw(codes), (256, 256))
        codes = codes + run(encoder.table, encoder.tensors, torch.cat([images, made], dim=1)).view(codes.shape)
    return codes


def draw(codes: Tensor) -> Tensor:
    """Draw images in place of a generator of 32 pixels."""
    return codes.flatten(1)[:, : 3 * 64].view(-1, 3, 8, 8).repeat_interleave(4, 2).repeat_interleave(4, 3).tanh()


@pytest.mark.parametrize("iterations", [1, 3])
def test_a_residual_encoder_refines_its_code(iterations: int, tmp_path: Path) -> None:
    mean = torch.linspace(-1, 1, WIDTH)
    encoder = load(checkpoint(tmp_path / "encoder.pt", "restyle_e4e", mean))
    images = seeded_pictures(256, 256, 3)
    found = encoder.encode(images, torch.zeros(WIDTH), draw, iterations)
    assert torch.equal(found, by_hand(encoder, images, mean, iterations))
    assert not torch.equal(found, encoder.encode(images, torch.zeros(WIDTH), draw, iterations + 1))


@pytest.mark.parametrize("shape", [(WIDTH,), (1, WIDTH), (STYLES, WIDTH)])
def test_the_mean_comes_from_the_file(shape: tuple[int, ...], tmp_path: Path) -> None:
    mean, images = torch.randn(shape, generator=torch.Generator().manual_seed(1)), seeded_pictures(256, 256, 3)
    encoder = load(checkpoint(tmp_path / "encoder.pt", "e4e", mean))
    plain = load(checkpoint(tmp_path / "plain.pt", "e4e", start_from_latent_avg=False))
    found = encoder.encode(images, torch.zeros(WIDTH), draw)
    assert torch.equal(found, plain.encode(images, torch.zeros(WIDTH), draw) + mean)


def test_without_a_mean_the_mean_of_the_generator_is_used(tmp_path: Path) -> None:
    encoder, images = load(checkpoint(tmp_path / "encoder.pt", "psp_w")), seeded_pictures(256, 256, 3)
    mean = torch.linspace(-1, 1, WIDTH)
    found = encoder.encode(images, mean, draw)
    assert found.shape == (2, WIDTH)
    assert torch.equal(found, encoder.encode(images, torch.zeros(WIDTH), draw) + mean)


def test_cars_are_read_without_the_bars(tmp_path: Path) -> None:
    encoder = load(checkpoint(tmp_path / "encoder.pt", "e4e", dataset_type="cars_encode"))
    assert encoder.table.size == (192, 256)
    square = seeded_pictures(512, 512, 3)
    assert torch.equal(cut_content(square, "middle"), square[:, :, 64:448])
    whole = encoder.encode(square, torch.zeros(WIDTH), draw)
    assert torch.equal(whole, encoder.encode(square[:, :, 64:448], torch.zeros(WIDTH), draw))
    assert torch.equal(encoder.encode(square, torch.zeros(WIDTH), draw, rows=5), whole[:, :5])


def test_pictures_are_scaled_as_by_pillow() -> None:
    pictures = seeded_pictures(100, 80, 1)[:1]
    line = Image.fromarray(pictures[0, 0].numpy()).resize((24, 32), Image.Resampling.BILINEAR)
    terms = 2 * 100 // 24 + 2  # of a pixel's sum, in two passes
    assert_within(resize(pictures, (32, 24))[0, 0], np.asarray(line), worst(2 * terms))


def test_reconstructions_are_averaged_over_areas(tmp_path: Path) -> None:
    table = load(checkpoint(tmp_path / "encoder.pt", "restyle_psp")).table
    images = seeded_pictures(512, 512, 3)
    assert torch.equal(shrink(table, images), torch.nn.functional.avg_pool2d(images, 2))


@pytest.mark.numeric
@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_half_precision_rounds_and_no_more(half: torch.dtype, tmp_path: Path) -> None:
    encoder, images = load(checkpoint(tmp_path / "encoder.pt", "e4e")), seeded_pictures(48, 48, 3)
    whole, rounded = (run(encoder.table, encoder.tensors, images, kind) for kind in (None, half))
    assert rounded.dtype == torch.float32
    error, size = (rounded - whole).square().mean().sqrt(), whole.square().mean().sqrt()
    # each convolution rounds its input and its result once; on the way to a code there are 17 + 6, all of whose errors
    # add up at most
    assert 0 < error <= 2 * 23 * unit(half) * size


def bad(path: Path, change: Any) -> Path:
    content = torch.load(checkpoint(path, "e4e"), weights_only=True)
    change(content)
    torch.save(content, path)
    return path


def test_options_may_be_a_namespace(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "encoder.pt", "e4e")
    content = torch.load(path, weights_only=True)
    torch.save({**content, "opts": Namespace(**content["opts"], start=Path("of/the/training"))}, path)
    assert read_encoder(path).table.network == PUBLISHED["e4e"].table


FAULTS = {
    "another kind": (lambda it: it["opts"].update(encoder_type="Own"), "is of the kind Own; fgraph runs GradualStyle"),
    "no kind": (lambda it: it.pop("opts"), "does not state its 'encoder_type'"),
    "labels": (
        lambda it: it["state_dict"].update({"encoder.input_layer.0.weight": torch.zeros(16, 19, 3, 3)}),
        "reads 19 channels, such as labels of a segmentation",
    ),
    "a head that lacks": (
        lambda it: [it["state_dict"].pop(name) for name in list(it["state_dict"]) if "styles.3." in name],
        r"has heads .* expected 0, 1",
    ),
    "a tensor that lacks": (
        lambda it: it["state_dict"].pop("encoder.body.1.res_layer.4.running_var"),
        r"has nothing at 'body.1.res_layer.4.running_var'; expected \[16\]",
    ),
    "a shape": (
        lambda it: it["state_dict"].update({"encoder.styles.2.linear.bias": torch.zeros(31)}),
        r"has \[31\] at 'styles.2.linear.bias'; expected \[32\]",
    ),
    "a mean": (lambda it: it.update(latent_avg=torch.zeros(4, 4)), r"has a mean of shape \[4, 4\]; expected \[32\]"),
    "no encoder": (lambda it: it.update(state_dict={"decoder.x": torch.zeros(1)}), "holds no encoder"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_invalid_checkpoints_are_refused(name: str, tmp_path: Path) -> None:
    change, message = FAULTS[name]
    path = bad(tmp_path / "encoder.pt", change)
    with pytest.raises(ModelError, match=message) as caught:
        read_encoder(path)
    assert str(path) in str(caught.value)


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    path = bad(tmp_path / "encoder.pt", lambda it: it["state_dict"]["encoder.styles.0.linear.bias"].fill_(torch.inf))
    with pytest.raises(ModelError, match="not finite"):
        load(path)


TRAINED = residual_encoder_table(((4, 5), (8, 4), (16, 3)), image_channels=3, styles=6, w_dim=8, iterations=2)


def own(path: Path, **facts: str) -> Path:
    assert isinstance(TRAINED.network, DiscriminatorTable)
    save_encoder(Encoder(TRAINED, initial_tensors(TRAINED.network, seed=1), torch.zeros(8)), path, facts)
    return path


def test_a_saved_encoder_is_read_as_it_was_written(tmp_path: Path) -> None:
    header = read_encoder(own(tmp_path / "own.safetensors", model="tiny"))
    assert header.table == TRAINED
    assert header.metadata["model"] == "tiny"
    found = load(header.path).encode(
        seeded_pictures(20, 30, 3), torch.zeros(8), lambda codes: torch.zeros(2, 3, 16, 16)
    )
    assert found.shape == (2, 6, 8)
    with pytest.raises(ModelError, match="is an encoder, not a generator"):
        load_generator(header.path)
    assert own(tmp_path / "again.safetensors", model="tiny").read_bytes() == header.path.read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "fgraph-stylegan2"}, "holds no encoder"),
        ({"format_version": "2"}, "update fgraph"),
        ({"styles": "0"}, "metadata are wrong"),
        ({"channels": "[" * 2000}, "metadata are wrong"),
        ({"channels": '{"4": 5, "16": 3}'}, "has channels for"),
        ({"size": "99999999999"}, "has channels for"),
        ({"w_dim": "7"}, "has shape"),
    ],
)
def test_wrong_metadata_are_refused(change: dict[str, str], message: str, tmp_path: Path) -> None:
    from fgraph.stylegan.checkpoints.weights import encode_tensors

    assert isinstance(TRAINED.network, DiscriminatorTable)
    tensors = {**initial_tensors(TRAINED.network, seed=1), "mean": torch.zeros(8)}
    path = tmp_path / "own.safetensors"
    path.write_bytes(encode_tensors(tensors, {**describe_encoder(TRAINED), **change}))
    with pytest.raises(ModelError, match=message):
        read_encoder(path)


@pytest.mark.parametrize("model", BUNDLED)
def test_the_encoder_of_a_bundled_model_is_far_better_than_the_mean(model: str) -> None:
    generator, header = load_generator(model), read_encoder(model)
    assert header.path.stat().st_size < 1 << 20
    assert (header.table.styles, header.table.w_dim) == (generator.table.num_ws, generator.table.w_dim)
    codes = generator.map(torch.randn(8, generator.table.z_dim, generator=torch.Generator().manual_seed(9)))

    def draw_codes(codes: Tensor) -> Tensor:
        return generator.synthesise(generator.affine(codes))

    images = draw_codes(codes)
    found = load_encoder(header, torch.float32).encode(images, generator.w_mean, draw_codes, header.table.iterations)
    error = (draw_codes(found) - images).square().mean()
    assert error < 0.5 * (draw_codes(generator.w_mean[None]) - images).square().mean()
