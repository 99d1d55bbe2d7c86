"""The number that a job returns."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

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
    with pytest.raises(FgraphError, match="this graph has no image to measure"):
        Objective("mean").measure({"code": CODE})
    with pytest.raises(FgraphError, match="cannot read"):
        Objective("distance", target=str(tmp_path / "none.png")).measure({"image": GREY})
    Image(np.zeros((1, 3, 8, 8), np.float32)).save(tmp_path / "large.png")
    with pytest.raises(FgraphError, match=r"has 8 x 8 pixels"):
        Objective("distance", target=str(tmp_path / "large.png")).measure({"image": GREY})


def test_the_target_is_read_like_any_picture(tmp_path: Path) -> None:
    PillowImage.new("RGBA", (6, 4), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    white = Image(np.ones((1, 3, 4, 6), np.float32))
    assert Objective("distance", target=str(tmp_path / "clear.png")).measure({"image": white}) == 0
    PillowImage.new("RGB", (6, 4), (255, 0, 0)).save(tmp_path / "red.png")
    grey = Image(np.full((1, 1, 4, 6), 76 / 127.5 - 1, np.float32))  # 0.299 of 255, ITU-R 601
    assert Objective("distance", target=str(tmp_path / "red.png")).measure({"image": grey}) == pytest.approx(
        0, abs=1e-6
    )
    with pytest.raises(FgraphError, match="images of 1 or 3 channels, not 4"):
        Objective("distance", target=str(tmp_path / "red.png")).measure(
            {"image": Image(np.ones((1, 4, 4, 6), np.float32))}
        )
