"""Options of a run: the device, the precision, compilation of layers, the memory budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict, Unpack

from fgraph._errors import FgraphError
from fgraph._sizes import parse_bytes

PRECISIONS = ("float32", "float64", "bfloat16", "float16")
_SHORT = {"fp32": "float32", "fp64": "float64", "bf16": "bfloat16", "fp16": "float16"}


class RunKeywords(TypedDict, total=False):
    """Keyword arguments that `RunOptions.of` parses."""

    device: str
    precision: str
    torch_compile: bool | str
    memory: int | str | None


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of a run, parsed.

    Attributes:
        device: `cpu`, `cuda`, `cuda:1`, `mps`, or `auto` for the best device there is.
        precision: `float32`, `float64`, or `bfloat16` or `float16` for the four blocks of highest resolution, where
            everything else stays float32.
        torch_compile: whether to run the layers of StyleGAN2 through `torch.compile`: False, True, or the name of a
            backend.
        memory: the budget in bytes, counted in fp32; None: most of the memory that is free on the device when the run
            starts.
    """

    device: str = "auto"
    precision: str = "float32"
    torch_compile: bool | str = False
    memory: int | None = None

    @classmethod
    def of(cls, **keywords: Unpack[RunKeywords]) -> RunOptions:
        """Parse keyword arguments: short names of precisions (`fp32`), a budget as text ("2GiB").

        Raises:
            FgraphError: a value is not understood, or a budget is combined with float64.
            TypeError: there is no such option.
        """
        for name in keywords.keys() - RunKeywords.__annotations__.keys():
            raise TypeError(f"'{name}' is not an option of a run: use {', '.join(RunKeywords.__annotations__)}")
        precision = keywords.get("precision", cls().precision)
        precision = _SHORT.get(precision, precision)
        if precision not in PRECISIONS:
            raise FgraphError(
                f"precision '{precision}' is not known: use {', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}"
            )
        torch_compile = keywords.get("torch_compile", False)
        if not isinstance(torch_compile, bool | str):
            raise FgraphError(f"torch_compile is true, false or the name of a backend, not {torch_compile!r}")
        amount = keywords.get("memory")
        memory = None if amount is None else parse_bytes(amount, "memory")
        if memory is not None and precision == "float64":
            raise FgraphError(
                "memory= is not supported with float64: plans count float32 numbers, and convolutions in float64 take "
                "several times as much memory; leave one of the two out"
            )
        return cls(keywords.get("device", cls().device), precision, torch_compile, memory)

    @property
    def keywords(self) -> RunKeywords:
        """The options as keyword arguments."""
        return {
            "device": self.device,
            "precision": self.precision,
            "torch_compile": self.torch_compile,
            "memory": self.memory,
        }


DEFAULT_OPTIONS = RunOptions()
