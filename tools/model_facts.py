"""Facts on the cards of the bundled models that cannot be read from their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """Facts on a card that cannot be read from the checkpoint."""

    title: str
    license: str
    origin: str
    shows: str
    data: str
    data_license: str
    training: str  # {first} and {stages[0]}, ... are images of stages, and {images} those of all
    limits: str
    stages: tuple[int, ...]  # images of the last stages; those of the stages before follow from the totals in the files
    start: tuple[str, int] | None = None  # the model that it was trained on from, before that many of its last stages


_PAIRED = (
    "On a CPU, one thread a model, with the settings of `examples/training/pairs.yaml`: at 32 pixels, then at 64, from "
    "pairs alone, the painting of each z (ADR 27). Some settings of the painter, and the rate of the mapping network, "
    "changed on the way. "
)
_SHARPENED = (
    "Then a projected discriminator (Sauer et al. 2021) on features of EfficientNet-Lite0, with pairs "
    "(`{settings}`), in bfloat16. "
)
_PAINTED = (
    "Painted on the fly by `examples/training/landscapes.py`, a function of 82 numbers and of noise; "
    "nothing was photographed or collected."
)
_DRAWN = (
    "Painted on the fly by `examples/training/heads.py:{painter}`, a function of 47 numbers, which all styles of heads "
    "share; nothing was photographed or collected."
)
_LICENSE = "Apache-2.0"
_ORIGIN = "trained for fgraph on its own procedural paintings"

FACTS = {
    "landscape": Facts(
        title="Layered landscapes, 64 pixels",
        license=_LICENSE,
        origin=_ORIGIN,
        shows="Landscapes in layers: sky, stars, sun or moon, clouds, ridges in haze, trees, water.",
        data=_PAINTED,
        data_license="Apache-2.0, as the project.",
        training=(
            _PAIRED
            + _SHARPENED.format(settings="landscape64.yaml")
            + "This stage has {stages[0]} images with half the weight "
            "of pairs and no noise, and {stages[1]} with the settings of the file. Images of all stages: {images}."
        ),
        stages=(42_336, 26_512),
        limits=(
            "Skies, mountains in haze, clouds and lakes are clear and differ from sample to sample. Noise draws "
            "leaves, grass and glints, but no stars: stars are few, in the same places, and some have dark dents. "
            "Suns and moons are often not round. Single trees are dark posts in the same places, and snow is rare."
        ),
    ),
    "landscape128": Facts(
        title="Layered landscapes, 128 pixels",
        license=_LICENSE,
        origin=_ORIGIN,
        shows="Landscapes in layers: sky, stars, sun or moon, clouds, ridges in haze, trees, water.",
        data=_PAINTED,
        data_license="Apache-2.0, as the project.",
        training=(
            "Grown from `landscape` before it learned its noise, and trained on at 128 pixels: {first} images with "
            "half the weight of pairs and no noise, then {stages[0]} with the settings of `landscape128.yaml`. Images "
            "of all stages, with those of `landscape` until then: {images}."
        ),
        stages=(18_064,),
        start=("landscape", 1),
        limits=(
            "Skies, mountains in haze, clouds and lakes are clear and differ from sample to sample. Noise draws "
            "leaves, grass and glints. The outermost pixels form a frame. Suns and moons are often not round, stars "
            "are blurred spots, some with dark dents, and single trees are small and blurred."
        ),
    ),
    "avatar": Facts(
        title="Drawn heads, 64 pixels",
        license=_LICENSE,
        origin=_ORIGIN,
        shows="Drawn heads, seen from the front, on a plain background.",
        data=_DRAWN.format(painter="Heads"),
        data_license="Apache-2.0, as the project.",
        training=(
            _PAIRED
            + _SHARPENED.format(settings="avatar64.yaml")
            + "The last stage has {stages[0]} images from pairs alone at a rate of 5e-4, "
            "which takes most of the rims away. No noise. Images of all stages: {images}."
        ),
        stages=(3_200,),
        limits=(
            "Eyes are even, and hair, its length, caps, glasses, skin, clothes and backgrounds follow the code. "
            "Mouths are closed and nearly all alike: smiles, teeth and beards of the data are missing. Some heads "
            "have a light rim, dark faces have little detail, and thick glasses run into the eyes. The faces show no"
            " real person."
        ),
    ),
    "toon": Facts(
        title="Drawn heads of a second style, 64 pixels",
        license=_LICENSE,
        origin="fine-tuned for fgraph from its model avatar on its own procedural paintings",
        shows=(
            "Drawn heads with outlines and strong colours. It reads the same styles as `avatar`: a code makes the "
            "same head in both, and a graph may pass from one to the other."
        ),
        data=_DRAWN.format(painter="Toons"),
        data_license="Apache-2.0, as the project.",
        training=(
            "Fine-tuned from `avatar` with mapping and affine layers frozen: {first} images from pairs alone, then "
            "{stages[0]} with a projected discriminator and pairs (`toon64.yaml`), no noise. Images of all stages, "
            "with those of `avatar`: {images}."
        ),
        stages=(13_360,),
        start=("avatar", 0),
        limits=(
            "Outlines are even, and eyes are large and clear; glasses are hard to tell from the outlines of the "
            "eyes. Mouths are closed and nearly all alike. Outlines have soft edges, and some hair a light rim. The "
            "faces show no real person."
        ),
    ),
    "sketch": Facts(
        title="Drawn heads of a third style, 64 pixels",
        license=_LICENSE,
        origin="fine-tuned for fgraph from its model avatar on its own procedural paintings",
        shows=(
            "Heads in ink and pencil on paper. It reads the same styles as `avatar`: a code makes the same head in "
            "both, and a graph may pass from one to the other. Its noise draws the strokes of the pencil."
        ),
        data=_DRAWN.format(painter="Sketches"),
        data_license="Apache-2.0, as the project.",
        training=(
            "Fine-tuned from `avatar` with mapping and affine layers frozen: {first} images from pairs alone, then "
            "{stages[0]} with a projected discriminator and pairs (`sketch64.yaml`), with fixed strengths of the "
            "noise. Images of all stages, with those of `avatar`: {images}."
        ),
        stages=(19_184,),
        start=("avatar", 0),
        limits=(
            "Outlines, strokes and paper are clear, eyes are even, and hair, glasses, caps and clothes follow the "
            "code. Mouths are closed and nearly all alike; smiles, teeth and most beards of the data are missing. "
            "Strokes cover the features of dark faces. The faces show no real person."
        ),
    ),
}


def images_before(name: str, totals: Mapping[str, int]) -> int:
    """Return the images of the training that the training of a model continues, 0 if there is none."""
    start = FACTS[name].start
    if start is None:
        return 0
    base, left_out = start
    stages = FACTS[base].stages
    return totals[base] - sum(stages[len(stages) - left_out :])


def describe_training(name: str, totals: Mapping[str, int]) -> str:
    """Return the text of the training of a model with its numbers of images.

    Args:
        name: the name of the model.
        totals: the images of all stages, by model, from the metadata of the files.
    """
    facts = FACTS[name]
    first = totals[name] - images_before(name, totals) - sum(facts.stages)
    stages = [f"{count:,}" for count in facts.stages]
    return facts.training.format(first=f"{first:,}", stages=stages, images=f"{totals[name]:,}")
