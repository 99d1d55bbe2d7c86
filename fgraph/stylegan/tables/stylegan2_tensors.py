"""The names and shapes of a StyleGAN2 generator's tensors, without torch.

These are the names in a `StyleGAN2Generator` and in fgraph's `.safetensors` files. `D` is w_dim, `I` and `O` are a
layer's input and output channels, and `S` is the sum of all style lengths.

| name | shape | is |
| --- | --- | --- |
| `mapping.{i}.weight`, `mapping.{i}.bias` | [out, in], [out] | dense layer i of the mapping, without its multiplier |
| `mapping.embed.weight`, `mapping.embed.bias` | [E, classes], [E] | conditional generators: the embedding of a class |
| `const` | [1, C, h, w] | the constant input; 4x4 for square images |
| `{layer}.weight` | [O, I, 3, 3], torgb [C, I, 1, 1] | convolution, without its gain; cross-correlation, not flipped |
| `{layer}.bias` | [O] | bias after the convolution |
| `{layer}.affine.weight`, `{layer}.affine.bias` | [I, D], [I] | the layer's affine; the bias starts at 1 |
| `{layer}.noise_strength` | [] | convs of generators with noise |
| `{layer}.noise` | [1, 1, h, w] | of the same layers: the constant noise, of the size of their maps |
| `{layer}.residual.weight` | [O, I, 1, 1] | resnet, first conv of a block: the skip convolution, without gain |
| `w_mean` | [D] | mean of w; [classes, D] if each class has one |
| `style_mean`, `style_std` | [S] | mean and standard deviation of raw styles over 10,000 seeded samples |

Layers are `b4.conv1`, `b4.torgb`, `b8.conv0`, ... as in the layer table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fgraph._errors import ModelError, show
from fgraph.stylegan.tables.base import Layer, Shape
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table


def required_shapes(table: StyleGAN2Table) -> dict[str, Shape]:
    """Return the tensors that every generator of this table has."""
    shapes: dict[str, Shape] = {}
    for i in range(table.mapping_layers):
        shapes[f"mapping.{i}.weight"] = (table.widths[i + 1], table.widths[i])
        shapes[f"mapping.{i}.bias"] = (table.widths[i + 1],)
    if table.c_dim:
        shapes["mapping.embed.weight"] = (table.embed_width, table.c_dim)
        shapes["mapping.embed.bias"] = (table.embed_width,)
    first = table.layers[0]
    shapes["const"] = (1, first.out_channels, *first.size)
    for layer in table.layers[1:]:
        shapes |= _layer_shapes(layer, table.w_dim)
    return shapes | ({"w_mean": table.mean_shape} if table.class_means else {})


def optional_shapes(table: StyleGAN2Table) -> dict[str, Shape]:
    """Return the tensors that are drawn or measured if a file lacks them."""
    shapes: dict[str, Shape] = {
        f"{layer.name}.noise": (1, 1, *layer.size) for layer in table.layers if layer.noise_index is not None
    }
    shapes["w_mean"] = table.mean_shape
    shapes["style_mean"] = shapes["style_std"] = (table.style_length,)
    return shapes


def check_shapes(
    found: Mapping[str, Shape], table: StyleGAN2Table, where: str, spell: Mapping[str, str] | None = None
) -> None:
    """Compare the shapes in a file with the shapes that its table requires.

    Args:
        found: fgraph's names -> shapes.
        table: the layer table.
        where: the file, for messages.
        spell: fgraph's names -> names in the file, for messages.

    Raises:
        ModelError: tensors are missing, unknown, or of another shape; up to five of each kind are named.
    """
    spell = spell or {}
    required, known = required_shapes(table), required_shapes(table) | optional_shapes(table)
    faults = []
    if missing := [name for name in required if name not in found]:
        faults.append(f"it lacks {_few(spell.get(name, name) for name in missing)}")
    if unknown := [name for name in found if name not in known]:
        faults.append(f"it holds {_few(unknown)}, unknown in a {table.extent}-pixel generator")
    for name, shape in found.items():
        if name in known and shape != known[name]:
            faults.append(f"{spell.get(name, name)} is {list(shape)}, but the others imply {list(known[name])}")
    if faults:
        raise ModelError(
            f"{where}: the tensors do not make a generator of {table.extent} pixels: {'; '.join(faults[:5])}. "
            f"Expected a whole StyleGAN2 generator ({table.architecture} architecture); was it made by a changed "
            "network?"
        )


def _layer_shapes(layer: Layer, w_dim: int) -> dict[str, Shape]:
    taps = 1 if layer.kind == "torgb" else 3
    shapes: dict[str, Shape] = {
        f"{layer.name}.weight": (layer.out_channels, layer.in_channels, taps, taps),
        f"{layer.name}.bias": (layer.out_channels,),
        f"{layer.name}.affine.weight": (layer.in_channels, w_dim),
        f"{layer.name}.affine.bias": (layer.in_channels,),
    }
    if layer.noise_index is not None:
        shapes[f"{layer.name}.noise_strength"] = ()
    if layer.residual == "made":
        shapes[f"{layer.name}.residual.weight"] = (layer.out_channels, layer.in_channels, 1, 1)
    return shapes


def _few(names: Iterable[str], most: int = 5) -> str:
    listed = [f"{show(name)}" for name in names]
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
