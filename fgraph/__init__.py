"""fgraph: edit images through StyleGAN, as graphs that run in one batched forward pass.

    Graph            build a graph in Python; its methods are the nodes
    load             read a graph from YAML
    check            every fault of a graph, without running it
    compile          a graph, or many together, -> a Plan
    run              a graph, many, or a Plan -> images, latents, feature maps, masks
    capture          a graph that is run many times -> a function that runs graphs like it
    save_large       an image of any length, made piece by piece -> a tiled file
    load_generator   a model to hand to Graph(models=...)
    downloads        where models named by an address are kept, and whether they may be fetched
    picture_limit    how much memory one picture file may take when decoded
    Node             the base of your own nodes

Importing fgraph does not import torch.
"""

from fgraph._downloads import downloads
from fgraph._errors import Fault, FgraphError, GraphError, MemoryBudgetError, ModelError, RunError, SaveError
from fgraph._imaging.files import picture_limit
from fgraph._results import FeatureMaps, Image, Latents, MaskImage
from fgraph._version import __version__
from fgraph.api.bundled import bundled_nodes
from fgraph.api.capture import Captured, capture
from fgraph.api.large import save_large
from fgraph.api.pipeline import check, compile, load, load_generator, run
from fgraph.declare import Graph
from fgraph.node import Node
from fgraph.plan import Plan
from fgraph.registry import provide_bundled

provide_bundled(bundled_nodes)

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
    "Plan",
    "RunError",
    "SaveError",
    "__version__",
    "capture",
    "check",
    "compile",
    "downloads",
    "load",
    "load_generator",
    "picture_limit",
    "run",
    "save_large",
]
