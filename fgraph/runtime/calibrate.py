"""Calibration: measures the speed of a device once, in about a second, for forecasts and for the costs of plans."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from fgraph._errors import SaveError
from fgraph._log import get_logger
from fgraph.ir.costs import DeviceProfile, Rate, conv_flops
from fgraph.plan.device_profile import find_profile, save_profile
from fgraph.runtime.run import pick_device
from fgraph.stylegan.nn import stylegan2 as network
from fgraph.stylegan.nn import winograd

_LOG = get_logger()
_BUDGET = 1.0  # seconds after which each layer runs only once
_PATIENCE = 3.0  # seconds after which larger layers are omitted
_EACH = 0.02  # seconds for one measurement of one run or more
_OFTEN = 15  # most runs of one measurement
_CHANNELS, _SIDES = (8, 32, 128, 512), (4, 16, 32, 64, 128)
_MOST_FLOPS, _MOST_NUMBERS = 5e9, 1 << 19  # limits of a measured layer
_LEAST_NET = 0.1  # least share of the time of a call that remains after the overhead is subtracted
_MOVED = 1 << 21  # numbers that are copied
_DRAWN = 1 << 14  # random numbers that are drawn
_DTYPES = {"float64": torch.float64}


def calibrate(device: str = "auto", precision: str = "float32") -> DeviceProfile:
    """Measure a device, and write its profile to the user's cache.

    Raises:
        FgraphError: this machine has no such device.
    """
    place, dtype = pick_device(device), _DTYPES.get(precision, torch.float32)
    with torch.inference_mode():
        overhead = _seconds(_layer(8, 4, 1, place, dtype), place)
        width = torch.finfo(dtype).bits // 8
        maps = _maps(place, dtype)
        bandwidth = 2 * _MOVED * width / _seconds(lambda: maps * maps[:, :1], place)  # as in a mix
        rgb = _MOVED * width / _seconds(_to_rgb(maps), place)
        plain, doubling = _rates(overhead, place, dtype)
        drawn = _seconds(_draw, place) / _DRAWN
    name = torch.cuda.get_device_name(place) if place.type == "cuda" else place.type
    profile = DeviceProfile(
        device, name, precision, torch.get_num_threads(), overhead, bandwidth, rgb, drawn, plain, doubling
    )
    try:
        save_profile(profile)
    except SaveError as error:
        _LOG.warning("the profile of this device cannot be stored: %s", error)
    return profile


def ensure_profile(device: str, precision: str) -> DeviceProfile:
    """Return the profile of a device, which is measured now if there is none.

    Raises:
        FgraphError: this machine has no such device.
    """
    return find_profile(device, precision) or calibrate(device, precision)


def _rates(overhead: float, place: torch.device, dtype: torch.dtype) -> tuple[tuple[Rate, ...], tuple[Rate, ...]]:
    """Return rates of plain and of doubling layers, measured from the smallest layer on until the time is up."""
    found: dict[int, list[Rate]] = {1: [], 2: []}
    start = time.perf_counter()
    for channels, side in _points():
        late = time.perf_counter() - start
        if found[2] and late > _PATIENCE:
            break
        flops = conv_flops(channels, channels, side * side)
        for up, rates in found.items():
            spent = _seconds(_layer(channels, side, up, place, dtype), place, 0.0 if late > _BUDGET else _EACH)
            rates.append(Rate(channels, side * side, flops / max(spent - overhead, _LEAST_NET * spent)))
    return tuple(found[1]), tuple(found[2])


def _points() -> Iterator[tuple[int, int]]:
    """Return the channels and sides of the layers to measure, sorted by FLOPs."""
    points = [(channels, side) for channels in _CHANNELS for side in _SIDES]
    points = [point for point in points if conv_flops(point[0], point[0], point[1] ** 2) <= _MOST_FLOPS]
    points = [(channels, side) for channels, side in points if channels * side * side <= _MOST_NUMBERS]
    return iter(sorted(points, key=lambda point: conv_flops(point[0], point[0], point[1] ** 2)))


def _layer(channels: int, side: int, up: int, place: torch.device, dtype: torch.dtype) -> Callable[[], Tensor]:
    """Return a function that runs a layer: convolution, demodulation, noise, bias and activation."""
    x = torch.ones(1, channels, side, side, device=place, dtype=dtype).contiguous(memory_format=torch.channels_last)
    weight = network.lay_out(torch.full((channels, channels, 3, 3), 1e-2, device=place, dtype=dtype), up)
    style = torch.ones(1, channels, device=place, dtype=dtype)
    noise = torch.ones(1, 1, side * up, side * up, device=place, dtype=dtype)
    known = network.energy(weight)
    strength, bias = noise.new_ones(()), style[0]
    transformed = winograd.transform_weight(weight) if winograd.suits(weight, up, (side, side)) else None
    return lambda: network.styled_conv(
        x, weight, style, bias, noise=noise, strength=strength, up=up, weight_energy=known, transformed=transformed
    )


def _maps(place: torch.device, dtype: torch.dtype) -> Tensor:
    shape = (_MOVED // (32 * 64 * 64), 32, 64, 64)
    return torch.ones(shape, device=place, dtype=dtype).contiguous(memory_format=torch.channels_last)


def _to_rgb(maps: Tensor) -> Callable[[], Tensor]:
    weight, style = maps[:3, :, :1, :1].contiguous(), maps[:, :, 0, 0].contiguous()
    bias, skip = weight[:, 0, 0, 0], maps[:, :3].contiguous()
    return lambda: network.to_rgb(maps, weight, style, bias, skip)


def _draw() -> object:
    return np.random.default_rng(0).standard_normal(_DRAWN, dtype=np.float32)


def _seconds(run: Callable[[], object], place: torch.device, patience: float = _EACH) -> float:
    """Return the least time of a call after a warm-up: other work on the machine only adds to it.

    Between calls the caches are filled with other data, as in a plan.
    """
    run()
    other = torch.empty(_MOVED, device=place)
    spent: list[float] = []
    start = began = time.perf_counter()
    while not spent or (len(spent) < _OFTEN and start - began < patience):
        other.fill_(0)
        _wait(place)
        start = time.perf_counter()
        run()
        _wait(place)
        spent.append(time.perf_counter() - start)
    return min(spent)


def _wait(place: torch.device) -> None:
    if place.type == "cuda":
        torch.cuda.synchronize(place)
    elif place.type == "mps":
        torch.mps.synchronize()
