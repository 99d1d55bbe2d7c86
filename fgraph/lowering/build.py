"""The builder: emits the instructions of a Program, and the operations that many nodes share."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from fgraph.ir.ops import OPS, Affine, Const, DrawMask, MapZ, Op, Repeat
from fgraph.ir.program import Index, Instruction, Operand, as_index
from fgraph.ir.types import Type, TypeKind
from fgraph.lowering.values import Latent, MaskExprs
from fgraph.masks import MaskExpr, check_depth, check_size, product
from fgraph.stylegan.tables.base import Table

H = TypeVar("H", bound=Hashable)
_REGISTERED = frozenset(OPS)
SPACES: tuple[TypeKind, ...] = ("z", "w", "w+", "s")


class Build:
    """The instructions emitted so far, of all graphs that are compiled together."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.tables = tables
        self.instructions: list[Instruction] = []
        self.source_locations: Index = as_index([0])  # source locations of the rows of the current stack
        self._promoted: dict[tuple[bytes, bytes, TypeKind], Operand] = {}
        self._rowless: dict[tuple[Op, tuple[Hashable, ...]], int] = {}
        self._products: dict[tuple[int, int], tuple[MaskExprs, MaskExprs, MaskExprs]] = {}

    def copy(self) -> Build:
        """Return a copy with the same instructions; emitting to the copy does not change this build."""
        made = Build(self.tables)
        made.instructions, made.source_locations = list(self.instructions), self.source_locations
        return made

    # -- emitting ------------------------------------------------------------------------------------------------

    def emit(self, op: Op, operands: Sequence[Operand] = (), params: Sequence[Hashable] = (), rows: int = 0) -> Operand:
        """Append an operation with as many rows as its operands, otherwise as its parameters, otherwise `rows`.

        Raises:
            ValueError: the class of the operation is not registered.
        """
        _check_registered(op)
        count = operands[0].rows if operands else (len(params) or rows)
        kind = op.infer(tuple(self.type_of(operand) for operand in operands))
        return Operand(self._append(op, tuple(operands), tuple(params), count, kind), as_index(np.arange(count)))

    def emit_distinct(self, op: Op, params: Sequence[Hashable]) -> Operand:
        """Append an operation without operands, with one row for all rows of equal parameters."""
        _check_registered(op)
        seen: dict[Hashable, int] = {}
        numbers = {id(param): seen.setdefault(param, len(seen)) for param in _objects(params)}
        index = [numbers[id(param)] for param in params]
        key = (op, tuple(seen))
        if key not in self._rowless:
            self._rowless[key] = self._append(op, (), tuple(seen), len(seen), op.infer(()))
        return Operand(self._rowless[key], as_index(index))

    def _append(
        self, op: Op, operands: tuple[Operand, ...], params: tuple[Hashable, ...], rows: int, kind: Type
    ) -> int:
        source_locations = (
            self.source_locations[:rows]
            if len(self.source_locations) >= rows
            else np.resize(self.source_locations, rows)
        )
        self.instructions.append(Instruction(op, operands, params, rows, kind, as_index(source_locations)))
        return len(self.instructions) - 1

    def type_of(self, operand: Operand) -> Type:
        """Return the type of the value that an operand reads."""
        return self.instructions[operand.value].type

    def table(self, model: str) -> Table:
        """Return the layer table of a model."""
        return self.tables[model]

    # -- codes ---------------------------------------------------------------------------------------------------

    def promote(self, latent: Latent, space: TypeKind) -> Latent:
        """Promote codes to a later space: z -> w -> w+ -> s.

        Raises:
            ValueError: the codes are already in a later space.
        """
        if SPACES.index(latent.space) > SPACES.index(space):
            raise ValueError(
                f"codes in {latent.space} cannot be turned back into {space}: spaces promote z, w, w+, s only"
            )
        if latent.space == space:
            return latent
        key = (latent.code.row_values.tobytes(), latent.code.index.tobytes(), space)
        if key not in self._promoted:
            self._promoted[key] = self._promote(latent, space)
        return replace(latent, space=space, code=self._promoted[key])

    def _promote(self, latent: Latent, space: TypeKind) -> Operand:
        table = self.table(latent.model)
        if latent.space == "z":
            mapped = self.emit(MapZ(latent.model, table.w_dim, table.mapping_layers), [latent.code])
            return self.promote(replace(latent, space="w", code=mapped), space).code
        if space == "w+":
            return self.emit(Repeat(latent.model, table.num_ws), [latent.code])
        return self.emit(Affine(latent.model, table.style_length), [latent.code])

    def together(self, a: Latent, b: Latent, space: TypeKind) -> tuple[Latent, Latent]:
        """Promote two codes to one space, at least `space`; codes of two models are promoted to S.

        Raises:
            ValueError: the styles of the two models differ in length, or a code is in a later space.
        """
        if a.model != b.model:
            lengths = [self.table(one.model).style_length for one in (a, b)]
            if lengths[0] != lengths[1]:
                raise ValueError(
                    f"codes of two models are combined in S; '{a.model}' has {lengths[0]} styles, "
                    f"'{b.model}' {lengths[1]}"
                )
            space = "s"
        target = max((a.space, b.space, space), key=SPACES.index)
        return self.promote(a, target), self.promote(b, target)

    # -- features and masks --------------------------------------------------------------------------------------

    def const(self, model: str, rows: int) -> Operand:
        """Emit the constant input of a model, one row that all rows read."""
        table = self.table(model)
        layer = table.layers[0]
        op = Const(model, layer.out_channels, *layer.size)
        if (op, ()) not in self._rowless:
            self._rowless[op, ()] = self.emit(op, rows=1).value
        return Operand(self._rowless[op, ()], as_index(np.zeros(rows, np.int64)))

    def draw(self, masks: MaskExprs, height: int, width: int) -> Operand:
        """Emit masks drawn at a size, with one row for equal masks.

        Raises:
            SizeError: an edit in a mask is not a whole number of pixels at this size.
            ValueError: masks are nested more deeply than can be drawn.
        """
        check_depth(masks)
        for mask in unique(masks):
            check_size(mask, height, width)  # here, an error is reported with its source location
        return self.emit_distinct(DrawMask(height, width), masks)

    def multiply(self, a: MaskExprs, b: MaskExprs) -> MaskExprs:
        """Multiply two columns of masks, row by row; the same columns are multiplied only once."""
        key = (id(a), id(b))
        if key not in self._products:
            known: dict[tuple[MaskExpr, MaskExpr], MaskExpr] = {}
            result = tuple(
                known[pair] if pair in known else known.setdefault(pair, product(*pair))
                for pair in zip(a, b, strict=True)
            )
            self._products[key] = (a, b, result)  # keeps a and b alive, so that their ids remain unique
        return self._products[key][2]


def _check_registered(op: Op) -> None:
    if type(op) not in _REGISTERED:
        name = f"{type(op).__module__}.{type(op).__qualname__}"
        raise ValueError(
            f"operation {name} is not registered: add it to OPS in fgraph/ir/ops/__init__.py and its kernel to "
            "fgraph/runtime/kernels, or use Apply for a function of your own"
        )


def unique(values: Iterable[H]) -> list[H]:
    """Return the distinct values, in order of first appearance."""
    return list(dict.fromkeys(_objects(values)))


def _objects(values: Iterable[H]) -> Iterable[H]:
    """Return the distinct objects: most equal values are one object, whose hash is then computed once."""
    return {id(value): value for value in values}.values()
