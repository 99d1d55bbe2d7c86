"""A row does not depend on the rows beside it: how many, which, where, finite or not, cut by a budget or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch

import fgraph
from tests.networks import tiny
from tests.rounding import assert_within, largest, likely, network_terms

pytestmark = pytest.mark.numeric

ROWS = 8


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def codes(rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, tiny(0).table.w_dim)).astype(np.float32)


def images(latents: np.ndarray, **options: object) -> np.ndarray:
    """Return blends of the given codes with a fixed one."""
    graph = fgraph.Graph(models={"main": tiny(0)})
    given = graph.latent(value=latents.tolist(), space="w")
    fade = graph.mask("ramp", axis="x", start=0.25, stop=0.75)
    image = graph.decode(graph.blend(given, graph.sample(seed=3), mask=fade))
    result = fgraph.run(graph, outputs={"image": image}, device="cpu", **options)
    return np.asarray(result["image"].array)


def assert_rounded_alike(found: np.ndarray, expected: np.ndarray) -> None:
    """Assert that images are equal except for rounding: their sums may be computed in another order."""
    assert_within(found, expected, likely(network_terms(tiny(0).table), largest(expected)))


@pytest.mark.parametrize("count", [0, 1, 2, 5, 63])
@pytest.mark.parametrize("position", ["first", "middle", "last"])
def test_a_row_among_others_equals_the_row_alone(count: int, position: str) -> None:
    row, mates = codes(1, 1), codes(count, 2)
    at = {"first": 0, "middle": count // 2, "last": count}[position]
    together = images(np.concatenate([mates[:at], row, mates[at:]]))
    alone = images(row)[0]
    assert_rounded_alike(together[at], alone)


@pytest.mark.parametrize("budget", [None, "1MiB"], ids=["whole", "cut"])
@pytest.mark.parametrize("count", [1, 2], ids=["one thread", "two threads"])
def test_threads_and_budgets_change_rounding_alone(budget: str | None, count: int) -> None:
    latents = codes(ROWS, 5)
    expected = images(latents)
    with threads(count):
        found = images(latents, memory=budget)
    assert_rounded_alike(found, expected)


def test_a_second_run_makes_the_same_bits() -> None:
    latents = codes(ROWS, 6)
    assert images(latents).tobytes() == images(latents).tobytes()


@pytest.mark.parametrize("at", [0, 3, ROWS - 1])
def test_a_row_that_overflows_leaves_the_others_unchanged(at: int) -> None:
    """A row whose numbers are not all finite leaves the other rows as they are."""
    latents = codes(ROWS, 7)
    expected = np.delete(images(latents), at, axis=0)
    latents[at] = 3e38
    found = images(latents)
    assert not np.isfinite(found[at]).all()
    assert_rounded_alike(np.delete(found, at, axis=0), expected)


@pytest.mark.parametrize("engine", ["batched", "eager"])
@pytest.mark.parametrize("value", [0.0, [0.0, 0.0, 1.0, 0.0]], ids=["of every row", "of some rows"])
def test_a_weight_of_0_keeps_out_values_that_are_not_finite(engine: fgraph.api.pipeline.Engine, value: Any) -> None:
    """A blend is its first operand where its mask is 0, whatever the second operand holds."""

    def run(second: float) -> np.ndarray:
        graph = fgraph.Graph(models={"main": tiny(0)})
        first = graph.tap(graph.latent(value=codes(4, 8).tolist(), space="w"), layer="b8.conv0")
        other = graph.tap(
            graph.latent(value=(np.sign(codes(4, 9)) * np.float32(second)).tolist(), space="w"), layer="b8.conv0"
        )
        mixed = graph.decode(graph.blend(first, other, mask=graph.mask("constant", value=value)))
        result = fgraph.run(graph, outputs={"image": mixed}, engine=engine, device="cpu")
        return np.asarray(result["image"].array)

    found, expected = run(3e38), run(1.0)
    rows = [row for row, weight in enumerate(np.broadcast_to(np.asarray(value), 4)) if weight == 0]
    assert_rounded_alike(found[rows], expected[rows])


@pytest.mark.parametrize("engine", ["batched", "eager"])
def test_half_of_a_picture_survives_values_that_are_not_finite_beside_it(engine: fgraph.api.pipeline.Engine) -> None:
    """After the last convolution, pixels where the mask is 0 equal the pixels of the first operand up to rounding."""
    graph = fgraph.Graph(models={"main": tiny(0)})
    first = graph.sample(seed=4)
    second = graph.latent(value=(np.sign(codes(1, 9)) * np.float32(3e38)).tolist(), space="w")
    half = graph.mask("box", box=[0, 0, 0.5, 1])
    last = tiny(0).table.layers[-1].name
    mixed = graph.decode(graph.blend(first, second, mask=half, layers=last))
    outputs = {"mixed": mixed, "plain": graph.decode(first)}
    found = fgraph.run(graph, outputs=outputs, engine=engine, device="cpu")
    plain, array = np.asarray(found["plain"].array), np.asarray(found["mixed"].array)
    width = array.shape[-1] // 2
    assert np.isfinite(plain).all()
    assert_rounded_alike(array[..., width:], plain[..., width:])


OVERFLOW = np.sign(codes(1, 9)) * np.float32(3e38)  # a code whose image holds no finite number


@pytest.mark.parametrize("engine", ["batched", "eager"])
def test_a_lerp_by_0_is_its_first_code_whatever_the_second_holds(engine: fgraph.api.pipeline.Engine) -> None:
    graph = fgraph.Graph(models={"main": tiny(0)})
    first, second = (graph.latent(value=one.tolist(), space="w") for one in (codes(1, 8), OVERFLOW))
    outputs = {"plain": graph.decode(first), "mixed": graph.decode(graph.lerp(first, second, t=[0.0, 0.5, 0.0]))}
    found = fgraph.run(graph, outputs=outputs, engine=engine, device="cpu")
    plain, mixed = np.asarray(found["plain"].array)[0], np.asarray(found["mixed"].array)
    for row in (0, 2):
        assert_rounded_alike(mixed[row], plain)
    assert not np.isfinite(mixed[1]).all()


@pytest.mark.parametrize("engine", ["batched", "eager"])
def test_columns_of_a_knit_from_one_image_survive_values_that_are_not_finite(
    engine: fgraph.api.pipeline.Engine,
) -> None:
    """Pixels that come from one image alone equal the pixels of that image to the bit."""
    graph = fgraph.Graph(models={"main": tiny(0)})
    both = graph.decode(graph.latent(value=np.concatenate([codes(1, 8), OVERFLOW]).tolist(), space="w"))
    outputs = {"both": both, "joined": graph.knit(both, start=0.25, stop=0.75)}
    found = fgraph.run(graph, outputs=outputs, engine=engine, device="cpu")
    images, joined = np.asarray(found["both"].array), np.asarray(found["joined"].array)
    first = images.shape[-1] // 2  # columns before the fade begins to read the second image
    assert np.isfinite(images[0]).all()
    assert not np.isfinite(images[1]).any()
    np.testing.assert_array_equal(joined[0, ..., :first], images[0, ..., :first])
