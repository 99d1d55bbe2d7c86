"""The data of the minimal graphs in `examples/nodes/`, measured on the bundled model `landscape`.

python tools/example_data.py

| file | holds |
| --- | --- |
| `way.npy` | the first principal component of w, as a direction in W [1, w_dim] |
| `components.npz` | mean, components and standard deviations of w, as GANSpace's files have them |
| `edits.csv` | two edits along them, as StyleRes has them |
| `effects.npy` | what each channel of the convolutions changes in the mean colour of the image, [channels, 3] |
| `colours.npz` | a colour for each text, in place of CLIP's vectors |
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fgraph.api.effects import EffectSettings, measure_effects
from fgraph.stylegan.loading import load_generator
from fgraph.stylegan.measured.directions import principal_directions

TO = Path(__file__).resolve().parent.parent / "examples" / "nodes"
EDITS = "wide\t0\t0\t10\t2\nlate\t1\t4\t10\t3\n"  # name, component, first row, row after the last, strength
COLOURS = (1.0, 0.3, 0.0), (0.0, 0.3, 1.0)  # warm and cold
COMPONENTS = 4


def main() -> None:
    """Write the files."""
    generator = load_generator("landscape")
    found = principal_directions(generator)
    vectors = found.vectors[:COMPONENTS].astype(np.float32)
    np.save(TO / "way.npy", vectors[:1])
    mean = generator.w_mean.numpy().reshape(1, -1)
    deviations = found.deviations[:COMPONENTS].astype(np.float32)
    np.savez_compressed(TO / "components.npz", lat_comp=vectors[:, None], lat_mean=mean, lat_stdev=deviations)
    (TO / "edits.csv").write_text(EDITS, encoding="utf-8")
    effects = measure_effects(generator, _mean_colour, "mean colour", EffectSettings(samples=4), device="cpu")
    np.save(TO / "effects.npy", effects.astype(np.float32))
    warm, cold = (np.array([colour], np.float32) for colour in COLOURS)
    np.savez(TO / "colours.npz", warm=warm, cold=cold)


def _mean_colour(images: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(images.mean(axis=(2, 3)), np.float32)


if __name__ == "__main__":
    main()
