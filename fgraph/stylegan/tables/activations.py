"""The activation functions of NVlabs' layers, with the gain that follows each. Without torch."""

from __future__ import annotations

import math

GAINS = {
    "linear": 1.0,
    "relu": math.sqrt(2),
    "lrelu": math.sqrt(2),
    "tanh": 1.0,
    "sigmoid": 1.0,
    "elu": 1.0,
    "selu": 1.0,
    "softplus": 1.0,
    "swish": math.sqrt(2),
}
HOMOGENEOUS = ("linear", "relu", "lrelu")  # f(k x) = k f(x) for k > 0, so a gain may go in first
