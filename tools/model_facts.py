"""Facts on the cards of the bundled models that cannot be read from their files."""

from __future__ import annotations

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
    training: str
    limits: str


_TRAINED = (
    "On a CPU, one thread: batch 16, Adam 1e-3 (beta 0, 0.99), a projected discriminator (Sauer et al. 2021) on "
    "features of EfficientNet-Lite0 with a head on the pixels, hinge loss, style mixing 0.3, horizontal flips, shifts "
    "as augmentation, moving average of the weights with a half-life of 5,000 images at most. "
)
_PAINTED = (
    "Painted on the fly by the former painter of `examples/training/landscapes.py`, a function of 97 numbers; nothing "
    "was photographed or collected."
)

_AVATAAARS = (
    'Design by Pablo Stanley, "free for personal and commercial use" as DiceBear states it; '
    "the code of DiceBear is MIT."
)
_TOON_HEAD = (
    "Design by Johan Melin, CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/); the code of DiceBear is MIT."
)

FACTS = {
    "landscape": Facts(
        title="Layered landscapes, 64 pixels",
        license="Apache-2.0",
        origin="trained for fgraph on its own procedural paintings",
        shows="Landscapes in layers: sky, sun or moon, clouds, ridges in haze, woods, water.",
        data=_PAINTED,
        data_license="Apache-2.0, as the project.",
        training=(
            f"{_TRAINED}From the former model of this name, which a residual discriminator trained on 107,728 images. "
            "Images seen since: {images}."
        ),
        limits=(
            "Skies, ridges in haze, snow and suns or moons are clear, and there are no streaks. Mountains are in "
            "nearly the same places in all samples, the foreground is smudged, trees are rows of dots, water is rare. "
            "Noise changes hardly anything."
        ),
    ),
    "landscape128": Facts(
        title="Layered landscapes, 128 pixels",
        license="Apache-2.0",
        origin="trained for fgraph on its own procedural paintings",
        shows="Landscapes in layers: sky, sun or moon, clouds, ridges in haze, woods, water.",
        data=_PAINTED,
        data_license="Apache-2.0, as the project.",
        training=(
            f"{_TRAINED}From the former model of this name, which a residual discriminator trained on 138,848 images. "
            "Images seen since: {images}."
        ),
        limits=(
            "Skies, clouds, ridges in haze, woods and rippled water are clear. Edges look embossed, suns and moons are "
            "pale bubbles, single trees are stumps, stars are missing; at night, a row of dots is along the top. "
            "Mountains are in nearly the same places in all samples."
        ),
    ),
    "avatar": Facts(
        title="Drawn avatars, 64 pixels",
        license="Apache-2.0 (weights); avatar design by Pablo Stanley, free for personal and commercial use",
        origin="trained for fgraph on avatars drawn by DiceBear, style avataaars by Pablo Stanley",
        shows="Drawn heads, seen from the front, on a plain background.",
        data="10,000 avatars drawn by DiceBear 9 in the style avataaars, cropped to the head.",
        data_license=_AVATAAARS,
        training=(
            f"{_TRAINED}No noise; a loss for diversity of weight 20. From the former model of this name, which a "
            "residual discriminator trained on about 290,000 images. Images seen since: {images}. Settings: "
            "`examples/training/avatar64.yaml`."
        ),
        limits=(
            "Eyes are even, mouths and lines are clear. Skin is red, brown or cream, hair mostly dark or none; "
            "other colours of the data are rare, and so are beards and hats. Sometimes skin of two colours meets in "
            "one face. The faces show no real person."
        ),
    ),
    "toon": Facts(
        title="Drawn heads of a second style, 64 pixels",
        license="Apache-2.0 (weights); design ToonHead by Johan Melin, CC BY 4.0",
        origin="fine-tuned for fgraph from its model avatar on heads drawn by DiceBear, style ToonHead by Johan Melin",
        shows=(
            "Drawn heads, seen from the front, on a plain background. It reads the same styles as `avatar`: a code "
            "makes a head of like colours in both, and a graph may pass from one to the other."
        ),
        data="10,000 heads drawn by DiceBear 9 in the style ToonHead, in avataaars' hair colours, cropped to the head.",
        data_license=_TOON_HEAD,
        training=(
            f"{_TRAINED}Fine-tuned from `avatar` with mapping and affine layers frozen, without noise, the heads those "
            "of its training; a loss for diversity of weight 20. Images seen: {images}. "
            "Settings: `examples/training/toon64.yaml`."
        ),
        limits=(
            "The weakest of the four, and stopped early. Light heads have clear eyes and mouths; dark ones are nearly "
            "one colour, with eyes that can hardly be seen, and some faces are half light, half dark. Hair is brown or "
            "none. Skin, hair and background follow the code as in `avatar`. The faces show no real person."
        ),
    ),
}
