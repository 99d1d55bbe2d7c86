"""`fgraph list`: the lists, with a line on each entry."""

import pytest

from fgraph.cli import main


def test_published_edits_are_listed_with_model_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "edits"]) == 0
    printed = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "smile StyleGAN2 config-f, FFHQ, 1024 pixels: channels 6:501 (StyleSpace)" in printed
    row = "ganspace.ffhq.big_smile StyleGAN2, FFHQ, 1024 pixels: component 19, rows 4..4, strength 10 (GANSpace)"
    assert row in printed
    assert printed[-1].startswith("GANSpace: Härkönen et al. 2020")


def test_edits_are_not_among_the_usual_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    printed = capsys.readouterr().out
    assert "fgraph list edits shows them" in printed
    assert "big_smile" not in printed
