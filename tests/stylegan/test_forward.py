"""The generator gives the results of the original code."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from tests.rounding import assert_promised
from tests.stylegan.conftest import Golden

pytestmark = [pytest.mark.numeric, pytest.mark.usefixtures("no_gradients")]


def test_latents(small: StyleGAN2Generator, golden: Golden) -> None:
    known = golden("forward_soat64_a")
    w = small.map(known["z"])
    assert_promised(w, known["w"])
    assert_promised(small.affine(w), known["S_raw"])
    assert_promised(small.w_mean, known["latent_avg"])
    assert_promised(small.affine(small.w_mean[None]), known["mean_S"])
    assert_promised(small.affine(small.truncate(w, known["psi"])), known["S"])


def test_image(small: StyleGAN2Generator, golden: Golden) -> None:
    known = golden("forward_soat64_a")
    assert_promised(small.synthesise(known["S"]).clamp(-1, 1), known["image"])


def test_wplus(small: StyleGAN2Generator, golden: Golden) -> None:
    known = golden("wplus_soat64_a")
    found = small.affine(known["ws"])
    assert_promised(found, known["S"])
    assert_promised(small.synthesise(found).clamp(-1, 1), known["image"])


def test_unclamped_image_and_style_mixing(small: StyleGAN2Generator, golden: Golden) -> None:
    known = golden("ros_forward_soat64_a")
    w, other = (small.truncate(small.map(known[key]), 0.7) for key in ("z", "z2"))
    assert_promised(small.synthesise(small.affine(w)), known["image_unclamped"])
    ws = w[:, None].repeat(1, small.table.num_ws, 1)
    ws[:, int(known["inject_index"]) :] = other[:, None]
    assert_promised(ws, known["ws_mix"])
    assert_promised(small.synthesise(small.affine(ws)), known["image_mix_unclamped"])


def test_given_noise(small: StyleGAN2Generator, golden: Golden) -> None:
    known = golden("ros_forward_soat64_a")
    noise = [known[f"noise_{i}"] for i in range(9)]
    image = small.synthesise(small.affine(small.map(known["z"])), noise)
    assert_promised(image, known["image_given_noise_psi1_unclamped"])
    assert (image - small.synthesise(small.affine(small.map(known["z"])))).abs().max() > 0.01


def test_no_noise_is_noise_of_zero(small: StyleGAN2Generator, styles: Tensor) -> None:
    zeros = [torch.zeros(1, 1, 1, 1)] * 9
    assert_promised(small.synthesise(styles, "none"), small.synthesise(styles, zeros))


def test_truncation_by_row_and_cutoff(small: StyleGAN2Generator) -> None:
    w = torch.randn(2, small.table.w_dim)
    rows = small.truncate(w, [0.0, 1.0])
    assert_promised(rows, torch.stack([small.w_mean, w[1]]))
    ws = small.truncate(w, 0.5, cutoff=3)
    assert ws.shape == (2, small.table.num_ws, small.table.w_dim)
    assert_promised(ws[:, 2], small.truncate(w, 0.5))
    assert_promised(ws[:, 3], w)


def test_wrong_shape_of_w_is_named(small: StyleGAN2Generator) -> None:
    with pytest.raises(ValueError, match=r"\[1, 3\]; expected \[rows, 64\] or \[rows, 10, 64\]"):
        small.affine(torch.zeros(1, 3))


def test_double_precision_agrees(small: StyleGAN2Generator, styles: Tensor) -> None:
    double = small.to(dtype=torch.float64)
    assert double.dtype == torch.float64
    assert double.digest == small.digest
    assert_promised(double.synthesise(styles[:1].double()).float(), small.synthesise(styles[:1]))
    assert small.to("cpu", torch.float32) is small
