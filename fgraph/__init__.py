"""fgraph: edit images through StyleGAN, as graphs that run in one batched forward pass.

    Graph            build a graph in Python; its methods are the nodes
    load             read a graph from YAML
    check            every fault of a graph, without running it
    compile          a graph, or many together, -> a Plan
    run              a graph, many, or a Plan -> images, latents, feature maps, masks, photographs
    capture          a graph -> a function that quickly runs graphs of the same structure
    drag             move points of one image, step by step
    save_large       an image of any length, made piece by piece -> a tiled file
    load_generator   a model to hand to Graph(models=...)
    downloads        the cache folder of downloaded models, and whether downloads are allowed
    picture_limit    the memory that one decoded picture file may take
    Node             the base of your own nodes

Importing fgraph is quick: it imports a few small modules, and each name when it is first used.
"""

from typing import TYPE_CHECKING

from fgraph._bundled import provide_bundled, provide_drawing
from fgraph._lazy import lazy_names
from fgraph._version import __version__
from fgraph.api.bundled import bundled_classes, bundled_ops
from fgraph.api.notebook import draw_graph

if TYPE_CHECKING:
    from fgraph._downloads import downloads
    from fgraph._errors import Fault, FgraphError, GraphError, MemoryBudgetError, ModelError, RunError, SaveError
    from fgraph._imaging.files import picture_limit
    from fgraph._results import FeatureMaps, Image, Latents, MaskImage
    from fgraph.api.capture import Captured, capture
    from fgraph.api.dragging import drag
    from fgraph.api.graphs import check, load
    from fgraph.api.large import save_large
    from fgraph.api.pipeline import compile, load_generator, run
    from fgraph.declare import Graph
    from fgraph.node import Node
    from fgraph.photographs import Photographs
    from fgraph.plan import Plan

provide_bundled(bundled_ops, bundled_classes)
provide_drawing(draw_graph)

__all__ = [
    "Captured",
    "Fault",
    "FeatureMaps",
    "FgraphError",
    "Graph",
    "GraphError",
    "Image",
    "Latents",
    "MaskImage",
    "MemoryBudgetError",
    "ModelError",
    "Node",
    "Photographs",
    "Plan",
    "RunError",
    "SaveError",
    "__version__",
    "capture",
    "check",
    "compile",
    "downloads",
    "drag",
    "load",
    "load_generator",
    "picture_limit",
    "run",
    "save_large",
]

_HOMES = {
    "fgraph._downloads": ("downloads",),
    "fgraph._errors": (
        "Fault",
        "FgraphError",
        "GraphError",
        "MemoryBudgetError",
        "ModelError",
        "RunError",
        "SaveError",
    ),
    "fgraph._imaging.files": ("picture_limit",),
    "fgraph._results": ("FeatureMaps", "Image", "Latents", "MaskImage"),
    "fgraph.api.capture": ("Captured", "capture"),
    "fgraph.api.dragging": ("drag",),
    "fgraph.api.graphs": ("check", "load"),
    "fgraph.api.large": ("save_large",),
    "fgraph.api.pipeline": ("compile", "load_generator", "run"),
    "fgraph.declare": ("Graph",),
    "fgraph.node": ("Node",),
    "fgraph.photographs": ("Photographs",),
    "fgraph.plan": ("Plan",),
}
__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    """Return the names of the public interface."""
    return __all__
