"""The number that a job returns."""

from pathlib import Path

import numpy as np
import pytest

from fgraph._errors import FgraphError
from fgraph._results import Image, Latents
from fgraph.sweep.objective import Objective

GREY = Image(np.full((2, 3, 4, 6), 0.5, np.float32))
CODE = Latents(np.zeros((1, 8), np.float32), "w", "landscape")


def test_metrics(tmp_path: Path) -> None:
    assert Objective("mean").measure({"code": CODE, "image": GREY}) == 0.5
    assert Objective("deviation", "image").measure({"other": GREY, "image": GREY}) == 0
    GREY.save(tmp_path / "grey.png")
    target = str(tmp_path / "grey_000.png")
    assert Objective("distance", target=target).measure({"image": GREY}) == pytest.approx(0, abs=1 / 255)
    black = Image(np.full((1, 3, 4, 6), -1, np.float32))
    assert Objective("distance", target=target).measure({"image": black}) == pytest.approx(1.5, abs=1 / 255)


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(FgraphError, match="did you mean 'mean'"):
        Objective("maen")
    with pytest.raises(FgraphError, match=r"objective\.target"):
        Objective("distance")
    with pytest.raises(FgraphError, match=r"this graph has no image 'code', but \['image'\]"):
        Objective("mean", "code").measure({"code": CODE, "image": GREY})
    with pytest.raises(FgraphError, match="has no image"):
        Objective("mean").measure({"code": CODE})
    with pytest.raises(FgraphError, match="cannot read"):
        Objective("distance", target=str(tmp_path / "none.png")).measure({"image": GREY})
    Image(np.zeros((1, 3, 8, 8), np.float32)).save(tmp_path / "large.png")
    with pytest.raises(FgraphError, match=r"is \(8, 8\)"):
        Objective("distance", target=str(tmp_path / "large.png")).measure({"image": GREY})
