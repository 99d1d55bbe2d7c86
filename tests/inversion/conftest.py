"""Images of a tiny generator, to be inverted."""

from __future__ import annotations

import pytest
import torch

from fgraph.inversion import InversionSettings
from fgraph.inversion.optimise import Problem
from fgraph.inversion.problem import make_problem
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from tests.networks import tiny


@pytest.fixture(scope="session")
def generator() -> StyleGAN2Generator:
    return tiny(1)


@pytest.fixture(scope="session")
def targets(generator: StyleGAN2Generator) -> torch.Tensor:
    """Five images that the generator drew, [5, 3, 16, 16]."""
    with torch.no_grad():
        z = torch.randn(5, generator.table.z_dim, generator=torch.Generator().manual_seed(2))
        return generator.synthesise(generator.affine(generator.map(z))).clamp(-1, 1)


def problem_of(generator: StyleGAN2Generator, **settings: object) -> Problem:
    return make_problem(generator, InversionSettings(**({"steps": 40, "patience": 0} | settings)))
