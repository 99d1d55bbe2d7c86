"""The encoder in a checkpoint of pSp, e4e, ReStyle or StyleGAN3-editing. Without torch.

The layout follows from the names and shapes of the tensors. `opts` states the rest: whether rows of W+ add up, and
which part of a picture is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fgraph._errors import ModelError, show
from fgraph.stylegan.checkpoints.contents import Weight
from fgraph.stylegan.checkpoints.families.places import NetworkPlace, as_tensor, find_places
from fgraph.stylegan.checkpoints.pickles.stand_ins import StandIn
from fgraph.stylegan.checkpoints.pickles.stored import StoredTensor
from fgraph.stylegan.tables.base import Shape
from fgraph.stylegan.tables.encoder import COARSE, FLAT, MIDDLE, Backbone, Block, EncoderTable, Head, HeadedTable

_PREFIX = "encoder."
_MEAN = "latent_avg"
_WIDEST, _MOST_BLOCKS, _MOST_HEADS, _DEEPEST = 8192, 512, 64, 12
_RESIDUAL_ITERATIONS = 5  # iterations of ReStyle
_SIZE, _CAR_SIZE = (256, 256), (192, 256)
_PROGRESSIVE = ("Encoder4Editing", "ProgressiveBackboneEncoder", "ResNetProgressiveBackboneEncoder")
_PLAIN = (
    "GradualStyleEncoder", "ResNetGradualStyleEncoder", "BackboneEncoder", "ResNetBackboneEncoder",
    "BackboneEncoderUsingLastLayerIntoW", "BackboneEncoderUsingLastLayerIntoWPlus", "SingleStyleCodeEncoder",
)  # fmt: skip

Found = tuple[EncoderTable, Mapping[str, Weight]]


def read_published(content: Any, where: str) -> Found | None:
    """Return the encoder in the value of a file, or None if there is none.

    Raises:
        ModelError: it holds an encoder that fgraph does not run.
    """
    for place in find_places(content):
        if any(name.removeprefix("module.").startswith(_PREFIX) for name in place.entries):
            return _Reader(place, where).read()
    return None


class _Reader:
    """The tensors and options of one encoder."""

    def __init__(self, place: NetworkPlace, where: str) -> None:
        self._where = where
        names = {name.removeprefix("module."): value for name, value in place.entries.items()}
        found = {name[len(_PREFIX) :]: as_tensor(value) for name, value in names.items() if name.startswith(_PREFIX)}
        self._tensors: dict[str, StoredTensor] = {name: one for name, one in found.items() if one is not None}
        beside: dict[Any, Any] = {}
        for one in place.around:
            beside |= one
        opts = beside.get("opts")
        opts = opts.state if type(opts) is StandIn else opts  # a Namespace of argparse
        self._opts: Mapping[Any, Any] = opts if type(opts) is dict else {}
        self._mean = as_tensor(beside.get(_MEAN))

    def read(self) -> Found:
        kind = self._opts.get("encoder_type")
        if kind is not None and kind not in (*_PROGRESSIVE, *_PLAIN):
            raise self._fail(f"is of the kind {show(kind)}; fgraph runs {', '.join((*_PLAIN, *_PROGRESSIVE))}")
        network = self._network(kind)
        w_dim, styles = self._code_shape(network)
        data = self._opts.get("dataset_type")
        is_car = type(data) is str and "cars" in data[:100]
        if network.in_channels not in (1, 3, 6):
            raise self._fail(
                f"reads {network.in_channels} channels, such as labels of a segmentation; fgraph gives it pictures of "
                "3 channels: use a checkpoint that encodes photographs"
            )
        residual = network.in_channels == 6
        table = EncoderTable(
            network,
            styles,
            w_dim,
            _CAR_SIZE if is_car else _SIZE,
            image_channels=3 if residual else network.in_channels,
            is_residual=residual,
            adds_mean=self._opts.get("start_from_latent_avg", True) is not False,
            content="middle" if is_car else "whole",
            iterations=self._iterations() if residual else 1,
        )
        shapes = published_shapes(network, table.outputs)
        return table, {**self._weights(shapes), **self._mean_weight(table)}

    def _network(self, kind: Any) -> HeadedTable:
        backbone: Backbone = "resnet" if "conv1.weight" in self._tensors else "ir-se"
        stem = self._shape("conv1.weight" if backbone == "resnet" else "input_layer.0.weight", 4)
        blocks = tuple(self._blocks(backbone))
        depths = tuple(self._depths())
        head: Head
        if depths:
            head = "pyramid" if "latlayer1.weight" in self._tensors else "single"
            width = self._shape("styles.0.linear.weight", 2)[1]
        else:
            head = "flat" if "output_layer_2.3.weight" in self._tensors else "pooled"
            width = self._shape("linear.weight", 2)[1]
        if head == "pyramid" and sum(block.stride == 2 for block in blocks) < 3:
            raise self._fail("has fewer than three strided blocks; the heads of a pyramid read three maps")
        if kind is None and depths:
            raise self._fail(
                "does not state its 'encoder_type', on which the sum of its rows depends; save it again with its 'opts'"
            )
        return HeadedTable(backbone, stem[1], stem[0], blocks, head, width, depths, kind in _PROGRESSIVE)

    def _blocks(self, backbone: str) -> list[Block]:
        first = "res_layer.1.weight" if backbone == "ir-se" else "conv1.weight"
        found: list[Block] = []
        while f"body.{len(found)}.{first}" in self._tensors:
            if len(found) == _MOST_BLOCKS:
                raise self._fail(f"has more than {_MOST_BLOCKS} blocks")
            outer, inner = self._shape(f"body.{len(found)}.{first}", 4)[:2]
            strided = inner != outer or (backbone == "ir-se" and not found)
            found.append(Block(inner, outer, 2 if strided else 1))
        if not found:
            raise self._fail(f"has no tensor 'body.0.{first}'")
        return found

    def _depths(self) -> list[int]:
        depths: dict[int, int] = {}
        for name in self._tensors:
            match = re.fullmatch(r"styles\.([0-9]{1,4})\.convs\.([0-9]{1,4})\.weight", name)
            if match:
                depths[int(match[1])] = max(depths.get(int(match[1]), 0), int(match[2]) // 2 + 1)
        if sorted(depths) != list(range(len(depths))) or len(depths) > _MOST_HEADS:
            raise self._fail(f"has heads {show(sorted(depths))}; expected 0, 1, ... {_MOST_HEADS} at most")
        if max(depths.values(), default=0) > _DEEPEST:
            raise self._fail(f"has a head of {max(depths.values())} convolutions; at most {_DEEPEST} are allowed")
        return [depths[row] for row in sorted(depths)]

    def _code_shape(self, network: HeadedTable) -> tuple[int, int]:
        """Return w_dim and the number of rows; 0 rows for a code in W."""
        if network.depths:
            return self._shape("styles.0.linear.weight", 2)[0], len(network.depths)
        outputs = self._shape("linear.weight", 2)[0]
        w_dim = self._mean.shape[-1] if self._mean is not None and self._mean.shape else network.width
        if not w_dim or outputs % w_dim:
            raise self._fail(f"makes {outputs} numbers, not a multiple of w_dim, {w_dim}")
        return w_dim, 0 if outputs == w_dim else outputs // w_dim

    def _iterations(self) -> int:
        given = self._opts.get("n_iters_per_batch")
        return given if type(given) is int and 1 <= given <= 100 else _RESIDUAL_ITERATIONS

    def _weights(self, shapes: Mapping[str, Shape]) -> dict[str, Weight]:
        for name, shape in shapes.items():
            found = self._tensors[name].shape if name in self._tensors else None
            if found != shape:
                shown = "nothing" if found is None else list(found)
                raise self._fail(f"has {shown} at '{show(name)}'; expected {list(shape)}")
        return {name: Weight(self._tensors[name], shape) for name, shape in shapes.items()}

    def _mean_weight(self, table: EncoderTable) -> dict[str, Weight]:
        if self._mean is None:
            return {}
        shape = tuple(length for length in self._mean.shape if length != 1) or self._mean.shape
        if shape not in ((table.w_dim,), (table.styles, table.w_dim)):
            raise self._fail(f"has a mean of shape {list(self._mean.shape)}; expected [{table.w_dim}]")
        return {"mean": Weight(self._mean, shape)}

    def _shape(self, name: str, axes: int) -> Shape:
        tensor = self._tensors.get(name)
        if tensor is None or len(tensor.shape) != axes:
            raise self._fail(f"has no weight '{show(name)}' of {axes} axes")
        if not all(1 <= length <= _WIDEST * FLAT**2 for length in tensor.shape):
            raise self._fail(f"has a weight '{show(name)}' of shape {list(tensor.shape)}")
        return tensor.shape

    def _fail(self, what: str) -> ModelError:
        return ModelError(f"{self._where}: its encoder {what}")


def published_shapes(table: HeadedTable, outputs: int) -> dict[str, Shape]:
    """Return the shapes of the tensors of a published encoder, by name."""
    names = (
        ("conv1", "bn1", "relu") if table.backbone == "resnet" else ("input_layer.0", "input_layer.1", "input_layer.2")
    )
    taps = 7 if table.backbone == "resnet" else 3
    shapes: dict[str, Shape] = {
        f"{names[0]}.weight": (table.stem, table.in_channels, taps, taps),
        **_norm(names[1], table.stem),
        f"{names[2]}.weight": (table.stem,),
    }
    for index, block in enumerate(table.blocks):
        shapes |= _block(f"body.{index}", block, table.backbone)
    return shapes | _heads(table, outputs)


def _block(name: str, block: Block, backbone: str) -> dict[str, Shape]:
    inner, outer = block.inner, block.outer
    first, second = (outer, inner, 3, 3), (outer, outer, 3, 3)
    if backbone == "resnet":
        shapes = {
            f"{name}.conv1.weight": first, **_norm(f"{name}.bn1", outer),
            f"{name}.conv2.weight": second, **_norm(f"{name}.bn2", outer),
        }  # fmt: skip
        shortcut = f"{name}.downsample"
    else:
        part, shortcut = f"{name}.res_layer", f"{name}.shortcut_layer"
        shapes = {
            **_norm(f"{part}.0", inner), f"{part}.1.weight": first, f"{part}.2.weight": (outer,),
            f"{part}.3.weight": second, **_norm(f"{part}.4", outer),
            f"{part}.5.fc1.weight": (max(1, outer // 16), outer, 1, 1),
            f"{part}.5.fc2.weight": (outer, max(1, outer // 16), 1, 1),
        }  # fmt: skip
    if block.projects:
        shapes |= {f"{shortcut}.0.weight": (outer, inner, 1, 1), **_norm(f"{shortcut}.1", outer)}
    return shapes


def _norm(name: str, width: int) -> dict[str, Shape]:
    return {f"{name}.{part}": (width,) for part in ("weight", "bias", "running_mean", "running_var")}


def _heads(table: HeadedTable, outputs: int) -> dict[str, Shape]:
    last, width = table.blocks[-1].outer, table.width
    if not table.depths:
        shapes: dict[str, Shape] = {"linear.weight": (outputs, width), "linear.bias": (outputs,)}
        if table.head == "flat":
            shapes |= {
                **_norm("output_layer_2.0", last),
                "output_layer_2.3.weight": (width, last * FLAT**2),
                "output_layer_2.3.bias": (width,),
            }
        return shapes
    shapes = {}
    for row, depth in enumerate(table.depths):
        for layer in range(depth):
            conv = f"styles.{row}.convs.{2 * layer}"
            shapes |= {f"{conv}.weight": (width, width if layer else last, 3, 3), f"{conv}.bias": (width,)}
        made = outputs // len(table.depths)
        shapes |= {f"styles.{row}.linear.weight": (made, width), f"styles.{row}.linear.bias": (made,)}
    if table.head == "pyramid":
        for name, level, least in (("latlayer1", 1, COARSE), ("latlayer2", 0, MIDDLE)):
            if len(table.depths) > least:
                inner = table.blocks[table.levels[level]].outer
                shapes |= {f"{name}.weight": (last, inner, 1, 1), f"{name}.bias": (last,)}
    return shapes
