"""Point-based editing: move points of a generated image to targets, by optimisation of its code.

    settings    the settings of a drag
    points      handles and targets of a batch of rows, in pixels
    layer       the layer whose features are compared
    features    the maps that are compared: a forward pass up to one layer, and samples of its map
    tracking    where the points are, by the nearest feature
    adaptive    adaptive tracking
    search      the optimisation of a batch, step by step
    live        the drag of one code, which can be changed and undone

The method is DragGAN (Pan et al. 2023, "Drag Your GAN"), with the tracking of FreeDrag (Ling et al. 2023) as a choice.

Importing this package doesn't import torch.
"""

from fgraph.dragging.settings import DragSettings, Tracking, make_drag_settings

__all__ = ["DragSettings", "Tracking", "make_drag_settings"]
