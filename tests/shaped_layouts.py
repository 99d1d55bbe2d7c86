"""Files of generators whose images are not square, and of StyleGAN-XL, written from tensors of the tests."""

from __future__ import annotations

from dataclasses import replace

from tests import network_pickles, stylegan3_pickles, tensorflow_pickles
from tests.layouts import TABLE, flat, rosinality, zipped
from tests.network_pickles import random_tensors
from tests.stylegan3_networks import random_stylegan3, superresolution, tiny_stylegan3

HUMAN = replace(TABLE, base=(4, 2))
WIDE = replace(TABLE, base=(4, 7))
FORKED = replace(TABLE, base=(3, 5))


def shaped_layouts() -> dict[str, bytes]:
    """Return every layout: file name -> contents."""
    human, tall = random_tensors(HUMAN), tiny_stylegan3(0, "n")
    xl, numbers = stylegan3_pickles.classed(tiny_stylegan3(0, "t", 3))
    head, own = stylegan3_pickles.classed(random_stylegan3(0, *superresolution(3)))
    mapping = stylegan3_pickles.class_mapping(head, own, own["embedding"])
    return {
        "human.pkl": network_pickles.checkpoint(HUMAN, human),
        "human.pt": zipped({"g_ema": rosinality(HUMAN, human), "latent_avg": human["w_mean"]}),
        "human_stylegan3.pkl": stylegan3_pickles.checkpoint(tall.table, tall.tensors),
        "init_res.pkl": network_pickles.checkpoint(WIDE, random_tensors(WIDE)),
        "skyflynil.pkl": tensorflow_pickles.checkpoint(FORKED, random_tensors(FORKED)),
        "stylegan_xl.pkl": stylegan3_pickles.checkpoint(
            xl, numbers, stylegan3_pickles.class_mapping(xl, numbers, numbers["embedding"])
        ),
        "stylegan_xl_head.pkl": stylegan3_pickles.checkpoint(head, own, mapping),
        "stylegan_xl_head.pt": zipped(
            flat(stylegan3_pickles.stylegan3_network(head, own, mapping)) | {"mapping.embed.weight": own["embedding"]}
        ),
    }
