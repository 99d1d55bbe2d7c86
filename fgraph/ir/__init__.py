"""Stage 3: Wirings -> Program. Here is what the `lower` of a node works with.

Build, Inputs    what `lower` is given: where operations are written, and what stands on the ports
values           what `lower` reads and returns: Latent, Features, Mask, Image; carriers of a pass
ops              the operations that `build.emit` takes
advance, mix     a pass run on to a layer; a weighted sum of maps
"""

from fgraph.ir import ops, values
from fgraph.ir.advance import advance, mix
from fgraph.ir.build import Build
from fgraph.ir.inputs import Inputs
from fgraph.ir.program import Operand, as_index

__all__ = ["Build", "Inputs", "Operand", "advance", "as_index", "mix", "ops", "values"]
