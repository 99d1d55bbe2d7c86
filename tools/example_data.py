"""The data of the minimal graphs in `examples/nodes/`, measured on the bundled model `landscape`.

python tools/example_data.py

| file | holds |
| --- | --- |
| `codes.npy` | two codes in W, [2, w_dim] |
| `way.npy` | a direction in W, [1, w_dim]: the first principal component of w times its standard deviation |
| `components.npz` | mean, components and standard deviations of w, in the format of GANSpace |
| `edits.csv` | two edits along these components, in the format of StyleRes |
| `effects.npy` | the change of the image's mean colour by each channel of the convolutions, [channels, 3] |
| `colours.npz` | a colour for each text, in place of CLIP's vectors |
| `warm.pt` | a mapper of StyleCLIP with a medium network only, trained towards a warm colour instead of a text |
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from fgraph.api.effects import EffectSettings, measure_effects
from fgraph.runtime.kernels.seeds import codes_of_seeds
from fgraph.stylegan.generators.base import Generator
from fgraph.stylegan.loading import load_generator
from fgraph.stylegan.measured.directions import principal_directions
from fgraph.stylegan.nn.stylegan2 import mapping

TO = Path(__file__).resolve().parent.parent / "examples" / "nodes"
EDITS = "wide\t0\t0\t10\t2\nlate\t1\t4\t10\t3\n"  # name, component, first row, row after the last, strength
COLOURS = (1.0, 0.3, 0.0), (0.0, 0.3, 1.0)  # warm and cold
COMPONENTS = 4
SEEDS = (38, 20)  # of the codes
MEDIUM = slice(4, 8)  # rows of W+
STEPS, BATCH, RATE = 80, 8, 0.5  # settings of Adam
STRENGTH, REGULARISATION = 0.1, 0.01  # the factor of the difference; the weight of its mean square


def main() -> None:
    """Write the files."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    generator = load_generator("landscape")
    found = principal_directions(generator)
    vectors = found.vectors[:COMPONENTS].astype(np.float32)
    mean = generator.w_mean.numpy().reshape(1, -1)
    deviations = found.deviations[:COMPONENTS].astype(np.float32)
    np.save(TO / "way.npy", vectors[:1] * deviations[0])
    z = codes_of_seeds(SEEDS, generator.table.z_dim)
    np.save(TO / "codes.npy", generator.truncate(generator.map(z), 0.7).numpy())
    np.savez_compressed(TO / "components.npz", lat_comp=vectors[:, None], lat_mean=mean, lat_stdev=deviations)
    (TO / "edits.csv").write_text(EDITS, encoding="utf-8")
    effects = measure_effects(generator, _mean_colour, "mean colour", EffectSettings(samples=4), device="cpu")
    np.save(TO / "effects.npy", effects.astype(np.float32))
    warm, cold = (np.array([colour], np.float32) for colour in COLOURS)
    np.savez(TO / "colours.npz", warm=warm, cold=cold)
    torch.save(train_mapper(generator, torch.tensor(COLOURS[0]) - torch.tensor(COLOURS[1])), TO / "warm.pt")


def train_mapper(generator: Generator, colour: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the state of a mapper that moves the mean colour of images along `colour`, in float16.

    The network and the regulariser follow Patashnik et al. 2021, section 5. The mean colour replaces the loss of CLIP.
    """
    draw = torch.Generator().manual_seed(0)
    width = generator.table.w_dim
    weights = [100 * torch.randn(width, width, generator=draw) for _ in range(4)]
    biases = [torch.zeros(width) for _ in range(4)]
    adam = torch.optim.Adam([one.requires_grad_() for one in (*weights, *biases)], RATE)
    for _ in range(STEPS):
        with torch.no_grad():
            w = generator.map(torch.randn(BATCH, generator.table.z_dim, generator=draw))
        code = w[:, None].repeat(1, generator.table.num_ws, 1)  # [rows, num_ws, w_dim]
        x = code[:, MEDIUM]
        change = mapping(x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt(), weights, biases)
        code = torch.cat([code[:, : MEDIUM.start], x + STRENGTH * change, code[:, MEDIUM.stop :]], dim=1)
        images = generator.synthesise(generator.affine(code))
        loss = REGULARISATION * change.square().mean() - (images.mean(dim=(2, 3)) @ colour).mean()
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
    layers = list(zip(("weight",) * 4 + ("bias",) * 4, (*weights, *biases), strict=True))
    return {
        f"mapper.medium_mapping.mapping.{at % 4 + 1}.{part}": one.detach().half()
        for at, (part, one) in enumerate(layers)
    }


def _mean_colour(images: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(images.mean(axis=(2, 3)), np.float32)


if __name__ == "__main__":
    main()
