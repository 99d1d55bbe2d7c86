"""StyleGAN2 generators in pickles of NVlabs' TensorFlow programs (StyleGAN2, ADA). Without torch and TensorFlow.

Convolution weights are [k, k, I, O], and flipped in up-sampling layers. Dense weights are [in, out]. The bias of an
affine layer lacks its initial 1. A setting that the network does not state has StyleGAN2's default. Blocks are named by
their size, from 4x4 on. In skyflynil's fork, for images that aren't square, the first size is `min_h`x`min_w`.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fgraph._errors import ModelError, show
from fgraph.stylegan.checkpoints.contents import LARGEST_BLOCKS, Contents, Weight, check_numbers
from fgraph.stylegan.checkpoints.pickles.numpy_values import read_array
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused, brief
from fgraph.stylegan.checkpoints.pickles.stand_ins import StandIn
from fgraph.stylegan.checkpoints.pickles.stored import Storage, StoredTensor, whole
from fgraph.stylegan.tables.activations import GAINS
from fgraph.stylegan.tables.base import Layer, Shape, Size
from fgraph.stylegan.tables.stylegan2 import ARCHITECTURES, StyleGAN2Table
from fgraph.stylegan.tables.stylegan2_tensors import check_shapes, optional_shapes, required_shapes

if TYPE_CHECKING:
    from torch import Tensor

_OLDEST = 4  # the version of the pickles that StyleGAN2 writes
_MOST_VARIABLES, _MOST_PARTS, _DEEPEST = 10_000, 8, 4
_IGNORED = (
    "truncation_psi", "truncation_cutoff", "style_mixing_prob", "structure", "conditioning", "fused_modconv",
    "num_fp16_res", "w_avg_beta", "dlatent_avg_beta", "resolution", "num_channels", "fmap_base", "fmap_max",
    "latent_size", "dlatent_size", "label_size", "mapping_layers", "mapping_fmaps", "label_fmaps", "min_h", "min_w",
    "res_log2", "use_attention", "fmap_decay", "fmap_min", "randomize_noise", "impl",
)  # fmt: skip
_READ = ("architecture", "resample_kernel", "use_noise", "nonlinearity", "mapping_nonlinearity", "mapping_lrmul",
         "conv_clamp")  # fmt: skip


def read_tensorflow(content: Any, where: str) -> Contents:
    """Return the contents of a pickle of TensorFlow networks (G, D, Gs), where Gs is the averaged generator.

    Raises:
        ModelError: the pickle holds no generator, or one that fgraph does not run.
    """
    state = _state_of(content[-1], where)
    if type(version := state.get("version")) is not int or version < _OLDEST:
        raise ModelError(
            f"{where}: is a StyleGAN1 or a progressive GAN (its network is of version {brief(version)}, a StyleGAN2 of "
            f"{_OLDEST} or later). fgraph runs StyleGAN2 and StyleGAN3: load a StyleGAN2 of the same data"
        )
    settings = state.get("static_kwargs")
    if type(settings) is not dict:
        raise ModelError(f"{where}: its network has no settings; expected a StyleGAN2 generator")
    variables: dict[str, StoredTensor] = {}
    _collect(state, "", variables, where, _DEEPEST)
    table = _read_table(settings, variables, where)
    check_numbers(table, where)
    shapes, names = required_shapes(table) | optional_shapes(table), _key_map(table)
    present = {ours: pair for ours, pair in names.items() if pair[0] in variables}
    found = {ours: change.shape(variables[theirs].shape) for ours, (theirs, change) in present.items()}
    check_shapes(found, table, where, {ours: theirs for ours, (theirs, _) in names.items()})
    weights = {one: Weight(variables[names[one][0]], shapes[one], names[one][1].change) for one in found}
    return Contents("tensorflow", table, weights, {"format": "tensorflow", "weights": "Gs"})


def is_tensorflow(content: Any) -> bool:
    """Return whether the value of a pickle is one that NVlabs' TensorFlow programs write."""
    return type(content) is tuple and bool(content) and type(content[-1]) is StandIn and content[-1].kind == "Network"


def _state_of(network: Any, where: str) -> dict[Any, Any]:
    if type(network) is not StandIn or network.kind != "Network" or type(network.state) is not dict:
        raise ModelError(f"{where}: holds {brief(network)}; expected a network")
    return network.state


def _collect(state: Mapping[Any, Any], prefix: str, found: dict[str, StoredTensor], where: str, depth: int) -> None:
    """Collect the variables of a network and of its components, by their full names."""
    pairs, components = state.get("variables"), state.get("components")
    if type(pairs) not in (list, tuple) or type(components) is not dict or not depth or len(components) > _MOST_PARTS:
        raise ModelError(f"{where}: its network '{show(prefix)}' has no variables; expected a StyleGAN2 generator")
    for pair in pairs or ():
        if type(pair) is not tuple or len(pair) != 2 or type(pair[0]) is not str or len(found) > _MOST_VARIABLES:
            raise ModelError(f"{where}: its network '{show(prefix)}' has variables of an unknown form")
        if prefix + pair[0] in found:
            raise ModelError(f"{where}: has two variables '{show(prefix + pair[0])}'; expected one of each name")
        found[prefix + pair[0]] = _tensor(pair, where)
    for name, part in components.items():
        _collect(_state_of(part, where), f"{prefix}{name}/", found, where, depth - 1)


def _tensor(pair: tuple[str, Any], where: str) -> StoredTensor:
    try:
        if type(pair[1]) is StoredTensor:
            return pair[1]
        if type(pair[1]) is StandIn:
            return read_array(pair[1])
        if type(pair[1]) in (int, float):  # a variable without axes comes as a number
            return whole(Storage(struct.pack("<f", pair[1]), "float32", 1), ())
        raise PickleRefused(f"it is {brief(pair[1])}")
    except (PickleRefused, OverflowError) as error:
        raise ModelError(f"{where}: its variable '{show(pair[0])}' cannot be read: {error}") from error


def _read_table(settings: Mapping[Any, Any], variables: Mapping[str, StoredTensor], where: str) -> StyleGAN2Table:
    if unknown := [brief(name) for name in settings if name not in (*_IGNORED, *_READ)]:
        raise ModelError(f"{where}: its network has the setting {unknown[0]}, which fgraph does not know")
    if list(_setting(settings, "resample_kernel", list, [1, 3, 3, 1], where)) != [1, 3, 3, 1]:
        raise ModelError(f"{where}: its resample_kernel is not [1, 3, 3, 1], the only one that fgraph runs")
    if attention := [name for name in variables if "attention" in name]:
        raise ModelError(f"{where}: has the attention layer '{show(attention[0])}', which fgraph does not run")
    base = _base(variables)
    blocks = [f"synthesis/{base[0] << i}x{base[1] << i}" for i in range(LARGEST_BLOCKS + 1)]
    convs = [f"{block}/{'Conv1' if i else 'Conv'}/weight" for i, block in enumerate(blocks)]
    depth = next(i for i, name in enumerate([*convs, ""]) if name not in variables)
    layers = next(i for i in range(65) if f"mapping/Dense{i}/weight" not in variables)
    if not 1 <= depth <= LARGEST_BLOCKS or not 1 <= layers <= 64 or f"{blocks[0]}/Conv/mod_weight" not in variables:
        raise ModelError(f"{where}: has no modulated layers from 4x4 on; expected a StyleGAN2 generator")
    widths = tuple(_dimension(variables, f"mapping/Dense{i}/weight", 1, 2, where) for i in range(layers))
    w_dim = _dimension(variables, f"{blocks[0]}/Conv/mod_weight", 0, 2, where)
    embed = "mapping/LabelEmbed/weight"
    classes, width = (_dimension(variables, embed, axis, 2, where) if embed in variables else 0 for axis in (0, 1))
    clamp = settings.get("conv_clamp")
    return StyleGAN2Table(
        channels=tuple((4 << i, _dimension(variables, convs[i], 3, 4, where)) for i in range(depth)),
        z_dim=_dimension(variables, "mapping/Dense0/weight", 0, 2, where) - width,
        w_dim=w_dim,
        mapping_layers=layers,
        image_channels=_dimension(variables, f"{blocks[depth - 1]}/ToRGB/weight", 3, 4, where),
        architecture=_choice(settings, "architecture", ARCHITECTURES, "skip", where),
        c_dim=classes,
        embed_width=width,
        mapping_widths=() if set(widths) == {w_dim} else widths,
        mapping_rate=_above_zero(settings, "mapping_lrmul", 0.01, where),
        mapping_activation=_choice(settings, "mapping_nonlinearity", tuple(GAINS), "lrelu", where),
        activation=_choice(settings, "nonlinearity", tuple(GAINS), "lrelu", where),
        clamp=None if clamp is None else _above_zero(settings, "conv_clamp", 1.0, where),
        has_noise=_setting(settings, "use_noise", bool, True, where),
        base=base,
    )


def _base(variables: Mapping[str, StoredTensor]) -> Size:
    """Return height and width of the constant, which its name states; 4x4 if there is none."""
    sides = r"([1-9][0-9]{0,3})"
    found = (re.fullmatch(f"synthesis/{sides}x{sides}/Const/const", name) for name in variables)
    return next(((int(match[1]), int(match[2])) for match in found if match), (4, 4))


def _setting(settings: Mapping[Any, Any], name: str, kind: type, default: Any, where: str) -> Any:
    value = settings.get(name)
    if value is None:
        return default
    if type(value) is not kind:
        raise ModelError(f"{where}: its network has {brief(value)} as '{name}'; expected a {kind.__name__}")
    return value


def _choice(settings: Mapping[Any, Any], name: str, known: tuple[str, ...], default: str, where: str) -> Any:
    if (value := _setting(settings, name, str, default, where)) not in known:
        raise ModelError(f"{where}: its {name} is {brief(value)}; fgraph runs {', '.join(known)}")
    return value


def _above_zero(settings: Mapping[Any, Any], name: str, default: float, where: str) -> float:
    value = settings.get(name)
    if value is None:
        return default
    if type(value) not in (int, float) or not math.isfinite(value) or value <= 0:
        raise ModelError(f"{where}: its {name} is {brief(value)}; expected a number above 0")
    return float(value)


def _dimension(variables: Mapping[str, StoredTensor], name: str, axis: int, axes: int, where: str) -> int:
    found = variables.get(name)
    if found is None or len(found.shape) != axes or 0 in found.shape:
        shown = "missing" if found is None else f"{list(found.shape)}"
        raise ModelError(f"{where}: its variable '{name}' is {shown}; expected {axes} axes")
    return found.shape[axis]


class _LayoutChange:
    """A change of a variable's layout to fgraph's, and of its shape."""

    def __init__(self, axes: tuple[int, ...] | None = None, flip: bool = False, add: float = 0.0) -> None:
        self._axes, self._flip, self._add = axes, flip, add

    def shape(self, theirs: Shape) -> Shape:
        """Return the shape in fgraph's layout."""
        return theirs if self._axes is None or len(self._axes) != len(theirs) else tuple(theirs[i] for i in self._axes)

    def change(self, value: Tensor) -> Tensor:
        """Return the values in fgraph's layout."""
        value = value.flip(0, 1) if self._flip else value
        value = value if self._axes is None else value.permute(self._axes)
        return value + self._add if self._add else value


_AS_IT_IS, _DENSE, _AFFINE_BIAS = _LayoutChange(), _LayoutChange((1, 0)), _LayoutChange(add=1.0)
_KERNEL, _FLIPPED = _LayoutChange((3, 2, 0, 1)), _LayoutChange((3, 2, 0, 1), flip=True)


def _key_map(table: StyleGAN2Table) -> dict[str, tuple[str, _LayoutChange]]:
    """Return TensorFlow's name of each tensor, and the change of its layout, by fgraph's name."""
    names = {"const": (f"{_block(table.layers[0])}/Const/const", _AS_IT_IS), "w_mean": ("dlatent_avg", _AS_IT_IS)}
    for i in range(table.mapping_layers):
        names[f"mapping.{i}.weight"] = (f"mapping/Dense{i}/weight", _DENSE)
        names[f"mapping.{i}.bias"] = (f"mapping/Dense{i}/bias", _AS_IT_IS)
    if table.c_dim:
        names["mapping.embed.weight"] = ("mapping/LabelEmbed/weight", _DENSE)
        names["mapping.embed.bias"] = ("mapping/LabelEmbed/bias", _AS_IT_IS)
    for layer in table.layers[1:]:
        names |= _layer_keys(layer)
    return names


def _block(layer: Layer) -> str:
    return f"synthesis/{layer.size[0]}x{layer.size[1]}"


def _layer_keys(layer: Layer) -> dict[str, tuple[str, _LayoutChange]]:
    block = _block(layer)
    part = layer.name.partition(".")[2]
    first = "Conv" if layer.resolution == 4 else "Conv1"
    theirs = f"{block}/" + {"conv0": "Conv0_up", "conv1": first, "torgb": "ToRGB"}[part]
    names: dict[str, tuple[str, Any]] = {
        "weight": (f"{theirs}/weight", _FLIPPED if layer.up == 2 else _KERNEL),
        "bias": (f"{theirs}/bias", _AS_IT_IS),
        "affine.weight": (f"{theirs}/mod_weight", _DENSE),
        "affine.bias": (f"{theirs}/mod_bias", _AFFINE_BIAS),
    }
    if layer.noise_index is not None:
        names["noise_strength"] = (f"{theirs}/noise_strength", _AS_IT_IS)
        names["noise"] = (f"synthesis/noise{layer.noise_index}", _AS_IT_IS)
    if layer.residual == "made":
        names["residual.weight"] = (f"{block}/Skip/weight", _FLIPPED)
    return {f"{layer.name}.{name}": value for name, value in names.items()}
