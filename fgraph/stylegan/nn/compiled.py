"""The implementations of a generator's layers: plain, or through torch.compile.

Compiled code has symbolic sizes, so tiles of all sizes share one variant of a function. On a CPU, the runtime calls the
function for a chunk of rows at a time; inside the function, nothing is split or done in place (`chunks.is_recorded`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from fgraph._errors import FgraphError, nearest
from fgraph._log import get_logger
from fgraph.stylegan.nn import half
from fgraph.stylegan.nn.stylegan2 import residual_path, styled_conv, to_rgb

LayerFunction = Callable[..., Tensor]

VARIANTS = 256  # most variants of one function: by channels, edges, noise and one row or many; torch's own limit is 8
_LOG = get_logger()
_WITHOUT = "or omit torch_compile"
_CURES = {
    "c++ compiler": f"install one (g++ or clang; on Windows Visual Studio's Build Tools), name it in CXX, {_WITHOUT}",
    "triton": f"install the Triton that belongs to your torch, {_WITHOUT}",
}


@dataclass(frozen=True)
class LayerFunctions:
    """The implementations of StyleGAN2's layers."""

    styled_conv: LayerFunction = styled_conv
    residual_path: LayerFunction = residual_path
    to_rgb: LayerFunction = to_rgb
    half_conv: LayerFunction = half.half_conv
    half_to_rgb: LayerFunction = half.half_to_rgb


PLAIN = LayerFunctions()


@lru_cache
def compile_layers(backend: str) -> LayerFunctions:
    """Return the implementations through torch.compile; each variant is compiled at its first call.

    Raises:
        FgraphError: torch has no such backend, or cannot compile here at all.
    """
    import torch._dynamo  # takes a second or two

    # The limit applies to the whole process. Once a function reaches it, torch runs further variants uncompiled.
    torch._dynamo.config.cache_size_limit = max(torch._dynamo.config.cache_size_limit, VARIANTS)
    try:
        return LayerFunctions(*(_Compiled(getattr(PLAIN, one.name), backend) for one in fields(PLAIN)))
    except torch._dynamo.exc.InvalidBackend as error:
        known = torch.compiler.list_backends()
        hint = nearest(backend, known) or f"known are {', '.join(known)}"
        raise FgraphError(f"torch.compile has no backend '{backend}': {hint}; `true` means inductor") from error
    except RuntimeError as error:
        raise FgraphError(f"torch.compile does not work here: {_first_line(error)}; omit torch_compile") from error


class _Compiled:
    """A function through torch.compile, whose errors become errors of fgraph."""

    def __init__(self, plain: LayerFunction, backend: str) -> None:
        self._plain, self._backend = plain, backend
        self._compiled = torch.compile(plain, fullgraph=True, dynamic=True, backend=backend)
        self._failure = torch._dynamo.exc.TorchDynamoException
        # Before torch 2.7, this class is absent, and the limit raises a failure.
        self._limit = getattr(torch._dynamo.exc, "FailOnRecompileLimitHit", ())

    def __call__(self, *arguments: Any, out: Tensor | None = None, **named: Any) -> Tensor:
        try:
            made = self._compiled(*arguments, **named)
        except self._limit:
            _warn_of_limit(self._plain.__name__)
            made = self._plain(*arguments, **named)
        except self._failure as error:
            raise self._error(error) from None  # the cause is a page of torch's own frames
        return made if out is None else out.copy_(made)

    def _error(self, error: Exception) -> FgraphError:
        reason = _first_line(getattr(error, "inner_exception", error))
        cure = next((cure for pattern, cure in _CURES.items() if pattern in reason.lower()), None)
        cure = cure or "TORCHDYNAMO_VERBOSE=1 prints more; omit torch_compile to run without it"
        name = self._plain.__name__
        return FgraphError(f"torch.compile failed on {name} with backend '{self._backend}': {reason}; {cure}")


@lru_cache
def _warn_of_limit(name: str) -> None:
    _LOG.warning("torch.compile has reached the limit of %d variants of %s; others run uncompiled", VARIANTS, name)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
