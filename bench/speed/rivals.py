"""Other runtimes on a CPU, with the same generator: docs/reference/measurements/runtimes.md.

    python -m bench.speed.rivals [--size 256] [--ways fgraph,onnxruntime,...] [--repeats 3] [--threads 1] [--limit 300]
        [--out FOLDER]

The generator is exported as a plain module (`bench.speed.exported`), whose outputs are compared with those of fgraph.
ONNX Runtime and OpenVINO need `pip install onnx onnxscript onnxruntime openvino`, and torch.compile a C++ compiler. A
way that does not run, or takes longer than `--limit` seconds to be made, is left out, and the page says why. The page
is written after each case. `int8` and `bf16` change the picture; the table says by how much.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import fgraph
from bench.harness import machine
from bench.harness.pages import MEASUREMENTS
from bench.harness.subjects import config_f, merge_graph, plain_graph, write_checkpoint
from bench.harness.timing import MachineLoad, Times, in_turns, timed
from bench.speed.exported import Plain, Span, join_spans
from fgraph.runtime.kernels.seeds import codes_of_seeds
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator

PAGE = "runtimes.md"
TOLERANCE = 1e-4  # largest difference of ways in single precision
ROWS, PANORAMA = (1, 4), 5
Array = NDArray[np.float32]
Run = Callable[[], Array]
Export = Callable[[torch.nn.Module, tuple[Tensor, ...], Path], Run]


@dataclass(frozen=True)
class Line:
    """One way of one case."""

    case: str
    way: str
    times: Times
    ratio: float  # its CPU time / the CPU time of fgraph
    difference: float  # the largest difference from fgraph, of values from -1 to 1

    def __str__(self) -> str:
        seconds = f"{self.times.seconds:.3f} | {self.times.cpu_seconds:.3f}"
        return f"| {self.case} | {self.way} | {seconds} | {self.ratio:.2f} | {self.difference:.1e} |"


@dataclass(frozen=True)
class Absent:
    """A way that is left out of a case."""

    case: str
    way: str
    reason: str

    def __str__(self) -> str:
        return f"| {self.case} | {self.way} | | | | {self.reason} |"


class TooLongError(BaseException):
    """The time for making a way is over; compilers do not catch this exception."""


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raise `TooLongError` if the block takes longer."""

    def stop(*_: object) -> None:
        raise TooLongError(f"takes more than {seconds} s to be made")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def by_torch_compile(module: torch.nn.Module, inputs: tuple[Tensor, ...], folder: Path) -> Run:
    """Compile a module by torch.compile."""
    compiled = torch.compile(module)
    return lambda: np.asarray(compiled(*inputs))


def write_onnx(module: torch.nn.Module, inputs: tuple[Tensor, ...], folder: Path) -> Path:
    """Export a module as ONNX."""
    path = folder / f"{type(module).__name__}-{len(inputs[0])}.onnx"
    torch.onnx.export(module, inputs, path, dynamo=True, verbose=False)
    return path


def by_onnxruntime(module: torch.nn.Module, inputs: tuple[Tensor, ...], folder: Path) -> Run:
    """Export a module to ONNX Runtime."""
    return _session(write_onnx(module, inputs, folder), inputs)


def by_onnxruntime_int8(module: torch.nn.Module, inputs: tuple[Tensor, ...], folder: Path) -> Run:
    """Export a module to ONNX Runtime, with the weights of its plain convolutions in int8."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-not-found]

    if isinstance(module, Span):
        raise RuntimeError("the quantiser writes a name twice where two codes share a weight")
    path = write_onnx(module, inputs, folder)
    quantised = path.with_suffix(".int8.onnx")
    quantize_dynamic(path, quantised, op_types_to_quantize=["Conv"], weight_type=QuantType.QUInt8)
    return _session(quantised, inputs)


def _session(path: Path, inputs: tuple[Tensor, ...]) -> Run:
    import onnxruntime  # type: ignore[import-not-found]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    fed = {one.name: value.numpy() for one, value in zip(session.get_inputs(), inputs, strict=True)}
    return lambda: np.asarray(session.run(None, fed)[0])


def by_openvino(module: torch.nn.Module, inputs: tuple[Tensor, ...], folder: Path, precision: str = "f32") -> Run:
    """Export a module to OpenVINO."""
    import openvino  # type: ignore[import-not-found]

    hints = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    model = openvino.Core().read_model(write_onnx(module, inputs, folder))
    compiled = openvino.compile_model(model, "CPU", hints)
    arrays = [one.numpy() for one in inputs]
    return lambda: np.array(compiled(arrays)[0])


def by_openvino_bf16(module: torch.nn.Module, inputs: tuple[Tensor, ...], folder: Path) -> Run:
    """Export a module to OpenVINO in bfloat16."""
    return by_openvino(module, inputs, folder, "bf16")


EXPORTS: dict[str, Export] = {
    "torch.compile": by_torch_compile,
    "onnxruntime": by_onnxruntime,
    "openvino": by_openvino,
    "onnxruntime int8": by_onnxruntime_int8,
    "openvino bf16": by_openvino_bf16,
}
PRECISIONS = {"fgraph": "float32", "fgraph bf16": "bfloat16"}
INEXACT = ("int8", "bf16")
WAYS = (*PRECISIONS, *EXPORTS)


def fgraph_run(graph: fgraph.Graph, precision: str) -> Run:
    """Return a run of a compiled graph."""
    plan = fgraph.compile(graph, precision=precision)
    return lambda: np.asarray(fgraph.run(plan)["image"].array)


def exported_run(export: Export, module: torch.nn.Module, inputs: tuple[Tensor, ...], folder: Path) -> Run:
    """Return a run of an exported module; for spans, the run also joins the panorama."""
    run = export(module, inputs, folder)
    return (lambda: join_spans(run())[None]) if isinstance(module, Span) else run


def cases_of(model: StyleGAN2Generator) -> dict[str, tuple[fgraph.Graph, torch.nn.Module, tuple[Tensor, ...]]]:
    """Return for each case its graph, and the exported module with its inputs."""
    z = codes_of_seeds(range(PANORAMA), model.table.z_dim)
    found: dict[str, tuple[fgraph.Graph, torch.nn.Module, tuple[Tensor, ...]]] = {
        f"forward, batch {rows}": (plain_graph(model, rows), Plain(model).eval(), (z[:rows],)) for rows in ROWS
    }
    found[f"panorama of {PANORAMA}"] = (merge_graph(model, PANORAMA), Span(model).eval(), (z[:-1], z[1:]))
    return found


def measure(
    model: StyleGAN2Generator,
    ways: list[str],
    repeats: int,
    folder: Path,
    *,
    limit: int = 300,
    note: Callable[[list[Line | Absent]], object] = lambda _: None,
) -> list[Line | Absent]:
    """Measure all cases; the ways of a case take turns. `note` gets the lines so far after each case."""
    lines: list[Line | Absent] = []
    for case, (graph, module, inputs) in cases_of(model).items():
        runs: dict[str, Run] = {}
        made: dict[str, Array] = {}
        for way in ways:
            try:
                with at_most(limit):
                    is_ours = way in PRECISIONS
                    run = (
                        fgraph_run(graph, PRECISIONS[way])
                        if is_ours
                        else exported_run(EXPORTS[way], module, inputs, folder)
                    )
                    made[way] = run()
                runs[way] = run
            except (ImportError, RuntimeError, TooLongError) as error:
                lines.append(Absent(case, way, (str(error).splitlines() or ["it fails"])[0]))
                print(lines[-1], flush=True)
        times = in_turns({way: lambda run=run: timed(run) for way, run in runs.items()}, repeats, warm=False)  # type: ignore[misc]
        fgraph_seconds = times["fgraph"].cpu_seconds
        for way, one in times.items():
            difference = float(np.abs(made[way] - made["fgraph"]).max())
            exact = not way.endswith(INEXACT)
            assert not exact or difference < TOLERANCE, f"{case}, {way}: differs by {difference}"
            lines.append(Line(case, way, one, one.cpu_seconds / fgraph_seconds, difference))
            print(lines[-1], flush=True)
        note(lines)
    return lines


def to_markdown(lines: list[Line | Absent], state: list[str]) -> str:
    """Return the page."""
    head = [
        "# Other runtimes",
        "",
        "`python -m bench.speed.rivals` writes this page. It times a generator of config-f, with random weights, in",
        "fgraph and, exported as a plain module, in other runtimes. They run in turns in one process. The panorama",
        "consists of spans of two images, which are cut and joined, as published. Seconds are medians. A ratio is a",
        "CPU time divided by fgraph's: above 1, fgraph is faster. The difference is the largest difference of a value",
        "from fgraph's. Values are from -1 to 1.",
        "",
        *(f"* {one}" for one in state),
        "",
        "| case | way | s | s of CPU | ratio | difference |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *map(str, lines)]) + "\n"


def facts(threads: int, others: float) -> list[str]:
    """Return the state of the machine."""
    known = machine.features() & {"avx512f", "avx512_bf16", "avx512_vnni", "amx_tile", "amx_bf16", "amx_int8"}
    return [
        f"{machine.processor()} with {', '.join(sorted(known)) or 'neither AVX-512 nor AMX'}; {threads} threads",
        machine.load(others),
        machine.versions(),
    ]


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--limit", type=int, default=300, help="seconds to make a way of a case")
    parser.add_argument("--out", type=Path, default=MEASUREMENTS)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    load = MachineLoad()
    given.out.mkdir(parents=True, exist_ok=True)

    def write(lines: list[Line | Absent]) -> None:
        text = to_markdown(lines, facts(given.threads, load.others()))
        (given.out / PAGE).write_text(text, encoding="utf-8")

    with tempfile.TemporaryDirectory() as name, torch.inference_mode():
        checkpoint = Path(name) / "configf.pt"
        write_checkpoint(checkpoint, table=config_f(given.size))
        model = fgraph.load_generator(checkpoint)
        assert isinstance(model, StyleGAN2Generator)
        measure(model, given.ways.split(","), given.repeats, Path(name), limit=given.limit, note=write)


if __name__ == "__main__":
    main()
