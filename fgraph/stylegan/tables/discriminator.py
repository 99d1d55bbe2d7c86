"""The layer table of the discriminator: its sizes, and its tensors' names in rosinality's checkpoints. Without torch.

| name | shape | is |
| --- | --- | --- |
| `convs.0.0.weight`, `convs.0.1.bias` | [C, 3, 1, 1], [C] | fromRGB, C channels at the images' resolution |
| `convs.{i}.conv1.0.weight`, `convs.{i}.conv1.1.bias` | [I, I, 3, 3], [I] | block i (1, 2, ...), first conv |
| `convs.{i}.conv2.1.weight`, `convs.{i}.conv2.2.bias` | [O, I, 3, 3], [O] | second conv, which halves the resolution |
| `convs.{i}.skip.1.weight` | [O, I, 1, 1] | skip connection, without bias |
| `final_conv.0.weight`, `final_conv.1.bias` | [C4, C4 + stddev_channels, 3, 3], [C4] | conv at 4x4 |
| `final_linear.0.weight`, `final_linear.0.bias` | [C4, 16 C4], [C4] | dense |
| `final_linear.1.weight`, `final_linear.1.bias` | [outputs, C4], [outputs] | dense, the score |
| `faded.{r}.0.weight`, `faded.{r}.1.bias`, `faded.{r}.share` | [C, 3, 1, 1], [C], [] | a former fromRGB and the share |

Weights are stored without their gains. The last row is fgraph's own, for discriminators that grew block by block: the
output of a block at resolution r is multiplied by the learned share, and the former fromRGB of the image at that
resolution is added. Discriminators of other programs have none.
"""

from __future__ import annotations

from dataclasses import dataclass

from fgraph.stylegan.tables.base import Shape


@dataclass(frozen=True)
class DiscriminatorTable:
    """The sizes of a residual discriminator of StyleGAN2."""

    size: int  # size of the images, in pixels
    channels: tuple[tuple[int, int], ...]  # (resolution, channels), rising from 4
    image_channels: int = 3
    stddev_group: int = 4  # rows that share a standard deviation
    stddev_channels: int = 1  # maps of standard deviation
    faded: tuple[int, ...] = ()  # resolutions that keep a former fromRGB
    clamp: float | None = None  # the bound of every layer's output
    outputs: int = 1  # more if the discriminator is conditional: then fgraph computes its features, but no score

    @property
    def blocks(self) -> int:
        """The number of residual blocks."""
        return len(self.channels) - 1

    def width(self, resolution: int) -> int:
        """Return the channels at a resolution."""
        return dict(self.channels)[resolution]


def discriminator_shapes(table: DiscriminatorTable) -> dict[str, Shape]:
    """Return the shapes of a discriminator's tensors, by the names above."""
    width = table.width(table.size)
    shapes: dict[str, Shape] = {
        "convs.0.0.weight": (width, table.image_channels, 1, 1),
        "convs.0.1.bias": (width,),
    }
    for i in range(1, table.blocks + 1):
        inner, outer = table.width(table.size >> (i - 1)), table.width(table.size >> i)
        shapes |= {
            f"convs.{i}.conv1.0.weight": (inner, inner, 3, 3),
            f"convs.{i}.conv1.1.bias": (inner,),
            f"convs.{i}.conv2.1.weight": (outer, inner, 3, 3),
            f"convs.{i}.conv2.2.bias": (outer,),
            f"convs.{i}.skip.1.weight": (outer, inner, 1, 1),
        }
    last = table.width(4)
    shapes |= {
        "final_conv.0.weight": (last, last + table.stddev_channels, 3, 3),
        "final_conv.1.bias": (last,),
        "final_linear.0.weight": (last, 16 * last),
        "final_linear.0.bias": (last,),
        "final_linear.1.weight": (table.outputs, last),
        "final_linear.1.bias": (table.outputs,),
    }
    for resolution in table.faded:
        shapes |= {
            f"faded.{resolution}.0.weight": (table.width(resolution), table.image_channels, 1, 1),
            f"faded.{resolution}.1.bias": (table.width(resolution),),
            f"faded.{resolution}.share": (),
        }
    return shapes
