"""Nodes in the step interpreter: a graph is evaluated node by node and row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fgraph import _geometry as geometry
from fgraph import masks
from fgraph._geometry import Canvas, Edit, fraction
from fgraph._seeds import derive_seed
from fgraph.declare import GraphSpec
from fgraph.photographs import cut_crops
from fgraph.runtime.kernels.owning import load_catalogue
from fgraph.runtime.kernels.seeds import draw_codes
from fgraph.stylegan.checkpoints.encoder_file import load_encoder, read_encoder
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.measured.ownership import OwnershipSettings
from nodes.mask import CombinedMask
from nodes.mask import Mask as MaskNode
from nodes.patches import Proposals
from tests.step_bending import bent
from tests.step_codes import Code, moved_along, promote, splice, stacked, together, truncated, walked
from tests.step_edits import (
    Amount,
    MakeEdit,
    blended,
    both_ways,
    copied,
    lying_in,
    mapped,
    pick,
    proposed,
    rulers,
    value_at,
)
from tests.step_images import knitted, lettered, mixed, overlaid, pasted
from tests.step_interpreter import (
    Draw,
    Map,
    Mix,
    Paused,
    Run,
    advance,
    carried,
    edit_paused,
    edit_tensor,
    moved,
    placed,
)
from tests.step_stylegan3 import (
    at_cell,
    edit_plane,
    first_run,
    in_units,
    is_plane,
    join_maps,
    margin_of,
    source_matrix,
    through,
    turned,
)
from tests.step_stylegan3 import shifted as away
from tests.step_weights import cell_weight, part_weight


def interpret(spec: GraphSpec) -> dict[str, list[Any]]:
    """Return the rows of each output: a Code, a Paused, a mask [h, w] or an image [1, 3, h, w]."""
    graph = Interpreter(spec)
    with torch.no_grad():
        return {name: graph.rows_of(node) for name, node in spec.outputs.items()}


class Interpreter:
    """The rows of each node, computed when they are first needed."""

    def __init__(self, spec: GraphSpec) -> None:
        self.spec = spec
        self._known: dict[str, list[Any]] = {}

    def rows_of(self, name: str) -> list[Any]:
        if name not in self._known:
            node: Any = self.spec.nodes[name]
            inputs = {port: [self.rows_of(one) for one in ids] for port, ids in node.references().items()}
            evaluate: Any = getattr(self, f"_{node.op}", None)
            if node.op == "stack":
                self._known[name] = stacked(inputs["of"])
            elif node.collapses or node.op in ("sample", "latent"):
                self._known[name] = evaluate(name, node, {port: values[0] for port, values in inputs.items()})
            else:
                count = node.row_count({port: tuple(map(len, values)) for port, values in inputs.items()})
                self._known[name] = [
                    evaluate(
                        node,
                        {port: [pick(one, row) for one in values] for port, values in inputs.items()},
                        (count, row),
                    )
                    for row in range(count)
                ]
        return self._known[name]

    # -- codes

    def model(self, name: str | None) -> StyleGAN2Generator:
        return self.spec.models[name or "main"]

    def _sample(self, name: str, node: Any, _: Any) -> list[Code]:
        model, made = self.model(node.model), []
        seeds = node.seed if node.seed is not None else derive_seed(self.spec.seed, name)
        for seed in seeds if isinstance(seeds, tuple) else (seeds,):
            codes = torch.from_numpy(np.array(draw_codes(node.draw, seed, node.count, node.smooth, model.table.z_dim)))
            keys = [(seed << 24) + row for row in range(node.count)]
            made += [Code("z", codes[row : row + 1], model, key) for row, key in enumerate(keys)]
        for row, one in enumerate(made if model.table.c_dim else ()):
            label = torch.eye(model.table.c_dim)[value_at(getattr(node, "class"), row)]
            made[row] = replace(one, code=torch.cat([one.code, label[None]], dim=1))
        if node.per_row_fields()["truncation"] in ((1.0,), (1.0,) * len(made)):
            return made
        made = [promote(one, "w") for one in made]
        cut = {} if node.cutoff is None else {"space": "w+"}
        psi = [value_at(node.truncation, row) for row in range(len(made))]
        return [
            replace(one, code=model.truncate(one.code, psi[row], node.cutoff), **cut) for row, one in enumerate(made)
        ]

    def _latent(self, name: str, node: Any, _: Any) -> list[Code]:
        codes = torch.from_numpy(np.array(node.codes().array))
        return [Code(node.space, codes[row : row + 1], self.model(node.model), row) for row in range(len(codes))]

    def _rows(self, name: str, node: Any, inputs: Mapping[str, list[Any]]) -> list[Any]:
        every: list[Any] = []
        for item in node.take.split(","):
            ends = [int(end) if end else None for end in item.split(":")]
            every += inputs["of"][slice(*ends)] if len(ends) > 1 else [inputs["of"][int(item)]]
        return every

    def _lerp(self, node: Any, inputs: Any, at: tuple[int, int]) -> Code:
        a, b = together(inputs["a"][0], inputs["b"][0], node.space)
        return replace(a, code=a.code + value_at(node.t, at[1]) * (b.code - a.code))

    def _mix(self, node: Any, inputs: Any, at: tuple[int, int]) -> Code:
        return splice(inputs["a"][0], inputs["b"][0], node.rows, node.layers)

    def _align(self, node: Any, inputs: Any, at: tuple[int, int]) -> Code:
        rows = "0..3" if node.rows is None and node.layers is None else node.rows
        return splice(inputs["of"][0], inputs["to"][0], rows, node.layers)

    def _truncate(self, node: Any, inputs: Any, at: tuple[int, int]) -> Code:
        return truncated(inputs["of"][0], value_at(node.truncation, at[1]), node.cutoff)

    def _direction(self, node: Any, inputs: Any, at: tuple[int, int]) -> Code:
        component = value_at(getattr(node, "component", 0), at[1])
        return moved_along(inputs["of"][0], node, component, value_at(node.strength, at[1]))

    def _walk(self, name: str, node: Any, inputs: Mapping[str, list[Any]]) -> list[Code]:
        return walked(inputs["of"], node)

    def _own(self, node: Any, inputs: Any, at: tuple[int, int]) -> Code:
        of, reference = together(inputs["of"][0], inputs["reference"][0], "s")
        owned = load_catalogue(of.model, OwnershipSettings(str(node.layer), node.clusters, node.samples, node.seed))
        parts = list(node.part or ()) or lying_in(owned, inputs["mask"][0])
        strength, rho, epsilon = (value_at(getattr(node, name), at[1]) for name in ("strength", "rho", "epsilon"))
        code = of.code.clone()
        for layer in of.model.table.layers[1:]:
            shares = owned.shares[parts, layer.style_slice].sum(0)
            spent, taken = 0.0, torch.zeros(layer.in_channels)
            for channel in sorted(range(layer.in_channels), key=lambda one: -float(shares[one])):
                spent += 1 - float(shares[channel])
                taken[channel] = min(strength, 1.0) if spent < epsilon and shares[channel] > rho else 0.0
            if node.how == "together":
                taken = (strength * shares).clamp(0, 1)
            ours, theirs = of.code[:, layer.style_slice], reference.code[:, layer.style_slice]
            code[:, layer.style_slice] = ours + taken * (theirs - ours)
        return replace(of, code=code)

    def _encode(self, node: Any, inputs: Any, at: tuple[int, int]) -> Code:
        model, header = self.model(node.model), read_encoder(node.encoder)
        encoder = load_encoder(header, torch.float32)
        code = encoder.encode(
            inputs["of"][0], model.w_mean, lambda codes: model.synthesise(model.affine(codes)),
            node.iterations or header.table.iterations,
        )  # fmt: skip
        return Code("w+", code, model, at[1])

    # -- passes

    def run(self, code: Code, model: str | None, noise: Any) -> Run:
        noise = noise or self.spec.noise
        seed = derive_seed(self.spec.seed, "noise") if noise.seed is None else noise.seed
        styled = promote(code, "s").code
        owner = code.model if model is None else self.model(model)
        return Run(owner, styled, noise.model_copy(update={"seed": seed}), lambda made: made, np.eye(3))

    def paused(self, value: Any, at: tuple[int, int], model: str | None = None, noise: Any = None) -> Paused:
        if isinstance(value, Paused):
            return value
        run = self.run(value, model, noise)
        start = torch.empty(0) if run.model.table.is_stylegan3 else run.model.const()
        return Paused(start, None, -1, run, Canvas(), run.model, value.key, at)

    def _tap(self, node: Any, inputs: Any, at: tuple[int, int]) -> Paused:
        state = self.paused(inputs["of"][0], at, node.model, node.noise)
        return advance(state, state.model.table.find(node.layer)[-1])

    def _restyle(self, node: Any, inputs: Any, at: tuple[int, int]) -> Paused:
        run = self.run(inputs["latent"][0], node.model, node.noise)
        state = self.paused(inputs["of"][0], at)
        if is_plane(state):
            run = replace(run, plane=first_run(state.carrier).plane)
        return replace(state, carrier=run, model=run.model)

    def _blend(self, node: Any, inputs: Any, at: tuple[int, int]) -> Any:
        if isinstance(inputs["a"][0], Tensor):
            return mixed(inputs["a"][0], inputs["b"][0], inputs["mask"][0])
        a, b, alpha = self.paused(inputs["a"][0], at), self.paused(inputs["b"][0], at), inputs["mask"][0]
        return blended(a, b, alpha, node.layers.resolve(a.model.table, a.layer), node.parts)

    def _patches(self, node: Any, inputs: Any, at: tuple[int, int]) -> Paused:
        of = self.paused(inputs["of"][0], at)
        source = self.paused(inputs["source"][0], at) if "source" in inputs else of
        feather, layers, parts = value_at(node.feather, at[1]), None, node.parts
        if node.form == "code":
            layer = of.model.table.pause(node.at)
            of, source = advance(of, layer), advance(source, layer)
            feather, layers, parts = 0.0, frozenset({layer}), "activation"
        layers = layers or node.layers.resolve(of.model.table, of.layer)
        if isinstance(node.patches, Proposals):
            (name,) = (name for name, one in self.spec.nodes.items() if one is node)
            moves = proposed(of, node, layers, derive_seed(self.spec.seed, name), at[1])
        else:
            cells = of.activation.shape[2:] if node.form == "code" else None
            moves = [move for patch in node.patches for move in both_ways(patch, node.swap, cells)]
        return copied((of, source), moves, feather, layers, parts)

    def _mosaic(self, name: str, node: Any, inputs: Mapping[str, list[Any]]) -> list[Paused]:
        high, wide = node.grid
        codes, made = inputs["of"], []
        groups = [codes[start : start + high * wide] for start in range(0, len(codes), high * wide)]
        canvas = Canvas(high, wide, node.wrap in ("x", "both"), node.wrap in ("y", "both"))
        for row, group in enumerate(groups):
            weights = [cell_weight(divmod(cell, wide), node.grid, node.overlap, canvas) for cell in range(len(group))]
            runs = [self.run(code, None, None) for code in group]
            model = group[0].model
            if model.table.is_stylegan3:
                runs = [at_cell(run, divmod(cell, wide), node.grid) for cell, run in enumerate(runs)]
            carrier = Mix(tuple(runs), tuple(weights))
            const = torch.empty(0) if model.table.is_stylegan3 else model.const().repeat(1, 1, high, wide)
            made.append(Paused(const, None, -1, carrier, canvas, model, group[0].key, (len(groups), row)))
        return made

    # -- space

    def _pad(self, node: Any, inputs: Any, at: tuple[int, int]) -> Any:
        def make(down: Amount, along: Amount) -> Edit:
            sides = down(node.top), down(node.bottom), along(node.left), along(node.right)
            return geometry.Pad(*sides, node.mode, node.value)

        return self.edit(inputs["of"][0], at, node.unit, make)

    def _resize(self, node: Any, inputs: Any, at: tuple[int, int]) -> Any:
        return self.edit(
            inputs["of"][0],
            at,
            node.unit,
            lambda down, along: geometry.Resize(down(node.height), along(node.width), node.mode),
        )

    def _crop(self, node: Any, inputs: Any, at: tuple[int, int]) -> Any:
        def make(down: Amount, along: Amount) -> Edit:
            top, left = down(node.top), along(node.left)
            height = 1 - top if node.height is None else down(node.height)
            return geometry.Crop(top, left, height, 1 - left if node.width is None else along(node.width))

        return self.edit(inputs["of"][0], at, node.unit, make)

    def _shift(self, node: Any, inputs: Any, at: tuple[int, int]) -> Any:
        def make(down: Amount, along: Amount) -> Edit:
            return geometry.Shift(
                down(value_at(node.dy, at[1])), along(value_at(node.dx, at[1])), node.mode, node.value
            )

        return self.edit(inputs["of"][0], at, node.unit, make, node)

    def _flip(self, node: Any, inputs: Any, at: tuple[int, int]) -> Any:
        return self.edit(inputs["of"][0], at, "fraction", lambda down, along: geometry.Flip(node.axis), node)

    def _transform(self, node: Any, inputs: Any, at: tuple[int, int]) -> Any:
        rotate, scale, dy, dx = (
            fraction(value_at(getattr(node, name), at[1])) for name in ("rotate", "scale", "dy", "dx")
        )
        turn = geometry.Transform(rotate, scale, dy, dx)
        if callable(inputs["of"][0]):
            return turned(inputs["of"][0], turn)
        return edit_plane(self.paused(inputs["of"][0], at), turn, carried)

    def edit(self, value: Any, at: tuple[int, int], unit: str, make: MakeEdit, at_layers: Any = None) -> Any:
        if callable(value):
            return moved(value, make(fraction, fraction))
        if isinstance(value, Tensor):
            return edit_tensor(value, make(*rulers(unit, value)))
        state = self.paused(value, at)
        here = at_layers is None or at_layers.layers.text == "here"
        layers = frozenset() if here else at_layers.layers.resolve(state.model.table, state.layer)
        if is_plane(state):
            edit = make(*rulers(unit, torch.empty(1, 1, *state.canvas.pixels(state.model.table.size))))
            if here:
                return edit_plane(state, edit, carried)
            moves = -1 in layers and at_layers.parts != "skip"
            carrier = through(state.carrier, source_matrix(edit, in_units(state))) if moves else state.carrier
            return replace(state, carrier=Map(carrier, edit, layers, at_layers.parts))
        edit = make(*rulers(unit, state.activation, margin_of(state)))
        return edit_paused(state, edit, margin_of(state)) if here else mapped(state, edit, layers, at_layers.parts)

    def _bend(self, node: Any, inputs: Any, at: tuple[int, int]) -> Paused:
        state = self.paused(inputs["of"][0], at)
        table = state.model.table
        layers, edit = node.layers.resolve(table, state.layer), bent(node, at[1], state.model)
        state = replace(state, carrier=Map(state.carrier, edit, layers, node.parts))
        for name in ("activation", "skip") if state.layer in layers and not is_plane(state) else ():
            tensor = getattr(state, name)
            if node.parts in ("both", name) and tensor is not None:
                maker = [one for one in table.layers if one.index <= state.layer and one.tensor == name][-1]
                state = replace(state, **{name: edit.apply(tensor, maker, state.canvas)})
        return state

    def _concat(self, node: Any, inputs: Any, at: tuple[int, int]) -> Any:
        axis, dim = node.axis, 3 if node.axis == "x" else 2
        if isinstance(inputs["of"][0], Tensor):
            return torch.cat(inputs["of"], dim)
        parts = [self.paused(one, at) for one in inputs["of"]]
        canvas = Canvas.joined([part.canvas for part in parts], axis)
        lengths = [part.canvas.width if axis == "x" else part.canvas.height for part in parts]
        carriers, weights, start = [], [], Fraction(0)
        for part, length in zip(parts, lengths, strict=True):
            before, share = start / sum(lengths), Fraction(length) / sum(lengths)
            scale = (Fraction(1), share) if axis == "x" else (share, Fraction(1))
            carriers.append(
                carried(part.carrier, lambda draw, b=before, s=share: placed(draw, axis, b, s), scale)  # type: ignore[misc]
            )
            if is_plane(part):
                unit = part.model.table.unit[axis == "x"]
                middle = float(before + share / 2 - Fraction(1, 2)) * float(sum(lengths) * unit)
                carriers[-1] = through(carriers[-1], away(middle if axis == "x" else 0, middle if axis == "y" else 0))
            weights.append(part_weight(before, share, axis))
            start += length
        skips = [part.skip for part in parts if part.skip is not None]
        return replace(
            parts[0],
            activation=parts[0].activation
            if is_plane(parts[0])
            else join_maps([part.activation for part in parts], dim, margin_of(parts[0])),
            skip=torch.cat(skips, dim) if skips else None,
            carrier=Mix(tuple(carriers), tuple(weights)),
            canvas=canvas,
        )

    # -- masks and images

    def _mask(self, node: MaskNode, inputs: Any, at: tuple[int, int]) -> Draw:
        if not isinstance(node, CombinedMask):
            mask = node.finished(at[1])
            return lambda height, width: masks.rasterise(mask, height, width)
        joins = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "max": np.maximum, "min": np.minimum}
        assert value_at(node.feather, at[1]) == 0

        def draw(height: int, width: int) -> Any:
            made = np.clip(reduce(joins[node.how], [one(height, width) for one in inputs["of"]]), 0, 1)
            return (1 - made if node.invert else made) * np.float32(value_at(node.alpha, at[1]))

        return draw

    def _photo(self, node: Any, inputs: Any, at: tuple[int, int]) -> Tensor:
        return torch.from_numpy(cut_crops([node.crops()[at[1]]], self.model(node.model).table.size))

    def _paste(self, node: Any, inputs: Any, at: tuple[int, int]) -> dict[str, Tensor]:
        return pasted(inputs, node)

    def _decode(self, node: Any, inputs: Any, at: tuple[int, int]) -> Tensor:
        state = self.paused(inputs["of"][0], at)
        skip = advance(state, state.model.table.last).skip
        assert skip is not None
        return skip.clamp(-1, 1) if node.clamp else skip

    def _overlay(self, node: Any, inputs: Any, at: tuple[int, int]) -> Tensor:
        colour, strength = (value_at(getattr(node, name), at[1]) for name in ("colour", "strength"))
        return overlaid(inputs["of"][0], inputs["mask"][0], colour, strength)

    def _text(self, node: Any, inputs: Any, at: tuple[int, int]) -> Tensor:
        return lettered(inputs["of"][0], node, at[1])

    def _knit(self, name: str, node: Any, inputs: Mapping[str, list[Any]]) -> list[Tensor]:
        return knitted(inputs["of"], node)
