"""Networks like StyleGAN that fgraph does not run, by characteristic keys, and what to use instead. Without torch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

_MOST_NAMES, _LONGEST = 100_000, 200  # most names that are read, and most letters at the end of a name


@dataclass(frozen=True)
class Other:
    """A kind of network that fgraph does not run, and what to use instead."""

    pattern: str  # matches the end of a tensor's name, with a dot before it, or a whole part of the name
    what: str
    instead: str


_STYLEGAN2 = "load a StyleGAN2 or StyleGAN3 of the same pictures"
OTHERS = (
    Other(r"GE?\.(?:initial_block|to_initial_block\.weight|initial_conv\.weight)$|SE?\.net\.0\.weight$",
          "a generator of lucidrains' stylegan2-pytorch, whose layers differ from StyleGAN2's",
          "draw with that program, or train with rosinality's or NVlabs'"),
    Other(r"iwt\.(?:ll|lh|hl|hh)$", "a SWAGAN, which makes wavelet coefficients instead of pixels",
          "draw with rosinality's swagan.py, or load the StyleGAN2 of the same data"),
    Other(r"to_img1\.", "a MobileStyleGAN, which has depth-wise layers",
          "load its teacher, a StyleGAN2 of rosinality's"),
    Other(r"style_conv1\.bias$", "a 'clean' StyleGAN2 of GFPGAN, which has other up-sampling and no weight scales",
          "load the StyleGAN2 that it was converted from, which BasicSR publishes"),
    Other(r"backbone\.synthesis\.b4\.const$", "an EG3D, which renders a volume",
          "draw with NVlabs' eg3d, or load the StyleGAN2 of the same data"),
    Other(r"synthesis\.b4\.input\.freqs$|affine\.proj\.weight$",
          "a StyleGAN-T, which is conditioned on text and has other layers", _STYLEGAN2),
    Other(r"progression\.0\.adain1\.|apply_noise\.",
          "a StyleGAN1, which normalises instead of demodulating", "load a StyleGAN2 of the same data"),
    Other(r"init\.init\.\d\.|feat_8\.1\.weight", "a FastGAN, which has no styles", _STYLEGAN2),
)  # fmt: skip
_ANY = re.compile(rf"\.(?:{'|'.join(other.pattern for other in OTHERS)})")  # the dot first: a search skips to it


def name_other(names: Iterable[str]) -> str | None:
    """Return one line that names the network with tensors of these names; None if fgraph does not know it."""
    for name in islice(names, _MOST_NAMES):
        if _ANY.search(end := f".{name[-_LONGEST:]}"):
            other = next(one for one in OTHERS if re.search(rf"\.(?:{one.pattern})", end))
            return f"is {other.what}. fgraph runs StyleGAN2 and StyleGAN3: {other.instead}"
    return None
