"""The vocabulary that a node's `lower` is written with.

Build, Inputs    the two arguments of `lower`: the builder of operations, and the values on the node's ports
values           the values that `lower` reads and returns: Latent, Features, Mask, Image; carriers of a pass
advance, mix     continue a pass up to a layer; add maps with alphas

The operations that `build.emit` takes are in `fgraph.ir.ops`.
"""

from fgraph.lowering import values
from fgraph.lowering.advance import advance, mix
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs

__all__ = ["Build", "Inputs", "advance", "mix", "values"]
