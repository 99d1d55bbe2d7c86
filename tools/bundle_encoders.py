"""Train an encoder for each bundled model, and put it into the package.

python tools/bundle_encoders.py [MODEL ...] [--images 8000] [--state outputs/encoders]

Run this script again after a model is replaced: the state of a training belongs to the weights of its model. An
interrupted training continues.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from fgraph.stylegan.checkpoints.encoder_file import find_encoder
from fgraph.stylegan.checkpoints.header import BUNDLED
from fgraph.stylegan.loading import load_generator
from fgraph.training.encoder_run import train_encoder
from fgraph.training.encoder_settings import read_encoder_settings


def main() -> None:
    """Train and copy the encoders of the requested models."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="models to bundle; default: all")
    parser.add_argument("--images", type=int, default=8000, help="samples to train on")
    parser.add_argument("--state", type=Path, default=Path("outputs", "encoders"), help="the folder of the trainings")
    given = parser.parse_args()
    if unknown := set(given.models) - set(BUNDLED):
        parser.error(f"there is no bundled model {min(unknown)}; there are {', '.join(BUNDLED)}")
    for model in given.models or BUNDLED:
        target = given.state / f"{model}-{load_generator(model).digest[:8]}"
        settings = {"mode": "train-encoder", "model": model, "target": target, "images": given.images}
        place = find_encoder(model)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(train_encoder(read_encoder_settings(settings)), place)
        print(place)


if __name__ == "__main__":
    main()
