"""The features of the language that the document of a graph uses, which are counted over random graphs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PORTS = ("of", "a", "b", "latent", "to", "mask", "source", "reference", "onto", "inverted")
SPATIAL = ("pad", "resize", "shift", "crop", "flip", "transform")
FEATURES = (
    "nested blends", "blends of other layers", "blends of other parts", "restyle", "per-layer edits", "crops",
    "pads: reflect", "pads: replicate", "pads: circular", "pads: constant", "resizes", "resizes: bilinear",
    "fractional shifts", "joined canvases", "wraps", "two models", "row lists", "rows picked", "smoothed draws",
    "style mixing", "pose alignment", "interpolated codes", "codes given", "moved masks", "combined masks",
    "masks: ramp", "masks: box", "masks: ellipse", "masks: polygon", "masks: constant",
    "noise: const", "noise: random", "noise: none", "noise: follow", "edits of a carrier",
    "patches", "patches: two passes", "patches: hard", "patches: proposed", "owned parts", "masks: region",
    "models: skip", "models: resnet", "models: orig", "models: conditional",
    "directions: pca", "directions: sefa", "directions: file", "directions: channel", "codes truncated", "walks",
    "walks on the sphere",
    "bends: warps", "bends: morphology", "bends: pointwise", "bends of clusters", "bends of random channels",
    "outputs: Latent", "outputs: Features", "outputs: Mask", "outputs: several", "knit",
    "images blended", "images padded", "images resized", "overlays", "texts", "masks: text", "places by row",
    "stacks of codes", "stacks of images", "codes encoded", "codes of photographs", "outputs: Photograph",
)  # fmt: skip


def used(document: Mapping[str, Any]) -> set[str]:
    """Return the features of a document, and of the nodes that its outputs depend on."""
    nodes = {name: document["nodes"][name] for name in _needed(document)}
    return set(_of_document(document, nodes)) | {
        found for name, node in nodes.items() for found in _of_node(nodes, name, node)
    }


def _needed(document: Mapping[str, Any]) -> list[str]:
    names, waiting = set(), list(document["outputs"].values())
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += _read(document["nodes"][name])
    return [name for name in document["nodes"] if name in names]


def _read(node: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for port in PORTS:
        value = node.get(port, [])
        found += value if isinstance(value, list) else [value]
    return found


def _ancestors(nodes: Mapping[str, Any], name: str) -> set[str]:
    return {other for one in _read(nodes[name]) for other in ({one} | _ancestors(nodes, one))}


def _is_mask(nodes: Mapping[str, Any], name: str) -> bool:
    node = nodes[name]
    return node["op"] == "mask" or (node["op"] in (*SPATIAL, "rows") and _is_mask(nodes, node["of"]))


def _is_image(nodes: Mapping[str, Any], name: str) -> bool:
    of, op = nodes[name].get("of"), nodes[name]["op"]
    if op in ("concat", "stack"):
        return _is_image(nodes, of[0])
    if op == "blend":
        return _is_image(nodes, nodes[name]["a"])
    return op in ("decode", "knit", "overlay", "text", "photo") or (op in (*SPATIAL, "rows") and _is_image(nodes, of))


def _of_document(document: Mapping[str, Any], nodes: Mapping[str, Any]) -> Iterator[str]:
    yield f"models: {document['models']['main']}"
    models = {str(node.get("model") or "main") for node in nodes.values() if node["op"] in ("sample", "tap", "restyle")}
    if len(models) > 1:
        yield "two models"
    outputs = list(document["outputs"].values())
    if len(set(outputs)) > 1:
        yield "outputs: several"
    codes = ("sample", "latent", "stack", "lerp", "mix", "align", "own", "direction", "truncate", "walk", "encode")
    for name in outputs:
        if nodes[name]["op"] in codes and not _is_image(nodes, name):
            yield "outputs: Latent"
        elif nodes[name]["op"] == "paste":
            yield "outputs: Photograph"
        elif _is_mask(nodes, name):
            yield "outputs: Mask"
        elif nodes[name]["op"] in ("tap", "blend", "restyle", "mosaic") and not _is_image(nodes, name):
            yield "outputs: Features"
    noises = [document["noise"], *(node["noise"] for node in nodes.values() if "noise" in node)]
    for noise in noises:
        yield f"noise: {noise['mode']}"
        if noise.get("fit") == "follow":
            yield "noise: follow"


def _of_node(nodes: Mapping[str, Any], name: str, node: Mapping[str, Any]) -> Iterator[str]:
    op = node["op"]
    plain = {
        "restyle": "restyle", "resize": "resizes", "rows": "rows picked", "mix": "style mixing", "knit": "knit",
        "align": "pose alignment", "lerp": "interpolated codes", "latent": "codes given", "own": "owned parts",
        "truncate": "codes truncated", "overlay": "overlays", "text": "texts",
        "stack": "stacks of images" if _is_image(nodes, name) else "stacks of codes",
    }  # fmt: skip
    if op in plain:
        yield plain[op]
    if op == "encode":
        yield "codes of photographs" if nodes[node["of"]]["op"] == "photo" else "codes encoded"
    yield from _of_lists(node)
    yield from _of_kind(node)
    if op == "sample" and node.get("smooth") and node.get("count", 1) > 1:
        yield "smoothed draws"
    if op == "mosaic" and node["wrap"] != "none":
        yield "wraps"
    if op == "patches":
        yield from _of_patches(node)
    if op == "blend":
        yield from ["images blended"] if _is_image(nodes, name) else _of_blend(nodes, name, node)
    if op == "mask":
        yield "combined masks" if node["kind"] == "combine" else f"masks: {node['kind']}"
    if op in (*SPATIAL, "concat"):
        yield from _of_edit(nodes, name, node)


def _of_lists(node: Mapping[str, Any]) -> Iterator[str]:
    for field in ("seed", "truncation", "t", "alpha", "value", "start", "dx", "strength"):
        if node["op"] != "latent" and isinstance(node.get(field), list) and len(node[field]) > 1:
            yield "row lists"
    for field in ("at", "centre", "radii", "box"):
        if isinstance(node.get(field), list) and isinstance(node[field][0], list) and len(node[field]) > 1:
            yield "places by row"


def _of_kind(node: Mapping[str, Any]) -> Iterator[str]:
    op = node["op"]
    if op == "direction":
        yield f"directions: {node['kind']}"
    if op == "walk":
        yield "walks on the sphere" if node["path"] == "slerp" else "walks"
    if op == "bend":
        warps, morphology = ("rotate", "scale", "translate", "flip"), ("erode", "dilate")
        kind = node["kind"]
        yield f"bends: {'warps' if kind in warps else 'morphology' if kind in morphology else 'pointwise'}"
        if "cluster" in node or "fraction" in node:
            yield "bends of clusters" if "cluster" in node else "bends of random channels"


def _of_patches(node: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(node["patches"], Mapping):
        yield "patches: proposed"
    else:
        yield "patches: hard" if node.get("form") == "code" else "patches"
        if "source" in node:
            yield "patches: two passes"


def _of_blend(nodes: Mapping[str, Any], name: str, node: Mapping[str, Any]) -> Iterator[str]:
    passes = [one for one in _ancestors(nodes, name) if nodes[one]["op"] == "blend" and not _is_image(nodes, one)]
    inner = [nodes[one] for one in passes]
    if inner:
        yield "nested blends"
    if any(one["layers"] != node["layers"] for one in inner):
        yield "blends of other layers"
    if any(one["parts"] != node["parts"] for one in inner):
        yield "blends of other parts"


def _of_edit(nodes: Mapping[str, Any], name: str, node: Mapping[str, Any]) -> Iterator[str]:
    op = node["op"]
    if _is_mask(nodes, name):
        yield "moved masks"
        return
    if _is_image(nodes, name):
        yield from {"pad": ["images padded"], "resize": ["images resized"]}.get(op, [])
        return
    if op == "concat":
        yield "joined canvases"
    elif node.get("layers"):
        yield "per-layer edits"
    elif any(nodes[one]["op"] in ("blend", "mosaic") for one in _ancestors(nodes, name)):
        yield "edits of a carrier"
    amounts = node.get("dx", [])
    if set(amounts if isinstance(amounts, list) else [amounts]) & {-0.1, "1/3"}:
        yield "fractional shifts"
    if op == "crop":
        yield "crops"
    if op == "pad":
        yield f"pads: {node['mode']}"
    if op == "resize" and node["mode"] == "bilinear":
        yield "resizes: bilinear"
