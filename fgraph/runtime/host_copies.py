"""Copies of results from a device to the host, while the device computes later steps.

CUDA copies into pinned memory on a stream of its own, which waits for the result alone. The host waits for the copy
when it needs the numbers. It is not measured on a GPU. Other devices copy at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

HostCopy = Callable[[], NDArray[Any]]  # waits for the copy, and returns its numbers
_STREAMS: dict[torch.device, Any] = {}


def overlaps(device: torch.device) -> bool:
    """Return whether a device computes while its results are copied."""
    return device.type == "cuda"


def begin_copy(tensor: Tensor) -> HostCopy:
    """Begin to copy a tensor to the host as a contiguous float32 array."""
    if overlaps(tensor.device):
        return begin_copy_by_stream(tensor, torch.cuda)
    array = to_array(tensor)
    return lambda: array


def to_array(tensor: Tensor) -> NDArray[Any]:
    """Return a tensor as a contiguous float32 array."""
    return tensor.detach().float().cpu().contiguous().numpy()


def begin_copy_by_stream(tensor: Tensor, streams: Any) -> HostCopy:
    """Copy a tensor on a stream of its own.

    Args:
        tensor: on the device of the streams.
        streams: `torch.cuda`, or a module with its functions.
    """
    device = tensor.device
    source = tensor.detach().float().contiguous()
    stream = _STREAMS.setdefault(device, streams.Stream(device))
    stream.wait_stream(streams.current_stream(device))
    host = torch.empty(source.shape, dtype=source.dtype, pin_memory=device.type == "cuda")
    with streams.stream(stream):
        host.copy_(source, non_blocking=True)
        done = streams.Event()
        done.record(stream)
    source.record_stream(stream)  # its memory is not given to another tensor before the copy is done

    def wait() -> NDArray[Any]:
        done.synchronize()
        array: NDArray[Any] = host.numpy()
        return array

    return wait
