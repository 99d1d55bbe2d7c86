"""StyleGAN3 in graphs: the originals' images, edits of the plane, refusals that say what to do."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import fgraph
from fgraph.stylegan.generators.stylegan3 import StyleGAN3Generator
from tests.engine.stylegan3 import R, T, assert_close, compute, decoded, faults
from tests.networks import tiny
from tests.paths import GOLDENS
from tests.stylegan3_networks import tiny_stylegan3

pytestmark = pytest.mark.numeric

# -- the originals' images


@pytest.fixture(scope="module")
def known() -> dict[str, np.ndarray]:
    with np.load(GOLDENS / "sg3_t_32.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.mark.parametrize(
    ("space", "codes", "image"),
    [("w+", "ws", "image_const"), ("s", "S", "image_const"), ("w+", "ws_cutoff3", "image_cutoff3_const"),
     ("w+", "wplus", "image_wplus_const")],
)  # fmt: skip
def test_graphs_make_what_the_original_makes(known: Any, space: str, codes: str, image: str) -> None:
    nodes = {
        "code": {"op": "latent", "space": space, "value": known[codes]},
        "image": {"op": "decode", "of": "code", "clamp": False},
    }
    assert_close(compute(GOLDENS / "sg3_t_32.pkl", nodes), known[image], image)


def test_noise_does_not_matter(known: Any) -> None:
    nodes = {
        "code": {"op": "latent", "space": "w+", "value": known["ws"]},
        "image": {"op": "decode", "of": "code", "clamp": False},
    }
    image = compute(GOLDENS / "sg3_t_32.pkl", nodes, noise={"mode": "random"})
    assert_close(image, known["image_none"], "image_none")


# -- the plane


def directly(generator: StyleGAN3Generator, matrix: Any = None, **size: int) -> Any:
    """Return the image of the same code by the generator itself, with a matrix applied to its plane."""
    draw = torch.randn(1, generator.table.z_dim, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        styles = generator.affine(generator.truncate(generator.map(draw), 0.7))
        transform = generator.tensors["input.transform"]
        transform = transform if matrix is None else transform @ torch.from_numpy(matrix).float()
        return generator.synthesise(styles, transform=transform, **size).numpy()


def published(translate: tuple[float, float], angle: float) -> Any:
    """Return the matrix of NVlabs' gen_images for `--translate` and `--rotate`: from the picture to the plane."""
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    return np.linalg.inv([[cosine, sine, translate[0]], [-sine, cosine, translate[1]], [0, 0, 1]])


@pytest.mark.parametrize("generator", [T, R], ids=["t", "r"])
@pytest.mark.parametrize(("translate", "angle"), [((0, 0), 30), ((0.25, -0.1), 0), ((0.1, 0.2), -45), ((-0.5, 0), 90)])
def test_transform_matches_the_published_program(generator: Any, translate: Any, angle: float) -> None:
    image = decoded(generator, {"op": "transform", "rotate": angle, "dx": translate[0], "dy": translate[1]})
    assert_close(image, directly(generator, published(translate, angle)), "a transform")


def test_a_transform_for_each_row() -> None:
    image = decoded(T, {"op": "transform", "rotate": [0, 30, -45], "dx": 0.1})
    for row, angle in enumerate((0, 30, -45)):
        assert_close(image[row : row + 1], directly(T, published((0.1, 0), angle)), "a row")


PICTURES = {"a.png": ((0.1, -0.2), 20.0), "b.png": ((0, 0.05), -70.0), "c.png": ((0, 0), 0.0)}


def landmarks(tmp_path: Path) -> str:
    """Return a landmarks_transforms.npy of StyleGAN3-editing: name -> (angle, shift, matrix, inverse matrix)."""
    entries = {}
    for name, (shift, angle) in PICTURES.items():
        inverse = published(shift, angle)
        entries[name] = (np.float64(angle), np.array(shift), np.linalg.inv(inverse), inverse)
    np.save(tmp_path / "landmarks_transforms.npy", entries)
    return str(tmp_path / "landmarks_transforms.npy")


def test_transforms_may_come_from_landmarks(tmp_path: Path) -> None:
    path = landmarks(tmp_path)
    every = decoded(T, {"op": "transform", "file": path})
    named = decoded(T, {"op": "transform", "file": path, "name": ["c.png", "a.png"]})
    for row, given in enumerate(PICTURES.values()):
        assert_close(every[row : row + 1], directly(T, published(*given)), "a picture")
    assert_close(named, every[[2, 0]], "pictures by name")
    wide = [{"op": "pad", "left": 0.5, "right": 0.5}, {"op": "transform", "file": path, "name": "a.png"}]
    shift = [{"op": "pad", "left": 0.5, "right": 0.5}, {"op": "transform", "rotate": 20, "dx": 0.05, "dy": -0.2}]
    assert_close(decoded(T, *wide), decoded(T, *shift), "on a canvas of two images")


def test_invalid_transforms_of_landmarks(tmp_path: Path) -> None:
    def messages(**node: Any) -> str:
        nodes = {"code": {"op": "sample"}, "turned": {"op": "transform", "of": "code", **node}}
        return str(fgraph.check({"models": {"main": T}, "nodes": nodes, "outputs": ["turned"]}))

    path = landmarks(tmp_path)
    for node, message in (
        ({"file": path, "name": "d.png"}, "there is no picture 'd.png'"),
        ({"file": path, "rotate": 3}, "give either file or rotate"),
        ({"name": "a.png"}, "name selects from a file"),
        ({"file": str(tmp_path / "none.npy")}, "cannot read"),
    ):
        assert message in messages(**node)
    np.save(tmp_path / "skewed.npy", {"a.png": np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1.0]])})
    assert "a matrix is not a rotation with a scale and a shift" in messages(file=str(tmp_path / "skewed.npy"))
    np.save(tmp_path / "plain.npy", np.eye(3))
    assert "it holds plain numbers" in messages(file=str(tmp_path / "plain.npy"))


def test_pixels_are_those_of_the_image() -> None:
    pixels = decoded(T, {"op": "transform", "dx": 4, "dy": -8, "unit": "pixel"})
    assert_close(pixels, decoded(T, {"op": "shift", "dx": 0.125, "dy": -0.25}), "a shift")
    assert_close(pixels, directly(T, published((0.125, -0.25), 0)), "a shift")


def test_a_moved_picture_is_the_picture_moved() -> None:
    wide = decoded(T, {"op": "pad", "left": 0.5, "right": 0.5})
    moved = decoded(T, {"op": "shift", "dx": 0.25})
    assert_close(moved[..., 12:20, 12:20], wide[..., 12:20, 20:28], "where no layer reads beyond its margin")
    change = np.abs(moved - decoded(T)).max()
    assert np.abs(moved[..., 4:28] - wide[..., 12:36]).max() < change / 100  # the margins end in other places


def test_a_turned_plane_turns_the_picture_of_r() -> None:
    turned, plain = decoded(R, {"op": "transform", "rotate": 90}), decoded(R)
    assert_close(turned, np.rot90(plain, axes=(2, 3)), "the turned picture")
    assert np.abs(decoded(T, {"op": "transform", "rotate": 90}) - np.rot90(decoded(T), axes=(2, 3))).max() > 1e-2


def test_scale_and_resize_sample_the_plane_differently() -> None:
    larger = decoded(T, {"op": "transform", "scale": 2})
    assert_close(larger, directly(T, np.diag([0.5, 0.5, 1])), "scale 2")
    resized = decoded(T, {"op": "resize", "width": 2, "height": 1})
    assert_close(resized, directly(T, np.diag([0.5, 1, 1]), width=64), "resize")
    mirrored = decoded(T, {"op": "flip", "axis": "x"})
    assert_close(mirrored, directly(T, np.diag([-1.0, 1, 1])), "flip")


@pytest.mark.parametrize("generator", [T, R], ids=["t", "r"])
def test_a_padded_canvas_shows_more_of_the_plane(generator: Any) -> None:
    wide = decoded(generator, {"op": "pad", "left": 0.5, "right": 0.5, "top": 0.25, "bottom": 0.25})
    assert_close(wide, directly(generator, width=64, height=48), "pad")
    lopsided = decoded(generator, {"op": "pad", "left": 1})
    move = np.array([[1, 0, -0.5], [0, 1, 0], [0, 0, 1.0]])
    assert_close(lopsided, directly(generator, move, width=64), "pad left")
    again = decoded(generator, {"op": "pad", "left": 0.5, "right": 0.5}, {"op": "crop", "left": 0.25, "width": 0.5})
    assert_close(again, directly(generator), "cropped again")


def test_a_crop_within_the_pass_keeps_its_surroundings_as_margin() -> None:
    wide = decoded(T, {"op": "pad", "left": 0.5, "right": 0.5})
    cut = decoded(
        T, {"op": "pad", "left": 0.5, "right": 0.5}, {"op": "tap", "layer": "L0"},
        {"op": "crop", "left": 0.25, "width": 0.5},
    )  # fmt: skip
    assert cut.shape == (1, 3, 32, 32)
    assert_close(cut[..., 10:22], wide[..., 26:38], "where no layer reads beyond its margin")
    assert np.abs(cut - wide[..., 16:48]).max() < np.ptp(wide) / 100  # the margins end in other places


def test_a_mosaic_shows_each_picture_in_its_cell() -> None:
    codes = {"op": "sample", "seed": [3, 5, 7], "truncation": 0.7}
    ring = {"op": "mosaic", "of": "code", "grid": [1, 3], "overlap": 0.25}
    nodes = {"code": codes, "ring": ring, "image": {"op": "decode", "of": "ring", "clamp": False}}
    image, plain = compute(T, nodes), decoded(T, seed=[3, 5, 7])
    assert image.shape == (1, 3, 32, 96)
    for cell in range(3):
        centre = slice(32 * cell + 14, 32 * cell + 18)
        apart = np.abs(plain[..., 12:20, 14:18] - image[..., 12:20, centre]).max(axis=(1, 2, 3))  # from each picture
        assert apart[cell] < np.delete(apart, cell).min() / 10


def test_joined_canvases_each_show_their_own_plane() -> None:
    nodes = {
        "a": {"op": "sample", "seed": 3, "truncation": 0.7},
        "b": {"op": "transform", "of": "a", "rotate": 180},
        "both": {"op": "concat", "of": ["a", "b"]},
        "at": {"op": "tap", "of": "both", "layer": "input"},
    }
    joined = compute(T, nodes)
    one = compute(T, {"a": nodes["a"], "at": {"op": "tap", "of": "a", "layer": "input"}})  # type: ignore[dict-item]
    other = compute(T, {"a": nodes["a"], "b": nodes["b"], "at": {"op": "tap", "of": "b", "layer": "input"}})  # type: ignore[dict-item]
    assert joined.shape[2:] == (24, 40)
    assert_close(joined[..., :20], one[..., :20], "the left half")
    assert_close(joined[..., 20:], other[..., 4:], "the right half")


# -- blends


def test_masks_lie_in_the_picture_not_in_the_margin() -> None:
    """A box over the right half of the picture: at L1, of 32 pixels and a margin of 4 on each side."""
    nodes = {
        "a": {"op": "sample", "seed": 3}, "b": {"op": "sample", "seed": 4},
        "one": {"op": "tap", "of": "a", "layer": "L1"}, "two": {"op": "tap", "of": "b", "layer": "L1"},
        "half": {"op": "mask", "kind": "box", "box": [0.5, 0, 0.5, 1]},
        "both": {"op": "blend", "a": "one", "b": "two", "mask": "half", "layers": "here"},
    }  # fmt: skip
    both = compute(T, nodes)
    one = compute(T, {name: nodes[name] for name in ("a", "one")})  # type: ignore[misc]
    two = compute(T, {name: nodes[name] for name in ("b", "two")})  # type: ignore[misc]
    assert both.shape[2:] == (40, 40)
    assert_close(both[..., :20], one[..., :20], "the left half")
    assert_close(both[..., 20:], two[..., 20:], "the right half")
    assert np.abs(one - two).max() > 0.1


def test_a_blend_of_two_frames_samples_both() -> None:
    nodes: dict[str, Any] = {
        "a": {"op": "sample", "seed": 3}, "b": {"op": "transform", "of": "a", "rotate": 40, "dx": 0.2},
        "half": {"op": "mask", "kind": "constant", "value": 0.5},
        "both": {"op": "blend", "a": "a", "b": "b", "mask": "half", "layers": "input"},
        "at": {"op": "tap", "of": "both", "layer": "input"},
    }  # fmt: skip
    one = compute(T, {"a": nodes["a"], "at": {"op": "tap", "of": "a", "layer": "input"}})
    two = compute(T, {"a": nodes["a"], "b": nodes["b"], "at": {"op": "tap", "of": "b", "layer": "input"}})
    assert_close(compute(T, nodes), (one + two) / 2, "features")


def test_masks_turn_with_the_pass_that_carries_them() -> None:
    nodes: dict[str, Any] = {
        "a": {"op": "sample", "seed": 3}, "b": {"op": "sample", "seed": 4},
        "half": {"op": "mask", "kind": "ramp", "start": 0.5, "stop": 0.5, "sampling": "centre"},
        "both": {"op": "blend", "a": "a", "b": "b", "mask": "half"},
        "turned": {"op": "transform", "of": "both", "rotate": 90},
        "image": {"op": "decode", "of": "turned", "clamp": False},
    }  # fmt: skip
    turned = compute(R, nodes)
    plain = compute(R, {**nodes, "turned": {"op": "tap", "of": "both"}})
    assert_close(turned, np.rot90(plain, axes=(2, 3)), "the turned picture")


def test_style_mixing_takes_whole_rows_of_w_plus() -> None:
    nodes: dict[str, Any] = {
        "a": {"op": "sample", "seed": 3}, "b": {"op": "sample", "seed": 4},
        "mixed": {"op": "mix", "a": "a", "b": "b", "layers": "L1.."},
        "image": {"op": "decode", "of": "mixed", "clamp": False},
    }  # fmt: skip
    by_layers = compute(T, nodes)
    by_rows = compute(T, nodes | {"mixed": {"op": "mix", "a": "a", "b": "b", "rows": "2.."}})
    posed = compute(T, nodes | {"mixed": {"op": "align", "of": "b", "to": "a", "rows": "0..1"}})
    assert_close(by_layers, by_rows, "rows")
    assert_close(by_layers, posed, "the pose")


def test_classes_of_a_conditional_model() -> None:
    generator = tiny_stylegan3(2, "t", 3)
    nodes = {"code": {"op": "sample", "seed": 3, "count": 2, "class": [0, 2]}, "image": {"op": "decode", "of": "code"}}
    image = compute(generator, nodes)
    z = torch.randn(2, 8, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        w = generator.map(z, torch.eye(3)[[0, 2]])
        expected = generator.synthesise(generator.affine(w)).clamp(-1, 1).numpy()
    assert_close(image, expected, "classes")
    assert faults(generator, image={"op": "decode", "of": "code"})[0][0] == "nodes.code"


def test_inversion_comes_nearer() -> None:
    nodes: dict[str, Any] = {
        "code": {"op": "sample", "seed": 3, "truncation": 0.7}, "target": {"op": "decode", "of": "code"},
        "mean": {"op": "sample", "seed": 3, "truncation": 0}, "before": {"op": "decode", "of": "mean"},
        "found": {"op": "invert", "of": "target", "space": "w+", "steps": 40}, "after": {"op": "decode", "of": "found"},
    }  # fmt: skip
    document = {"models": {"main": T}, "nodes": nodes, "outputs": ["target", "before", "after"]}
    result = {name: one.array for name, one in fgraph.run(fgraph.load(document), device="cpu").items()}
    before, after = (np.square(result[name] - result["target"]).mean() for name in ("before", "after"))
    assert after < 0.2 * before


# -- directions, bendings, masks of parts


def test_a_bending_moves_by_the_canvas_and_its_margin_moves_along() -> None:
    late = {"op": "tap", "layer": "L1"}
    plain = decoded_features(late)
    moved = decoded_features(late, {"op": "bend", "layers": "here", "kind": "translate", "dx": 0.25})
    layer = T.table.at(T.table.pause("L1"))
    canvas, margin = layer.size[1], layer.margin[1]
    assert margin > 0
    assert plain.shape[3] == canvas + margin
    offset = canvas // 4
    assert_close(moved[..., offset:], plain[..., :-offset], "moved")
    assert not moved[..., :offset].any()


def decoded_features(*steps: dict[str, Any]) -> Any:
    nodes: dict[str, dict[str, Any]] = {"n0": {"op": "sample", "seed": 3}}
    for number, step in enumerate(steps, 1):
        nodes[f"n{number}"] = {"of": f"n{number - 1}"} | step
    return compute(T, nodes)


def test_a_closed_form_direction_does_not_move_the_plane() -> None:
    every = decoded(T, {"op": "direction", "kind": "sefa", "torgb": True, "strength": 2})
    named = decoded(T, {"op": "direction", "kind": "sefa", "torgb": True, "strength": 2, "factorised": "L0.."})
    np.testing.assert_array_equal(every, named)
    assert abs(every - decoded(T)).max() > 0.01


def test_a_part_of_a_face_is_a_mask_like_others() -> None:
    a, b = ({"op": "sample", "seed": seed} for seed in (3, 4))
    half = {"op": "mask", "kind": "region", "region": "left_half", "feather": 0}
    blend = {"op": "blend", "a": "a", "b": "b", "mask": "half", "layers": "L3"}
    image = compute(T, {"a": a, "b": b, "half": half, "m": blend, "image": {"op": "decode", "of": "m", "clamp": False}})
    only_b = {"op": "blend", "a": "a", "b": "b", "mask": "all", "layers": "L3"}
    everywhere = {"op": "mask", "kind": "constant", "value": 1}
    full = compute(
        T, {"a": a, "b": b, "all": everywhere, "m": only_b, "image": {"op": "decode", "of": "m", "clamp": False}}
    )
    plain = compute(T, {"a": a, "image": {"op": "decode", "of": "a", "clamp": False}})
    assert_close(image[..., :8], full[..., :8], "the half that is b's")
    assert_close(image[..., -8:], plain[..., -8:], "the half that is a's")


# -- refusals


@pytest.mark.parametrize(
    ("nodes", "where", "message"),
    [
        ({"wide": {"op": "pad", "of": "code", "left": 0.5, "mode": "circular"}}, "wide.mode", "leave mode out"),
        ({"at": {"op": "shift", "of": "code", "dx": 0.5, "mode": "replicate"}}, "at.mode", "leave mode out"),
        ({"late": {"op": "tap", "of": "code", "layer": "L1"}, "wide": {"op": "pad", "of": "late", "left": 0.5}}, "wide",
         "paused at L1_40_3, where features have no edge to continue from; pad the codes, or the pass at const"),
        ({"late": {"op": "tap", "of": "code", "layer": "L1"}, "big": {"op": "resize", "of": "late", "width": 2}}, "big",
         "which stretching breaks; resize the codes"),
        ({"late": {"op": "tap", "of": "code", "layer": 0}, "at": {"op": "transform", "of": "late"}}, "at.of",
         "paused at input, where the plane has been sampled: transform the codes"),
        ({"image": {"op": "decode", "of": "code"}, "at": {"op": "transform", "of": "image", "rotate": 9}}, "at.of",
         "this is an image"),
        ({"ring": {"op": "mosaic", "of": "code", "grid": [1, 1], "wrap": "x"}}, "ring.wrap", "leave wrap out"),
        ({"wide": {"op": "pad", "of": "code", "left": 0.3}}, "wide", "canvas width"),
        ({"at": {"op": "tap", "of": "code"}}, "at", "has no features at const, only a plane to sample: tap"),
        ({"late": {"op": "tap", "of": "code", "layer": "b8"}}, "late.layer", "model of stylegan3-t has no layer 'b8'"),
        ({"k": {"op": "mask", "kind": "constant", "value": 0.5},
          "m": {"op": "blend", "a": "code", "b": "other", "mask": "k", "layers": "here"}}, "m.layers",
         "no features to mix at const, only a plane: tap both at input"),
        ({"two": {"op": "concat", "of": ["code", "other"]}, "m": {"op": "restyle", "of": "two", "latent": "other"}},
         "m.of", "are at different places of the plane"),
        ({"at": {"op": "transform", "of": "code", "scale": 0}}, "at", "it must be above 0"),
        ({"m": {"op": "patches", "of": "code", "patches": [{"box": [0, 0, 0.5, 0.5], "to": [0.5, 0.5]}]}},
         "m.of", "margins: blend the pass with a shifted one"),
        ({"m": {"op": "patches", "of": "code", "layers": "L1..", "patches": {"count": 1, "seed": 2}}}, "m.of",
         "the maps of model 'tiny_t0' (stylegan3-t) have margins"),
        ({"m": {"op": "own", "of": "code", "reference": "other", "part": 0, "layer": "L1"}}, "m.of",
         "clustered in StyleGAN2 only, and model 'tiny_t0' (stylegan3-t) is not one: use mix"),
        ({"m": {"op": "bend", "of": "code", "layers": "L1", "kind": "invert", "clusters": 2, "cluster": 0}},
         "m.cluster", "choose channels by number or by fraction"),
        ({"m": {"op": "bend", "of": "code", "layers": "here", "kind": "invert"}}, "m.layers",
         "no channels to bend at const, only a plane: tap it at input"),
        ({"m": {"op": "direction", "of": "code", "kind": "sefa", "factorised": "input"}}, "m.factorised",
         "none of these layers is a convolution"),
    ],
)  # fmt: skip
def test_meaningless_requests_are_refused_with_the_cure(nodes: Any, where: str, message: str) -> None:
    found = faults(T, **nodes)
    assert [one[0] for one in found] == [f"nodes.{where}"]
    assert message in found[0][1]


def test_messages_name_the_model_and_its_architecture() -> None:
    (late,) = faults(R, wide={"op": "pad", "of": "code", "left": 0.5, "mode": "replicate"})
    assert "model 'tiny_r0' (stylegan3-r)" in late[1]
    (plain,) = faults(tiny(0), at={"op": "transform", "of": "code", "rotate": 9})
    assert plain[0] == "nodes.at.of"
    assert "model 'tiny0' (skip) is a StyleGAN2, which starts from a constant: use shift, flip or resize" in plain[1]


def test_models_of_other_layers_do_not_meet() -> None:
    document = {
        "models": {"main": T, "turning": R},
        "nodes": {"a": {"op": "sample"}, "at": {"op": "tap", "of": "a"}, "b": {"op": "sample", "model": "turning"},
                  "m": {"op": "restyle", "of": "at", "latent": "b"}, "image": {"op": "decode", "of": "m"}},
        "outputs": ["image"],
    }  # fmt: skip
    (found,) = fgraph.check(fgraph.load(document))
    assert "model 'tiny_r0' cannot continue a pass of 'tiny_t0'" in found.message
