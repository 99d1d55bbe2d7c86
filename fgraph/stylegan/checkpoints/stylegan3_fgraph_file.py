"""The metadata of fgraph's own `.safetensors` files of StyleGAN3 generators. Without torch.

| key | is |
| --- | --- |
| `format`, `format_version` | `fgraph-stylegan3`; `1`, or `2` if images are not square or classes have means |
| `architecture` | `stylegan3-t` or `stylegan3-r` |
| `layers` | JSON, a list of the layers in order, with the fields that do not follow from the layer before |
| `sha256`, `title`, `license`, `origin` | as in files of StyleGAN2 |
| `class_means` | `true` if each class has a mean; otherwise absent |
| all others | JSON: the fields of `StyleGAN3Table` with these names |

A size is one number if it is square, otherwise [height, width].
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from fgraph._errors import ModelError, show
from fgraph.stylegan.checkpoints.contents import check_numbers
from fgraph.stylegan.tables.activations import GAINS
from fgraph.stylegan.tables.base import Size
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from fgraph.stylegan.tables.stylegan3 import MAPPING_FIELDS, PLACE, StyleGAN3Layer, StyleGAN3Table, size_at
from fgraph.stylegan.tables.stylegan3_checks import LARGEST, LONGEST, MOST_LAYERS, WIDEST, check_chain

FORMAT = "fgraph-stylegan3"
_VERSIONS = ("1", "2")
_SIZES = ("size", "input_size")
_COUNTS = {  # whole numbers, and the most that each may be
    "image_channels": WIDEST, "features": WIDEST, "input_rate": LARGEST,
    "z_dim": WIDEST, "w_dim": WIDEST, "mapping_layers": WIDEST, "c_dim": 1 << 15, "embed_width": WIDEST,
}  # fmt: skip
_NUMBERS = ("bandwidth", "output_scale", "mapping_rate")
_LAYER = {
    "resolution": LARGEST, "out_channels": WIDEST, "taps": 9, "up_factor": 16, "down_factor": 16,
    "up_taps": LONGEST, "down_taps": LONGEST,
}  # fmt: skip


def describe_stylegan3(table: StyleGAN3Table) -> dict[str, str]:
    """Return the metadata that `stylegan3_table_of` reads."""
    names = (*_COUNTS, *_NUMBERS, "mapping_activation", "mapping_widths")
    layers = [
        {name: getattr(layer, name) for name in ("name", *_LAYER, "radial", "padding", "clamp")}
        | {"out_size": _written(layer.out_size)}
        for layer in table.filtered
    ]
    return {
        "format": FORMAT,
        "format_version": _VERSIONS[table.class_means or table.size[0] != table.size[1]],
        "architecture": table.architecture,
        "layers": json.dumps(layers),
        **{name: json.dumps(getattr(table, name)) for name in names},
        **{name: json.dumps(_written(getattr(table, name))) for name in _SIZES},
        **({"class_means": "true"} if table.class_means else {}),
    }


def stylegan3_table_of(metadata: Mapping[str, str], where: str) -> StyleGAN3Table:
    """Return the layer table that the metadata of one of fgraph's files describe.

    Raises:
        ModelError: the metadata are of a later version, or wrong.
    """
    if (version := metadata.get("format_version")) not in _VERSIONS:
        raise ModelError(
            f"{where}: is of format version {show(version)}; this fgraph reads {' and '.join(_VERSIONS)}: update fgraph"
        )
    try:
        facts: dict[str, Any] = {name: _count(json.loads(metadata[name]), most) for name, most in _COUNTS.items()}
        facts |= {name: _size(json.loads(metadata[name])) for name in _SIZES}
        facts |= {name: _above_zero(json.loads(metadata[name])) for name in _NUMBERS}
        facts["mapping_activation"] = json.loads(metadata["mapping_activation"])
        facts["mapping_widths"] = tuple(_count(one, WIDEST) for one in json.loads(metadata["mapping_widths"]))
        if facts["mapping_activation"] not in GAINS:
            raise ValueError("its mapping has an unknown activation")
        facts["class_means"] = metadata.get("class_means", "false") == "true"
        mapping = {name: facts[name] for name in MAPPING_FIELDS}
        check_numbers(StyleGAN2Table(channels=((4, 1),), **mapping), where)
        first = (facts["features"], facts["input_rate"])
        table = StyleGAN3Table(filtered=_layers(json.loads(metadata["layers"]), *first, facts["size"]), **facts)
    except (KeyError, ValueError, AttributeError, TypeError, RecursionError, ArithmeticError) as error:
        raise ModelError(f"{where}: its metadata are wrong: {error!r:.200}") from error
    check_chain(table, where)
    if table.architecture != metadata.get("architecture"):
        raise ModelError(
            f"{where}: its layers are those of {table.architecture}, but its metadata state another architecture"
        )
    return table


def _layers(found: Any, channels: int, rate: int, image: Size) -> tuple[StyleGAN3Layer, ...]:
    if type(found) is not list or not 1 < len(found) <= MOST_LAYERS:
        raise ValueError("it has no list of layers")
    layers: list[StyleGAN3Layer] = []
    start = PLACE
    for index, facts in enumerate(found, 1):
        counts: dict[str, Any] = {name: _count(facts[name], most) for name, most in _LAYER.items()}
        padding, clamp, name = facts["padding"], facts["clamp"], facts["name"]
        if type(name) is not str or type(facts["radial"]) is not bool:
            raise ValueError(f"layer {index} has no name, or does not state whether its filter is radial")
        if (
            type(padding) is not list
            or len(padding) != 4
            or not all(type(p) is int and abs(p) < LARGEST for p in padding)
        ):
            raise ValueError(f"layer {index} has no padding of four numbers")
        layers.append(
            StyleGAN3Layer(
                name=name, index=index, kind="torgb" if index == len(found) else "conv",
                up=max(1, counts["resolution"] // rate), in_channels=channels, style_start=start, ws_index=index,
                noise_index=None, in_rate=rate, radial=facts["radial"], padding=tuple(padding),
                size=size_at(image, counts["resolution"], max(image)), out_size=_size(facts["out_size"]),
                clamp=None if clamp is None else _above_zero(clamp), **counts,
            )
        )  # fmt: skip
        start, channels, rate = start + channels, layers[-1].out_channels, layers[-1].resolution
    return tuple(layers)


def _written(size: Size) -> int | Size:
    return size[0] if size[0] == size[1] else size


def _size(value: Any) -> Size:
    """Return height and width of a size, which is one number if it is square."""
    height, width = value if type(value) is list else (value, value)
    return _count(height, LARGEST), _count(width, LARGEST)


def _count(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{value!r:.60} is not a whole number up to {most}")
    return value


def _above_zero(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value) or value <= 0:
        raise ValueError(f"{value!r:.60} is not a number above 0")
    return float(value)
