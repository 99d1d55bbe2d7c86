"""Data from Python: painters that make pictures on the fly."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fgraph.training import TrainingError, painters
from fgraph.training.painters import PaintedBatches, count_numbers, load_painter, names_painter
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
    free = 1
    def paint(self, z, size):
        return super().paint(z[:, :2], size) + 0.1 * z[:, 2, None, None, None]

class Flat(Grey):
    def paint(self, z, size):
        return super().paint(z, size)[:, :1]

class Nothing:
    pass
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


def test_a_training_on_a_painter_goes_on_bit_for_bit(
    choose: Choose, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    halves = choose(data=f"{file}:Grey")
    whole = halves.model_copy(update={"target": halves.target / "whole"})
    train(whole)
    train(halves.model_copy(update={"images": 8}))
    train(halves)
    assert_same(read_snapshot(halves.target / SNAPSHOT), read_snapshot(whole.target / SNAPSHOT))
    assert "a painter's pictures of 16 pixels" in capsys.readouterr().out


def test_free_numbers_differ_where_the_code_is_the_same(file: Path) -> None:
    batches = PaintedBatches(load_painter(Path(f"{file}:Speckled")), 8, 0, flip=False)
    plain = PaintedBatches(load_painter(Path(f"{file}:Grey")), 8, 0, flip=False)
    z = torch.randn(4, 6, generator=torch.Generator().manual_seed(3))
    first, same, other = (batches.paint(z, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert batches.numbers == 2
    free = torch.randn(4, 1, generator=torch.Generator().manual_seed(1))
    expected = plain.paint(z, torch.Generator()) + 0.1 * free[:, :, None, None]
    assert torch.equal(first, expected.clamp(-1, 1))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.py:Grey", "there is no file .*none.py"),
        ("grey.py:Gray", "AttributeError: .*Gray"),
        ("grey.py:Nothing", r"Nothing is not a painter; expected `numbers` and `paint\(z, size\)`"),
    ],
)
def test_what_is_no_painter_is_told(file: Path, name: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        load_painter(file.parent / name)


def test_pictures_of_another_shape_are_told(file: Path) -> None:
    batches = PaintedBatches(load_painter(Path(f"{file}:Flat")), 16, 0, flip=False)
    with pytest.raises(TrainingError, match=r"of shape \(4, 1, 16, 16\); expected \(4, 3, 16, 16\)"):
        batches.take(0, 4)


EXAMPLES = Path(__file__).parents[2] / "examples" / "training"


@pytest.mark.parametrize("name", ["landscapes.py:Landscapes", "heads.py:Heads", "heads.py:Toons", "heads.py:Sketches"])
def test_a_painter_of_the_examples_paints_any_size(name: str) -> None:
    painter = load_painter(EXAMPLES / name)
    z = torch.randn(4, count_numbers(painter), generator=torch.Generator().manual_seed(0))
    small, large = painter.paint(z, 32), painter.paint(z, 64)
    assert (small.shape, large.shape) == ((4, 3, 32, 32), (4, 3, 64, 64))
    for pictures in (small, large):
        assert bool(pictures.isfinite().all())
        assert float(pictures.abs().max()) <= 1
    difference = small - torch.nn.functional.avg_pool2d(large, 2)
    others = small - small.roll(1, 0)
    assert float(difference.square().mean()) < 0.1 * float(others.square().mean())  # the same scenes


@pytest.mark.parametrize("name", ["landscapes.py:Landscapes", "heads.py:Heads"])
def test_each_number_of_a_painter_of_the_examples_changes_its_picture(name: str) -> None:
    """Among eight pictures, at least one changes where a number rises by 2."""
    painter = load_painter(EXAMPLES / name)
    count = count_numbers(painter)
    z = torch.randn(8, count, generator=torch.Generator().manual_seed(0))
    before = painter.paint(z, 32)
    changed = z.repeat(count, 1, 1) + 2 * torch.eye(count)[:, None]
    after = torch.stack([painter.paint(one, 32) for one in changed])
    assert [i for i, pictures in enumerate(after) if torch.equal(pictures, before)] == []
