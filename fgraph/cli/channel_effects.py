"""The measurement of `fgraph effects`, with its progress, and the file that it writes."""

from __future__ import annotations

import hashlib
import io
import runpy
from pathlib import Path

import numpy as np

from fgraph._atomic import write_atomic
from fgraph._paths import expanded
from fgraph.api.effects import EffectSettings, Features, measure_effects, measured_layers
from fgraph.runtime.kernels import clip
from fgraph.runtime.progress import progress
from fgraph.stylegan.loading import load_generator


def write_effects(
    *, model: str, target: str, features: str, samples: int, pixels: int | None, layers: int | None, device: str
) -> str:
    """Measure the effects of the channels of a model, write them, and return a line about them.

    Raises:
        FgraphError: the model cannot be read, or the target cannot be written.
        ValueError: the features cannot be loaded.
    """
    see, name = _load_features(features)
    generator = load_generator(model)
    chosen = measured_layers(generator.table, pixels)[:layers]
    channels = sum(layer.in_channels for layer in chosen)
    settings = EffectSettings(samples, pixels=pixels)
    with progress(2 * channels * samples, "images") as bar:
        effects = measure_effects(generator, see, name, settings, layers=layers, device=device, advance=bar.advance)
    content = io.BytesIO()
    np.save(content, effects.astype(np.float32))
    path = expanded(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, content.getvalue())
    return f"{target}  {effects.shape[0]} channels, {effects.shape[1]} features, {samples} samples"


def _load_features(features: str) -> tuple[Features, str]:
    """Return a function of images, and a name that differs for different functions."""
    if features == "clip":
        clip.load_clip()  # a missing package is an error before anything is measured
        return clip.embed_images, f"clip {clip.MODEL} {clip.WEIGHTS}"
    file, separator, name = features.rpartition(":")
    path = Path(expanded(file))
    if not separator or not path.is_file():
        raise ValueError(f"--features={features}: expected clip, or FILE.py:FUNCTION with a file that exists")
    found = runpy.run_path(str(path)).get(name)
    if not callable(found):
        raise ValueError(f"{file} has no function '{name}'")
    return found, f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}"
