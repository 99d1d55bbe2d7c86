"""Vectors of texts and of images by CLIP, for directions of texts."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

MODEL, WEIGHTS = "ViT-B-32-quickgelu", "openai"  # the network and weights of the published fs3.npy


@lru_cache(maxsize=256)
def embed_text(text: str) -> NDArray[np.float32]:
    """Return the vectors [templates, F] of a text in each of the ImageNet templates of CLIP.

    Raises:
        ValueError: the extra `clip` is not installed, or the weights of CLIP cannot be loaded.
    """
    clip, model = load_clip()
    templates = [template(text) for template in clip.OPENAI_IMAGENET_TEMPLATES]
    with torch.inference_mode():
        vectors = model.encode_text(clip.get_tokenizer(MODEL)(templates))
    return np.asarray(vectors.float().cpu().numpy(), np.float32)


def embed_images(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the vectors [rows, F] of RGB images [rows, 3, H, W] in [-1, 1].

    Raises:
        ValueError: the extra `clip` is not installed, or the weights of CLIP cannot be loaded.
    """
    _, model = load_clip()
    visual = model.visual
    side = visual.image_size[0] if isinstance(visual.image_size, tuple) else visual.image_size
    mean, deviation = (torch.tensor(one).view(3, 1, 1) for one in (visual.image_mean, visual.image_std))
    with torch.inference_mode():
        x = torch.from_numpy(images).add(1).div(2).clamp(0, 1)
        x = interpolate(x, size=(side, side), mode="bicubic", antialias=True).clamp(0, 1)
        vectors = model.encode_image((x - mean) / deviation)
    return np.asarray(vectors.float().cpu().numpy(), np.float32)


@lru_cache(maxsize=1)
def load_clip() -> tuple[Any, Any]:
    """Return the module open_clip, and the model of CLIP.

    Raises:
        ValueError: the extra `clip` is not installed, or the weights of CLIP cannot be loaded.
    """
    try:
        import open_clip
    except ImportError as error:
        raise ValueError("CLIP is missing: pip install 'fgraph-gan[clip]'") from error
    try:
        return open_clip, open_clip.create_model(MODEL, pretrained=WEIGHTS).eval()
    except (OSError, RuntimeError) as error:
        raise ValueError(f"the weights of CLIP cannot be loaded: {error}") from error
