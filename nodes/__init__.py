"""The bundled nodes, one file each."""

from fgraph.node import Node
from nodes.align import Align
from nodes.arrows import Arrows
from nodes.bend import BENDS
from nodes.blend import Blend
from nodes.concat import Concat
from nodes.crop import Crop
from nodes.decode import Decode
from nodes.direction import DIRECTIONS
from nodes.drag import Drag
from nodes.encode import Encode
from nodes.flip import Flip
from nodes.image import Image
from nodes.invert import Invert
from nodes.knit import Knit
from nodes.latent import Latent
from nodes.lerp import Lerp
from nodes.mask import MASKS
from nodes.mix import Mix
from nodes.mosaic import Mosaic
from nodes.overlay import Overlay
from nodes.own import Own
from nodes.pad import Pad
from nodes.paste import Paste
from nodes.patches import Patches
from nodes.photo import Photo
from nodes.resize import Resize
from nodes.restyle import Restyle
from nodes.rows import Rows
from nodes.sample import Sample
from nodes.shift import Shift
from nodes.stack import Stack
from nodes.tap import Tap
from nodes.text import Text
from nodes.transform import Transform
from nodes.truncate import Truncate
from nodes.walk import Walk

NODES: tuple[type[Node], ...] = (
    Sample, Latent, Rows, Stack, Lerp, Mix, Align, Own, Truncate, *DIRECTIONS, Walk, Image, Photo, Encode, Invert, Drag,
    *MASKS,
    Tap, Restyle, Mosaic, Pad, Resize, Shift, Transform, Crop, Flip, Concat, Blend, Patches, *BENDS,
    Decode, Knit, Overlay, Text, Arrows, Paste,
)  # fmt: skip

__all__ = ["NODES"]
