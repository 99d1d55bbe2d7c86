"""Palettes of landscapes: top of the sky, its middle, the horizon, far ridges, near ground, sun or moon."""

import torch
import torch.nn.functional as F
from torch import Tensor

_COLOURS = (
    ((52, 120, 200), (128, 184, 230), (218, 236, 244), (142, 174, 202), (46, 92, 58), (255, 252, 232)),  # clear day
    ((28, 74, 160), (84, 146, 214), (190, 220, 240), (104, 142, 186), (34, 72, 52), (255, 255, 244)),  # deep blue
    ((86, 96, 168), (242, 142, 110), (255, 214, 142), (196, 122, 124), (62, 34, 58), (255, 240, 196)),  # sunset
    ((58, 40, 104), (186, 88, 130), (255, 168, 122), (142, 84, 128), (36, 20, 56), (255, 226, 182)),  # purple dusk
    ((8, 14, 44), (24, 40, 88), (66, 92, 142), (42, 60, 102), (8, 14, 30), (240, 242, 250)),  # night
    ((20, 24, 66), (62, 54, 118), (148, 98, 150), (74, 62, 116), (18, 16, 44), (250, 240, 240)),  # violet night
    ((92, 172, 184), (168, 214, 210), (238, 246, 228), (138, 186, 180), (30, 84, 76), (255, 255, 244)),  # teal mist
    ((150, 170, 216), (244, 196, 190), (255, 234, 212), (216, 166, 168), (112, 66, 78), (255, 250, 238)),  # pink dawn
    ((120, 134, 150), (164, 174, 184), (216, 220, 222), (150, 160, 170), (62, 70, 72), (244, 244, 240)),  # overcast
    ((214, 118, 58), (244, 168, 84), (255, 222, 146), (206, 124, 76), (96, 50, 32), (255, 246, 208)),  # desert
    ((14, 52, 76), (40, 116, 124), (140, 204, 184), (54, 116, 122), (10, 36, 44), (236, 248, 236)),  # green night
    ((74, 148, 206), (158, 206, 224), (250, 238, 204), (150, 176, 166), (84, 102, 44), (255, 252, 226)),  # summer
    ((104, 156, 206), (176, 204, 226), (236, 240, 244), (164, 186, 210), (92, 116, 142), (255, 255, 252)),  # winter
    ((70, 120, 170), (190, 190, 190), (252, 214, 170), (178, 150, 140), (128, 62, 36), (255, 246, 220)),  # autumn
)
PALETTES = torch.tensor(_COLOURS, dtype=torch.float32) / 127.5 - 1  # [palettes, 6, 3] in [-1, 1]
AXES = 4  # numbers that choose among the palettes
_SHARPNESS = 7.0


def _place() -> Tensor:
    """Place palettes on a sphere, [palettes, 4], by brightness, warmth, green, and how red the horizon is."""
    mean = PALETTES.mean(dim=1)
    red, green, blue = mean.unbind(1)
    dawn = PALETTES[:, 2, 0] - PALETTES[:, 0, 0]
    facts = torch.stack([mean.mean(dim=1), red - blue, green - (red + blue) / 2, dawn], dim=1)
    return F.normalize((facts - facts.mean(dim=0)) / facts.std(dim=0), dim=1)


def mix_palettes(numbers: Tensor) -> Tensor:
    """Mix the palettes that are near a direction, numbers [rows, 4]: [rows, 6, 3]."""
    weights = torch.softmax(F.normalize(numbers, dim=1) @ _place().T * _SHARPNESS, dim=1)
    return torch.einsum("np,pkc->nkc", weights, PALETTES)
