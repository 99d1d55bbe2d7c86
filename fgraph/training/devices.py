"""Devices, precision and processes, by Lightning Fabric.

Gradients are averaged over processes by hand, as NVlabs' programs do: R1 differentiates twice, which torch's
distributed modules do not do. Fabric handles all other differences between a CPU, a GPU and several of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor

from fgraph.training.settings import CommonSettings, TrainingError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

S = TypeVar("S", bound=CommonSettings)
_PRECISIONS: dict[str, Any] = {"float32": "32-true", "bfloat16": "bf16-mixed"}


def make_fabric(settings: CommonSettings) -> Fabric:
    """Return the Fabric for the device, precision and number of processes of the settings.

    Raises:
        TrainingError: Fabric is not installed, or there is no such device.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings of the modules that it imports
            from lightning_fabric import Fabric
    except ImportError as error:
        raise TrainingError(f"training needs Lightning Fabric: pip install 'fgraph-gan[train]' ({error})") from error
    kind, _, number = settings.device.partition(":")
    devices: Any = [int(number)] if number else settings.devices
    accelerator = {"auto": "auto", "cpu": "cpu", "cuda": "cuda", "mps": "mps"}.get(kind)
    if accelerator is None or (number and not number.isdecimal()):
        raise TrainingError(f"device={settings.device}: expected auto, cpu, cuda, cuda:1 or mps")
    strategy = "ddp_spawn" if settings.devices > 1 else "auto"
    try:
        return Fabric(
            accelerator=accelerator, devices=devices, strategy=strategy, precision=_PRECISIONS[settings.precision]
        )
    except (RuntimeError, ValueError) as error:
        raise TrainingError(f"device={settings.device}, training.devices={settings.devices}: {error}") from error


def runs_on_cpu(device: str) -> bool:
    """Return whether a training with this setting of `device` runs on a CPU."""
    kind = device.partition(":")[0]
    if kind != "auto":
        return kind == "cpu"
    return not (torch.cuda.is_available() or torch.backends.mps.is_available())


def launch(settings: S, work: Callable[[Fabric, S], None]) -> None:
    """Run `work`, a function of a module, in as many processes as the settings say."""
    fabric = make_fabric(settings)
    if settings.devices > 1:
        entry: Any = work  # Fabric's types know no function with arguments
        fabric.launch(entry, settings)
    else:
        fabric.launch()
        work(fabric, settings)


def average(fabric: Fabric, value: Tensor) -> Tensor:
    """Return the mean of a number over all processes."""
    mean = fabric.all_reduce(value, reduce_op="mean")
    assert isinstance(mean, Tensor)
    return mean


def average_gradients(fabric: Fabric, parameters: Iterable[Tensor]) -> None:
    """Replace every gradient by its mean over all processes."""
    if fabric.world_size == 1:
        return
    grads = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = fabric.all_reduce(torch.cat([grad.flatten() for grad in grads]), reduce_op="mean")
    assert isinstance(flat, Tensor)
    start = 0
    for grad in grads:
        grad.copy_(flat[start : start + grad.numel()].view(grad.shape))
        start += grad.numel()
