"""Devices, precision and processes. Several processes are started by Lightning Fabric.

Gradients are averaged over processes by hand, as NVlabs' programs do: R1 differentiates twice, which torch's
distributed modules do not do. One process does without Fabric, whose import takes about as long as torch's.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from multiprocessing.queues import SimpleQueue
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException

from fgraph._errors import FgraphError
from fgraph.training.settings import CommonSettings, TrainingError

S = TypeVar("S", bound=CommonSettings)
T = TypeVar("T")
_PRECISIONS: dict[str, Any] = {"float32": "32-true", "bfloat16": "bf16-mixed"}
_KINDS = ("cuda", "mps", "cpu")  # in the order in which device=auto looks for one
_LONGEST = 4000  # characters of a message between processes: a pipe, which nobody reads before the end, holds it


class Fabric(Protocol):
    """The device and the processes of a training: the part of Lightning Fabric that trainings use."""

    @property
    def device(self) -> torch.device:
        """The device of this process."""

    @property
    def world_size(self) -> int:
        """The number of processes."""

    @property
    def global_rank(self) -> int:
        """The number of this process."""

    def autocast(self) -> AbstractContextManager[Any]:
        """Compute in the precision of the training within the block."""

    def backward(self, tensor: Tensor) -> None:
        """Add the gradients of a loss to those of the tensors."""

    def broadcast(self, obj: T) -> T:
        """Return the object of the first process."""

    def barrier(self) -> None:
        """Wait for all processes."""

    def all_reduce(self, data: Tensor, *, reduce_op: str) -> Any:
        """Return a tensor that is reduced over all processes."""


class OneProcess:
    """A training in this process alone."""

    world_size, global_rank = 1, 0

    def __init__(self, device: torch.device, precision: str) -> None:
        self.device = device
        self._is_mixed = precision != "float32"

    def autocast(self) -> AbstractContextManager[Any]:
        """Compute in bfloat16 within the block, unless the precision is float32."""
        return torch.autocast(self.device.type, torch.bfloat16) if self._is_mixed else nullcontext()

    def backward(self, tensor: Tensor) -> None:
        """Add the gradients of a loss to those of the tensors."""
        tensor.backward()  # type: ignore[no-untyped-call]

    def broadcast(self, obj: T) -> T:
        """Return the object."""
        return obj

    def barrier(self) -> None:
        """Return at once."""

    def all_reduce(self, data: Tensor, *, reduce_op: str) -> Tensor:
        """Return the tensor."""
        return data


def make_fabric(settings: CommonSettings) -> Fabric:
    """Return the device, precision and processes of the settings.

    Raises:
        TrainingError: the machine lacks a device, `device` names one and `devices` several, or Lightning Fabric, which
            several processes need, is not installed or cannot start them.
    """
    kind, number = _parse(settings.device)
    if settings.devices > 1:
        fabric: Fabric = _lightning_fabric(settings, kind, number)
        return fabric
    if (number or 0) >= (found := _count(kind)):
        raise TrainingError(
            f"device={settings.device}: found {found} devices of kind {kind}; device=auto takes one that is there"
        )
    device = torch.device(kind) if kind == "cpu" else torch.device(kind, number or 0)
    if kind == "cuda":
        torch.cuda.set_device(device)
    return OneProcess(device, settings.precision)


def _parse(device: str) -> tuple[str, int | None]:
    """Return the kind of a device, and its number if there is one; `auto` is the first kind that is there."""
    kind, _, number = device.partition(":")
    if kind not in ("auto", *_KINDS) or (number and not number.isdecimal()):
        raise TrainingError(f"device={device}: expected auto, cpu, cuda, cuda:1 or mps")
    if kind == "auto":
        kind = next(filter(_count, _KINDS))
    return kind, int(number) if number else None


def _count(kind: str) -> int:
    """Return the number of devices of a kind."""
    if kind == "cuda":
        return torch.cuda.device_count()
    return 1 if kind == "cpu" else int(torch.backends.mps.is_available())


def _lightning_fabric(settings: CommonSettings, kind: str, number: int | None) -> Any:
    """Return Lightning's Fabric for several processes: one for each GPU, or all of them on the CPU."""
    place = f"{settings.section}.devices={settings.devices}"
    if number is not None:
        raise TrainingError(
            f"device={settings.device} is one device, and {place} needs several: device={kind} takes the first "
            f"{settings.devices}; or {settings.section}.devices=1"
        )
    if kind != "cpu" and settings.devices > (found := _count(kind)):
        raise TrainingError(f"{place}: found {found} devices of kind {kind}; lower it, or take device=cpu")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings of the modules that it imports
            from lightning_fabric import Fabric
    except ImportError as error:
        raise TrainingError(f"{place} needs Lightning Fabric: pip install 'fgraph-gan[train]' ({error})") from error
    try:
        return Fabric(
            accelerator=kind,
            devices=settings.devices,
            strategy="ddp_spawn",
            precision=_PRECISIONS[settings.precision],
        )
    except Exception as error:  # the library raises errors of many kinds
        variables = ", ".join(sorted(name for name in os.environ if name.startswith("LT_")))
        cure = f"unset {variables}, or " if variables else ""  # its own settings, which override these
        raise TrainingError(
            f"{place}: Lightning Fabric cannot start the processes on device={kind}: {error}; {cure}"
            f"{settings.section}.devices=1 trains without it"
        ) from error


def runs_on_cpu(device: str) -> bool:
    """Return whether a training with this setting of `device` runs on a CPU.

    Raises:
        TrainingError: there is no such kind of device.
    """
    return _parse(device)[0] == "cpu"


def launch(settings: S, work: Callable[[Fabric, S], None]) -> None:
    """Run `work`, a function of a module, in as many processes as the settings say.

    Raises:
        TrainingError: as `make_fabric`; or a process was killed, or raised an error of fgraph.
    """
    fabric: Any = make_fabric(settings)
    if settings.devices == 1:
        work(fabric, settings)
        return
    errors = torch.multiprocessing.get_context("spawn").SimpleQueue()
    try:
        fabric.launch(_work_in_process, errors, work, settings)
    except (ProcessExitedException, ProcessRaisedException) as error:
        if not errors.empty():
            raise TrainingError(errors.get()) from error
        if isinstance(error, ProcessRaisedException):
            raise  # a bug, with the traceback of the process
        raise TrainingError(f"{settings.section}.devices={settings.devices}: a process ended: {error}") from error


def _work_in_process(fabric: Fabric, errors: SimpleQueue[str], work: Callable[[Fabric, S], None], settings: S) -> None:
    """Run `work` in one of several processes; put the message of an error of fgraph into `errors`."""
    try:
        work(fabric, settings)
    except FgraphError as error:
        errors.put(str(error)[:_LONGEST])
        raise


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
