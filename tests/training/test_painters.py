"""Data from Python: painters that make pictures on the fly."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fgraph.training import TrainingError, painters
from fgraph.training.painters import PaintedBatches, draw_maps, load_painter, names_painter, paint_with
from fgraph.training.run import train
from fgraph.training.snapshot import SNAPSHOT, read_snapshot
from tests.training.conftest import Choose
from tests.training.states import assert_same

SOURCE = """
from dataclasses import dataclass
import shades

@dataclass
class Grey:
    numbers: int = 2
    def paint(self, z, size):
        return (z[:, :1, None, None] * shades.STRENGTH).expand(-1, 3, size, size) + z[:, 1:, None, None] * 0

class Speckled(Grey):
    noise = True
    def paint(self, z, size, noise):
        return super().paint(z, size) + 0.1 * noise[-1]

class Flat(Grey):
    def paint(self, z, size):
        return super().paint(z, size)[:, :1]

class Nothing:
    pass

class Fewer(Grey):
    numbers = -3
    def __init__(self):
        pass

class Yes(Fewer):
    numbers = True

class More(Fewer):
    numbers = 10**13

class Lists(Grey):
    def paint(self, z, size):
        return [1]

class Whole(Grey):
    def paint(self, z, size):
        return super().paint(z, size).long()

class Infinite(Grey):
    def paint(self, z, size):
        return super().paint(z, size) / 0
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "shades.py").write_text("STRENGTH = 0.25")
    (tmp_path / "grey.py").write_text(SOURCE)
    return tmp_path / "grey.py"


def test_only_a_class_in_a_python_file_names_a_painter() -> None:
    assert names_painter(Path("examples/grey.py:Grey"))
    assert not any(map(names_painter, map(Path, ("data", "data.zip", "grey.py", "C:/data", "a.py:x/y"))))


def test_pictures_are_the_same_a_few_at_a_time(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of 2 pictures, then all 5 at once."""
    batches = PaintedBatches(load_painter(Path(f"{file}:Speckled")), 16, 0, flip=True)
    whole = batches.take(0, 5)
    monkeypatch.setattr(painters, "PIXELS", 2 * 16 * 16)
    assert torch.equal(batches.take(0, 5), whole)


def test_batches_follow_from_seed_and_number_alone(file: Path) -> None:
    painter = load_painter(Path(f"{file}:Grey"))
    batches, again = (PaintedBatches(painter, 16, seed, flip=True) for seed in (0, 0))
    first = batches.take(0, 4)
    assert first.shape == (4, 3, 16, 16)
    assert float(first.abs().max()) <= 1
    batches.take(4, 4)
    assert torch.equal(again.take(0, 4), first)
    assert not torch.equal(batches.take(4, 4), first)
    assert not torch.equal(batches.take(0, 4, "R1"), first)
    assert not torch.equal(PaintedBatches(painter, 16, 1, flip=True).take(0, 4), first)


def test_a_training_on_a_painter_resumes_bit_for_bit(
    choose: Choose, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    halves = choose(data=f"{file}:Grey")
    whole = halves.model_copy(update={"target": halves.target / "whole"})
    train(whole)
    train(halves.model_copy(update={"images": 8}))
    train(halves)
    assert_same(read_snapshot(halves.target / SNAPSHOT), read_snapshot(whole.target / SNAPSHOT))
    assert "a painter's pictures of 16 pixels" in capsys.readouterr().out


def test_the_noise_of_a_painter_is_the_one_of_the_generator_or_drawn(file: Path) -> None:
    """Two layers of a generator have one resolution: the texture comes from the first of them."""
    batches = PaintedBatches(load_painter(Path(f"{file}:Speckled")), 8, 0, flip=False)
    plain = PaintedBatches(load_painter(Path(f"{file}:Grey")), 8, 0, flip=False)
    z = torch.randn(4, 6, generator=torch.Generator().manual_seed(3))
    flat = plain.paint(z, [], torch.Generator())
    coarse, first, second = (torch.full((4, 1, side, side), value) for side, value in ((4, 3.0), (8, 1.0), (8, 2.0)))
    assert torch.equal(batches.paint(z, [coarse, first, second], torch.Generator()), (flat + 0.1).clamp(-1, 1))
    drawn, same, other = (batches.paint(z, [], torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(drawn, same)
    assert not torch.equal(drawn, other)
    maps = draw_maps(4, 8, torch.Generator().manual_seed(1))
    assert [tuple(each.shape) for each in maps] == [(4, 1, 4, 4), (4, 1, 8, 8)]
    assert torch.equal(drawn, (flat + 0.1 * maps[-1]).clamp(-1, 1))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.py:Grey", "there is no file .*none.py"),
        ("grey.py:Gray", "AttributeError: .*Gray"),
        ("grey.py:Nothing", r"Nothing is not a painter; expected `numbers` from 1 to 65536, and `paint"),
        ("grey.py:Yes", "Yes is not a painter"),
        ("grey.py:Fewer", "Fewer is not a painter"),
        ("grey.py:More", "More is not a painter"),
        ("x" * 300 + ".py:Grey", "there is no file"),
    ],
)
def test_an_object_that_is_not_a_painter_is_an_error(file: Path, name: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        load_painter(file.parent / name)


def test_a_painter_of_a_user_without_a_home_folder_is_an_error() -> None:
    with pytest.raises(TrainingError, match="there is no file ~nobody_of_this_name"):
        load_painter(Path("~nobody_of_this_name/grey.py:Grey"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Lists", "made list; expected a tensor of floating-point numbers"),
        ("Whole", "made torch.int64; expected a tensor of floating-point numbers"),
        ("Infinite", "are not finite"),
    ],
)
def test_pictures_that_no_training_can_read_are_errors(file: Path, name: str, message: str) -> None:
    batches = PaintedBatches(load_painter(Path(f"{file}:{name}")), 16, 0, flip=False)
    with pytest.raises(TrainingError, match=message):
        batches.take(0, 4)


def test_pictures_of_another_shape_are_errors(file: Path) -> None:
    batches = PaintedBatches(load_painter(Path(f"{file}:Flat")), 16, 0, flip=False)
    with pytest.raises(TrainingError, match=r"of shape \(4, 1, 16, 16\); expected \(4, 3, 16, 16\)"):
        batches.take(0, 4)


EXAMPLES = Path(__file__).parents[2] / "examples" / "training"


@pytest.mark.parametrize("name", ["landscapes.py:Landscapes", "heads.py:Heads", "heads.py:Toons", "heads.py:Sketches"])
def test_a_painter_of_the_examples_paints_any_size(name: str) -> None:
    painter = load_painter(EXAMPLES / name)
    draw = torch.Generator().manual_seed(0)
    z = torch.randn(4, painter.numbers, generator=draw)
    tiny, small, large = (paint_with(painter, z, size, draw_maps(4, size, draw)) for size in (8, 32, 64))
    assert bool(tiny.isfinite().all())
    assert (small.shape, large.shape) == ((4, 3, 32, 32), (4, 3, 64, 64))
    for pictures in (small, large):
        assert bool(pictures.isfinite().all())
        assert float(pictures.abs().max()) <= 1
    halved = torch.nn.functional.avg_pool2d(large, 2)
    apart = (small[:, None] - halved).square().mean(dim=(2, 3, 4))  # [small pictures, large pictures]
    assert apart.argmin(dim=1).tolist() == [0, 1, 2, 3]  # the same scenes
    moved = (small.roll(1, 3) - halved).square().mean(dim=(1, 2, 3))
    assert bool((apart.diagonal() < moved).all())  # in the same place


@pytest.mark.parametrize("name", ["landscapes.py:Landscapes", "heads.py:Heads"])
def test_each_number_of_a_painter_of_the_examples_changes_its_picture(name: str) -> None:
    """Among eight pictures, at least one changes where a number rises by 2."""
    painter = load_painter(EXAMPLES / name)
    draw = torch.Generator().manual_seed(0)
    z, maps = torch.randn(8, painter.numbers, generator=draw), draw_maps(8, 32, draw)
    before = paint_with(painter, z, 32, maps)
    changed = z.repeat(painter.numbers, 1, 1) + 2 * torch.eye(painter.numbers)[:, None]
    after = torch.stack([paint_with(painter, one, 32, maps) for one in changed])
    assert [i for i, pictures in enumerate(after) if torch.equal(pictures, before)] == []


@pytest.mark.parametrize("name", ["landscapes.py:Landscapes", "heads.py:Sketches"])
def test_a_painter_of_the_examples_draws_texture_from_noise(name: str) -> None:
    """Other noise changes details by more than 8 bits round away, and coarse shapes less; less than other scenes do."""
    painter = load_painter(EXAMPLES / name)
    draw = torch.Generator().manual_seed(0)
    z = torch.randn(8, painter.numbers, generator=draw)
    one, other = (paint_with(painter, z, 64, draw_maps(8, 64, draw)) for _ in range(2))
    coarse = torch.nn.functional.avg_pool2d(one - other, 8)
    fine = one - other - torch.nn.functional.interpolate(coarse, scale_factor=8)
    assert float(fine.abs().mean()) * 127.5 > 0.5
    assert float(coarse.square().mean()) < float(fine.square().mean())
    assert float((one - other).square().mean()) < float((one - one.roll(1, 0)).square().mean())
