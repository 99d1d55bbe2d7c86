"""The intermediate representation: a Program, its operations and types, its text form and its verifier."""

from fgraph.ir import ops
from fgraph.ir.program import Operand, Program, as_index

__all__ = ["Operand", "Program", "as_index", "ops"]
