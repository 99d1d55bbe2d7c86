"""The search: what it changes, how rows end, and that rows do not disturb each other."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fgraph.dragging.points import DragPoints
from fgraph.dragging.search import DragOutcome, DragSearch
from fgraph.dragging.settings import DragError, DragSettings, Reading, make_drag_settings
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from tests.networks import tiny
from tests.rounding import HALF_THE_DIGITS, assert_within
from tests.stylegan3_networks import tiny_stylegan3

ONE = DragPoints(((0.4, 0.5),), ((0.7, 0.5),))
TWO = DragPoints(((0.3, 0.3), (0.6, 0.7)), ((0.3, 0.6), (0.9, 0.7)))


@pytest.fixture(scope="module")
def generator() -> Generator:
    return tiny(1)


def codes_of(generator: Generator, rows: int, space: str = "w+") -> Tensor:
    z = torch.randn(rows, generator.table.z_dim, generator=torch.Generator().manual_seed(5)).to(generator.dtype)
    with torch.no_grad():
        w = generator.map(z)
        if space == "s":
            return generator.affine(w)
    return w[:, None].expand(-1, generator.table.num_ws, -1).contiguous()


def settings_of(**changes: object) -> DragSettings:
    return make_drag_settings(**({"rows": (0, 3), "steps": 6, "patience": 0, "learning_rate": 0.01} | changes))


def drag(search: DragSearch) -> list[DragOutcome]:
    found: dict[int, DragOutcome] = {}
    count = len(search.rows)
    while search.rows:
        found |= search.step()
    return [found[row] for row in range(count)]


def test_only_the_chosen_rows_change(generator: Generator) -> None:
    start = codes_of(generator, 1)
    (one,) = drag(DragSearch(generator, settings_of(rows=(1, 3)), start, [ONE]))
    moved = (one.code - start[0]).abs().amax(dim=1)
    assert moved[0] == 0
    assert bool((moved[1:3] > 0).all())
    assert float(moved[3:].sum()) == 0


def test_in_w_the_chosen_rows_change_alike(generator: Generator) -> None:
    start = codes_of(generator, 1)
    (one,) = drag(DragSearch(generator, settings_of(space="w"), start, [ONE]))
    change = one.code - start[0]
    assert float(change[0].abs().max()) > 0
    assert torch.equal(change[0], change[1])
    assert float(change[3:].abs().sum()) == 0


def test_in_s_only_styles_of_these_rows_change(generator: Generator) -> None:
    start = codes_of(generator, 1, "s")
    (one,) = drag(DragSearch(generator, settings_of(space="s", rows=(0, 1)), start, [ONE]))
    change = (one.code - start[0]).abs()
    for layer in generator.table.layers[1:]:
        moved = float(change[layer.style_slice].sum())
        assert (moved > 0) == (layer.ws_index == 0 and layer.kind == "conv"), layer.name


@pytest.mark.numeric
@pytest.mark.parametrize("tracking", ["nearest", "adaptive"])
def test_rows_are_the_same_alone_and_in_a_batch(generator: Generator, tracking: str) -> None:
    """Rows have different points, numbers of points and masks, and end at different steps.

    In float64: Adam divides by the size of gradients, which enlarges the rounding errors of gradients near 0.
    """
    generator = generator.to(dtype=torch.float64)
    start, settings = codes_of(generator, 3), settings_of(tracking=tracking)
    mask = torch.ones(3, 1, 16, 16, dtype=torch.float64)
    mask[1, :, 8:] = 0
    near = DragPoints(((0.5, 0.5),), ((0.53, 0.5),))  # half a pixel: it has arrived before the first step
    points = [ONE, TWO, near]
    together = drag(DragSearch(generator, settings, start, points, mask))
    for row in range(3):
        one = slice(row, row + 1)
        (alone,) = drag(DragSearch(generator, settings, start[one], points[one], mask[one]))
        assert alone.ending == together[row].ending
        assert torch.equal(alone.trail, together[row].trail)
        assert_within(alone.code, together[row].code, HALF_THE_DIGITS)
    if tracking == "nearest":
        assert (together[2].ending, together[2].steps) == ("arrived", 0)
        assert torch.equal(together[2].code, start[2])


def test_a_row_without_progress_is_stuck(generator: Generator) -> None:
    settings = settings_of(learning_rate=1e-12, steps=100, patience=7)
    (one,) = drag(DragSearch(generator, settings, codes_of(generator, 1), [ONE]))
    assert (one.ending, one.steps) == ("stuck", 7)


def test_the_result_is_the_code_after_the_last_step(generator: Generator) -> None:
    """A search of 6 steps ends with the code after 6 steps, and its trail has the places before and after each."""
    start = codes_of(generator, 1)
    search = DragSearch(generator, settings_of(steps=100), start, [TWO])
    for _ in range(6):
        search.step()
    (one,) = drag(DragSearch(generator, settings_of(steps=6), start, [TWO]))
    assert one.steps == 6
    assert torch.equal(one.code, search.codes[0])
    assert one.trail.shape == (7, 2, 2)


def test_the_mask_preserves_features(generator: Generator) -> None:
    start, mask = codes_of(generator, 1), torch.zeros(1, 1, 16, 16)
    mask[..., :, 4:12] = 1
    changes = []
    for keep in (0.0, 200.0):
        search = DragSearch(generator, settings_of(steps=20, keep=keep), start, [ONE], mask)
        before = search._features(search._change).values.detach()
        (one,) = drag(search)
        after = generator.activation(generator.affine(one.code[None]), search._layer, "none").detach()
        outside = 1 - torch.nn.functional.interpolate(mask, size=before.shape[2:], mode="area")
        changes.append(float(((after - before).abs() * outside).mean()))
    assert changes[1] < changes[0] / 2


@pytest.mark.parametrize("reading", ["paper", "code"])
def test_only_the_reading_code_depends_on_noise(generator: Generator, reading: Reading) -> None:
    """The same drag, with the noise of the model and without."""
    silent = {name: value * (not name.endswith(".noise_strength")) for name, value in generator.tensors.items()}
    models = (generator, StyleGAN2Generator.from_tensors(generator.table, silent))
    codes = [
        drag(DragSearch(one, settings_of(steps=4, reading=reading), codes_of(one, 1), [ONE]))[0].code for one in models
    ]
    assert torch.equal(*codes) == (reading == "paper")


def test_the_loss_falls(generator: Generator) -> None:
    """The loss of adaptive tracking is less in the fourth step than in the first."""
    search = DragSearch(generator, settings_of(tracking="adaptive", learning_rate=0.003), codes_of(generator, 1), [ONE])
    losses = []
    for _ in range(4):
        search.step()
        losses.append(float(search.losses))
    assert losses[3] < losses[0]


def test_stylegan3_is_dragged_too() -> None:
    generator = tiny_stylegan3(3)
    start = codes_of(generator, 1)
    (one,) = drag(DragSearch(generator, settings_of(), start, [ONE]))
    assert float((one.code - start[0])[:3].abs().max()) > 0
    assert bool(one.code.isfinite().all())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": (0, 99)}, "rows 0 to 99: this model has"),
        ({"layer": "b8.conv7"}, "'b8.conv7' is not a convolution of this model"),
        ({"space": "s"}, "codes have shape"),
    ],
)
def test_settings_that_do_not_fit_the_model_are_refused(
    generator: Generator, change: dict[str, object], message: str
) -> None:
    with pytest.raises(DragError, match=message):
        DragSearch(generator, settings_of(**change), codes_of(generator, 1), [ONE])


def test_a_mask_of_another_size_is_refused(generator: Generator) -> None:
    with pytest.raises(DragError, match=r"mask: its shape is \[1, 1, 8, 8\], expected \[rows, 1, 16, 16\]"):
        DragSearch(generator, settings_of(), codes_of(generator, 1), [ONE], torch.ones(1, 1, 8, 8))
