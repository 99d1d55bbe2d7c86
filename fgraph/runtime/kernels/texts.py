"""Vectors of texts by CLIP, for global directions."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

_MODEL, _WEIGHTS = "ViT-B-32-quickgelu", "openai"  # of the published fs3.npy


@lru_cache(maxsize=256)
def embed_text(text: str) -> NDArray[np.float32]:
    """Return the vectors [templates, F] of a text in each of the ImageNet templates of CLIP.

    Raises:
        ValueError: the extra `clip` is not installed, or the weights of CLIP cannot be loaded.
    """
    model, tokenizer, templates = _clip()
    with torch.inference_mode():
        vectors = model.encode_text(tokenizer([template(text) for template in templates]))
    return np.asarray(vectors.float().cpu().numpy(), np.float32)


@lru_cache(maxsize=1)
def _clip() -> tuple[Any, Any, Any]:
    try:
        import open_clip
    except ImportError as error:
        raise ValueError("texts are embedded by CLIP: pip install 'fgraph-gan[clip]', or give vectors") from error
    try:
        model = open_clip.create_model(_MODEL, pretrained=_WEIGHTS)
    except (OSError, RuntimeError) as error:
        raise ValueError(f"the weights of CLIP cannot be loaded: {error}") from error
    return model.eval(), open_clip.get_tokenizer(_MODEL), open_clip.OPENAI_IMAGENET_TEMPLATES
