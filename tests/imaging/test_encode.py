"""Encoded pictures where memory runs out."""

import numpy as np
import pytest
from PIL import Image

from fgraph._imaging.encode import encode_picture
from fgraph.save.video import VideoOptions, _encode_gif

PICTURE = Image.new("RGB", (8, 8))


@pytest.fixture
def _no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's encoders fail as they do where zlib gets no memory."""

    def fail(*_: object, **__: object) -> None:
        raise OSError("codec configuration error when writing image file")

    monkeypatch.setattr("PIL.ImageFile._encode_tile", fail)


@pytest.mark.usefixtures("_no_memory")
@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_an_encoder_without_memory_is_not_a_bug(kind: str) -> None:
    with pytest.raises(MemoryError, match="cannot encode 8 x 8 pixels"):
        encode_picture(PICTURE, kind)


@pytest.mark.usefixtures("_no_memory")
def test_a_film_without_memory_is_not_a_bug() -> None:
    with pytest.raises(MemoryError, match="cannot encode 8 x 8 pixels"):
        _encode_gif([np.asarray(PICTURE)] * 2, VideoOptions(), "")
