"""GAN inversion: the codes whose images come nearest to given ones.

    settings    what an inversion is asked to do, and its presets
    problem     the settings with what they need: generator, losses, prior
    batch       images in memory -> codes
    optimise    the optimisation of one batch, which can be stopped and resumed at any step
    job         many image files, cached, resumable
    tuning      pivotal tuning: a generator fitted to one image

Importing this does not import torch.
"""

from fgraph.inversion.settings import PRESETS, InversionSettings, make_settings

__all__ = ["PRESETS", "InversionSettings", "make_settings"]
