"""The bundled nodes: a module for each op, which is imported when the op is first used."""

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from fgraph.node import Node

    NODES: tuple[type[Node], ...]  # every class

# Op -> the name of its class in its module, or of the tuple of its classes if it has kinds. The order is that of the
# reference page.
OPS: Final[Mapping[str, str]] = {
    "sample": "Sample", "latent": "Latent", "rows": "Rows", "stack": "Stack", "lerp": "Lerp", "mix": "Mix",
    "align": "Align", "own": "Own", "truncate": "Truncate", "direction": "DIRECTIONS", "walk": "Walk",
    "image": "Image", "photo": "Photo", "encode": "Encode", "invert": "Invert", "drag": "Drag",
    "mask": "MASKS",
    "tap": "Tap", "restyle": "Restyle", "mosaic": "Mosaic", "pad": "Pad", "resize": "Resize", "shift": "Shift",
    "transform": "Transform", "crop": "Crop", "flip": "Flip", "concat": "Concat", "blend": "Blend",
    "patches": "Patches", "bend": "BENDS",
    "decode": "Decode", "knit": "Knit", "overlay": "Overlay", "text": "Text", "arrows": "Arrows", "paste": "Paste",
}  # fmt: skip

__all__ = ["NODES", "OPS", "classes_of"]


def classes_of(op: str) -> "tuple[type[Node], ...]":
    """Import the module of an op, and return its classes.

    Raises:
        KeyError: there is no such op.
    """
    name = OPS[op]
    found = getattr(importlib.import_module(f"nodes.{op}"), name)
    return found if isinstance(found, tuple) else (found,)


def __getattr__(name: str) -> Any:
    """Return `NODES`, the classes of all ops, which imports every module."""
    if name != "NODES":
        raise AttributeError(f"module 'nodes' has no attribute '{name}'")
    return tuple(node_class for op in OPS for node_class in classes_of(op))
