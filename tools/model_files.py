"""The page of model files: the output of `mode=inspect` for a small file in every layout."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from fgraph._errors import ModelError
from fgraph.stylegan import inspect

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to import the file makers of the tests

_START = """\
# Model files of other programs

This page shows what `fgraph mode=inspect model=FILE` prints for a small random network in every layout that fgraph
reads. The lines with the name, the size and the SHA-256 of the file are omitted. [Models](../how-to/models.md) explains
the formats. `python tools/generate.py` makes this page.
"""
_OTHERS = """\
## Other networks

fgraph does not run these networks. The error message names the network and says what to use instead.
"""
_TITLES = {
    "pti.pt": "PTI: a whole NVlabs network, `torch.save(G)`",
    "pti_dict.pt": "A whole network in a dict, `torch.save({'G_ema': G})`",
    "pti_legacy.pt": "A whole network, saved before torch 1.6",
    "stit.pt": "STIT: network, pivots and quads",
    "nvlabs_bare.pt": "A state dict of NVlabs' StyleGAN2, `torch.save(G.state_dict())`",
    "nvlabs_ema.pt": "State dicts under `G` and `G_ema`",
    "nvlabs_module.pt": "A state dict with the prefix `module.`",
    "nvlabs_net.pt": "A state dict with the prefix `netG.`",
    "rosinality_paths.pt": "A training checkpoint of rosinality with paths in `args`",
    "rosinality_generator.pt": "rosinality's names under `generator`",
    "rosinality_params.pt": "rosinality's names under `params_ema`",
    "plain.safetensors": "Plain `.safetensors`",
    "e4e.pt": "e4e, pSp, ReStyle, SAM, HyperStyle: the generator beside an encoder",
    "e4e_legacy.pt": "The generator beside an encoder, saved before torch 1.6",
    "lightning.ckpt": "A checkpoint of Lightning, of a compiled network",
    "mmgeneration.pth": "MMGeneration, MMagic",
    "basicsr.pth": "BasicSR",
    "genforce.pth": "genforce, SeFa",
    "paddlegan.pdparams": "PaddleGAN",
    "stylegan3.pt": "A state dict of NVlabs' StyleGAN3, T",
    "stylegan3_editing.pt": "StyleGAN3-editing: an R generator beside an encoder",
    "human.pkl": "StyleGAN-Human",
    "human.pt": "StyleGAN-Human in rosinality's layout",
    "human_stylegan3.pkl": "StyleGAN-Human, StyleGAN3",
    "init_res.pkl": "A fork of NVlabs' StyleGAN2 with `init_res`",
    "skyflynil.pkl": "skyflynil's fork in TensorFlow",
    "stylegan_xl.pkl": "StyleGAN-XL",
    "stylegan_xl_head.pkl": "StyleGAN-XL with a superresolution head",
    "stylegan_xl_head.pt": "The state dict of StyleGAN-XL with a superresolution head",
}
_LEFT_OUT = ("file", "size", "sha256")


def page() -> str:
    """Return the text of the page."""
    from tests.layouts import OTHERS, layouts, other, stylegan1, stylegan3_layouts, zipped
    from tests.shaped_layouts import shaped_layouts

    lines = [_START]
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {**layouts(), **stylegan3_layouts(), **shaped_layouts()}.items():
            lines += [f"## {_TITLES[name]}", "", "```text", *_report(Path(folder) / name, content), "```", ""]
        lines += [_OTHERS, "| network | message |", "| --- | --- |"]
        files = {what: zipped(other(what)) for what in OTHERS} | {"StyleGAN1, TensorFlow": stylegan1()}
        lines += [f"| {what} | {_message(Path(folder) / 'model', content)} |" for what, content in files.items()]
    return "\n".join([*lines, ""])


def _report(path: Path, content: bytes) -> list[str]:
    """Return the lines of the report, without those that depend on the file."""
    path.write_bytes(content)
    facts = {name: text for name, text in inspect(path).lines().items() if name not in _LEFT_OUT}
    width = max(map(len, facts))
    return [f"{name:<{width}}  {text}" for name, text in facts.items()]


def _message(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    try:
        inspect(path)
    except ModelError as error:
        return str(error).removeprefix(f"{path}: ")
    raise AssertionError(path)
