"""What the cards of the bundled models say that cannot be read from their files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """What a card says that cannot be read from the checkpoint."""

    title: str
    license: str
    origin: str
    shows: str
    data: str
    data_license: str
    training: str
    limits: str


_TRAINED = (
    "On a CPU, one thread: batch 16, Adam 2e-3 (beta 0, 0.99), non-saturating logistic loss, lazy R1 every 16 steps, "
    "style mixing 0.7, horizontal flips, moving average of the weights with a half-life of 5,000 images. Grown: "
    "trained at 32 pixels, then with one block more in generator and discriminator."
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
        shows="Landscapes in layers: sky, sun or moon, clouds, ridges, conifers, water.",
        data="14,000 pictures of a procedural painter written for this project; nothing was photographed or collected.",
        data_license="Apache-2.0, as the project.",
        training=f"{_TRAINED} R1 gamma 0.2, then 0.5. Images seen: 107,728, of which some 43,000 at 32 pixels.",
        limits=(
            "Made to show edits quickly, not to look real: skies, ridges and conifers are clear, fine texture is "
            "streaky, water and sharp peaks are rare, and the sun or moon is a soft patch."
        ),
    ),
    "landscape128": Facts(
        title="Layered landscapes, 128 pixels",
        license="Apache-2.0",
        origin="trained for fgraph on its own procedural paintings",
        shows="Landscapes in layers: sky, sun or moon, clouds, ridges, conifers, water.",
        data="14,000 pictures of `examples/training/landscapes.py`; nothing was photographed or collected.",
        data_license="Apache-2.0, as the project.",
        training=(
            f"{_TRAINED} "
            "The former fromRGB layers of the discriminator stay beside the new blocks. R1 gamma 0.2 at 32 pixels, "
            "then 0.5. Images seen: {images}, of which some 43,000 at 32 pixels, 64,728 at 64 and 9,312 at 128 with "
            "noise; then without, as a small generator makes speckles of it instead of edges. Settings: "
            "`examples/training/landscape128.yaml`, `landscape128again.yaml`; the first two stages were a "
            "prototype's."
        ),
        limits=(
            "Skies, layers of hills, mirrors in water and their colours are clear, and there are no speckles. It has "
            "seen few images for its size: trees are posts rather than conifers, ridges have bright rims, the sun or "
            "moon is a soft patch, stars are missing."
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
            f"{_TRAINED} "
            "R1 gamma 0.2 at 32 pixels, then 0.5. Images seen: 42,416 at 32 pixels and some 120,000 at 64 by a "
            "prototype, whose result was full of speckles: it made them of the noise. Then, without noise, 30,000 with "
            "mapping and affine layers frozen, and {images} with nothing frozen, at the end with R1 gamma 3, which "
            "took away stripes that had grown before. Settings: `examples/training/avatar64.yaml`, "
            "`avatar64again.yaml`, `avatar64last.yaml`."
        ),
        limits=(
            "Colours, hair, hats, glasses and the shape of the head are clear; eyes are uneven, mouths are now and "
            "then a stripe across the face, beards are rare, and drawn lines have bright rims. The faces are drawings "
            "of nobody."
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
            f"{_TRAINED} "
            "Fine-tuned from `avatar` with mapping and affine layers frozen, without noise, the "
            "discriminator that of its training; R1 gamma 3. Images seen: {images}. Settings: "
            "`examples/training/toon64.yaml`."
        ),
        limits=(
            "Skin, hair, background and the place of the head mostly follow the code as in `avatar`. Hair that "
            "ToonHead does not have, such as hats, becomes the nearest shape it has; beards and long hair become "
            "stripes. The faces are drawings of nobody."
        ),
    ),
}
