"""The discriminator's shape: its sizes, and the names its tensors have in rosinality's checkpoints. Without torch.

| name | shape | is |
| --- | --- | --- |
| `convs.0.0.weight`, `convs.0.1.bias` | [C, 3, 1, 1], [C] | fromRGB, C channels at the images' resolution |
| `convs.{i}.conv1.0.weight`, `convs.{i}.conv1.1.bias` | [I, I, 3, 3], [I] | block i (1, 2, ...), first conv |
| `convs.{i}.conv2.1.weight`, `convs.{i}.conv2.2.bias` | [O, I, 3, 3], [O] | second conv, which halves the resolution |
| `convs.{i}.skip.1.weight` | [O, I, 1, 1] | what is added to it, without bias |
| `final_conv.0.weight`, `final_conv.1.bias` | [C4, C4 + stddev_channels, 3, 3], [C4] | conv at 4x4 |
| `final_linear.0.weight`, `final_linear.0.bias` | [C4, 16 C4], [C4] | dense |
| `final_linear.1.weight`, `final_linear.1.bias` | [outputs, C4], [outputs] | dense, the score |
| `faded.{r}.0.weight`, `faded.{r}.1.bias`, `faded.{r}.share` | [C, 3, 1, 1], [C], [] | a former fromRGB, kept |

Weights are stored without their gains. The last row is ours, for discriminators that grew block by block: what a block
makes at resolution r is multiplied by the learned share, and what the former fromRGB makes of the image at that
resolution is added. Other programs' discriminators have none.
"""

from __future__ import annotations

from dataclasses import dataclass

from fgraph.stylegan.tables.base import Shape


@dataclass(frozen=True)
class DiscriminatorTable:
    """The sizes of a residual discriminator of StyleGAN2."""

    size: int  # of the images, pixels
    channels: tuple[tuple[int, int], ...]  # (resolution, channels), rising from 4
    image_channels: int = 3
    stddev_group: int = 4  # rows that share a standard deviation
    stddev_channels: int = 1  # maps of standard deviation
    faded: tuple[int, ...] = ()  # resolutions at which a former fromRGB is kept
    clamp: float | None = None  # every layer's output is kept within +- this
    outputs: int = 1  # more where a discriminator knows classes: its score is not made here, its features are

    @property
    def blocks(self) -> int:
        """How many residual blocks it has."""
        return len(self.channels) - 1

    def width(self, resolution: int) -> int:
        """How many channels it has at a resolution."""
        return dict(self.channels)[resolution]


def discriminator_shapes(table: DiscriminatorTable) -> dict[str, Shape]:
    """The tensors of a discriminator, by the names above, and their shapes."""
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
