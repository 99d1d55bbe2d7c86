"""Stage 3: Wirings -> Program. Equal nodes of all graphs form stacks, each of which is lowered once."""

from fgraph.stacks.context import Context
from fgraph.stacks.lower import lower

__all__ = ["Context", "lower"]
