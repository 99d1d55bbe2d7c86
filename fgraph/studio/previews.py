"""Previews of a graph: the accumulated skip of a block in place of each decoded image.

A generator of StyleGAN2 adds an RGB picture in every block, so a picture exists after a few cheap layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Literal

from fgraph._ports import Kind
from fgraph.declare import GraphSpec, Subgraph
from fgraph.ir.ops import Clamp
from fgraph.lowering import Build, Inputs
from fgraph.lowering.advance import advance
from fgraph.lowering.values import Image
from fgraph.node import FeaturesPort, Node
from fgraph.stylegan.tables.base import Table
from nodes.decode import Decode

SMALLEST = 32  # pixels of the shorter side; a smaller picture shows nothing


class Preview(Node):
    """The picture of a pass after a block, at the resolution of that block."""

    op: Literal["preview"] = "preview"
    produces: ClassVar[Kind] = Kind.IMAGE

    of: FeaturesPort
    resolution: int  # the number in the name of the block
    clamp: bool = True

    def lower(self, build: Build, inputs: Inputs) -> Image:
        """Emit the layers up to the first ToRGB from the block on, and the picture there."""
        features = inputs.features("of")
        table = build.table(features.model)
        first = next(
            layer.index
            for layer in map(table.at, range(table.last + 1))
            if layer.kind == "torgb" and layer.resolution >= self.resolution and layer.index >= features.layer
        )
        done = advance(build, features, first)
        if done.skip is None:
            raise ValueError("the pass adds no pictures")
        pixels = build.emit(Clamp(), [done.skip]) if self.clamp else done.skip
        return Image(pixels, *build.type_of(pixels).size)


def blocks(table: Table) -> list[int]:
    """Return the blocks whose pictures can be previews, by the number in their name; none for StyleGAN3."""
    if table.architecture != "skip":
        return []
    layers = [table.at(index) for index in range(table.last)]
    return [one.resolution for one in layers if one.kind == "torgb" and min(one.size) >= SMALLEST]


def preview(spec: GraphSpec, resolution: int) -> GraphSpec:
    """Return a graph whose images are decoded up to a block, except the images whose codes are searched."""
    return replace(spec, nodes=_previewed(spec.nodes, resolution))


def _previewed(nodes: Mapping[str, Node], resolution: int) -> dict[str, Node]:
    whole = _feeding_codes(nodes)
    return {name: node if name in whole else _preview_node(node, resolution) for name, node in nodes.items()}


def _feeding_codes(nodes: Mapping[str, Node]) -> set[str]:
    """Return the nodes that codes depend on: the images that a search or an encoder reads keep their size."""
    found: set[str] = set()
    waiting = [node for node in nodes.values() if node.produces == Kind.LATENT]
    while waiting:
        read = {one.partition(".")[0] for ids in waiting.pop().references().values() for one in ids}
        fresh = (read & nodes.keys()) - found
        found |= fresh
        waiting += [nodes[name] for name in fresh]
    return found


def _preview_node(node: Node, resolution: int) -> Node:
    if isinstance(node, Decode):
        return Preview(of=node.of, resolution=resolution, clamp=node.clamp)
    if isinstance(node, Subgraph):
        return node.model_copy(update={"nodes": _previewed(node.nodes, resolution)})
    return node
