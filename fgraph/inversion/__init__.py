"""GAN inversion: images -> the codes whose generated images are nearest to them.

    settings    the settings of an inversion, and presets
    problem     settings, generator, losses and prior together
    batch       the inversion of images in memory
    optimise    the optimisation of a batch, which can be resumed at any step
    starts      the codes that searches start from
    job         the inversion of many image files, with a cache
    tuning      pivotal tuning: a generator fitted to one image

Importing this package doesn't import torch.
"""

from fgraph.inversion.settings import PRESETS, InversionSettings, make_settings

__all__ = ["PRESETS", "InversionSettings", "make_settings"]
