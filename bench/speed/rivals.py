"""Other runtimes on a CPU, with the same generator: docs/reference/measurements/runtimes.md.

    python -m bench.speed.rivals [--size 256] [--ways fgraph,onnxruntime,...] [--repeats 5] [--threads 1] [--out FOLDER]

The generator is exported as a plain module (`bench.speed.exported`), whose outputs are compared with those of fgraph.
ONNX Runtime and OpenVINO need `pip install onnx onnxscript onnxruntime openvino`; a way that is not installed is left
out. `int8` and `bf16` change the picture; the table says by how much.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
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
from bench.harness.subjects import config_f, merge_graph, plain_graph, write_checkpoint, z_of_seeds
from bench.harness.timing import MachineLoad, Times, in_turns, timed
from bench.speed.exported import Plain, Span, join_spans
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator

PAGE = "runtimes.md"
TOLERANCE = 1e-4  # of ways in single precision
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
    ratio: float  # its CPU time, in that of fgraph
    difference: float  # the largest to fgraph, of values from -1 to 1


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
OWN = {"fgraph": "float32", "fgraph bf16": "bfloat16"}
INEXACT = ("int8", "bf16")
WAYS = (*OWN, *EXPORTS)


def own_run(graph: fgraph.Graph, precision: str) -> Run:
    """Return a run of a compiled graph."""
    plan = fgraph.compile(graph, precision=precision)
    return lambda: np.asarray(fgraph.run(plan)["image"].array)


def exported_run(export: Export, module: torch.nn.Module, inputs: tuple[Tensor, ...], folder: Path) -> Run:
    """Return a run of an exported module; that of spans ends with their panorama."""
    run = export(module, inputs, folder)
    return (lambda: join_spans(run())[None]) if isinstance(module, Span) else run


def cases_of(model: StyleGAN2Generator) -> dict[str, tuple[fgraph.Graph, torch.nn.Module, tuple[Tensor, ...]]]:
    """Return for each case its graph, and the exported module with its inputs."""
    z = z_of_seeds(PANORAMA, model.table.z_dim)
    found: dict[str, tuple[fgraph.Graph, torch.nn.Module, tuple[Tensor, ...]]] = {
        f"forward, batch {rows}": (plain_graph(model, rows), Plain(model).eval(), (z[:rows],)) for rows in ROWS
    }
    found[f"panorama of {PANORAMA}"] = (merge_graph(model, PANORAMA), Span(model).eval(), (z[:-1], z[1:]))
    return found


def measure(model: StyleGAN2Generator, ways: list[str], repeats: int, folder: Path) -> list[Line]:
    """Measure all cases; the ways of a case take turns."""
    lines: list[Line] = []
    for case, (graph, module, inputs) in cases_of(model).items():
        runs: dict[str, Run] = {}
        for way in ways:
            try:
                own = way in OWN
                runs[way] = own_run(graph, OWN[way]) if own else exported_run(EXPORTS[way], module, inputs, folder)
            except (ImportError, RuntimeError) as error:
                print(f"{way} is left out: {error}", flush=True)
        wanted = runs["fgraph"]()
        apart = {way: float(np.abs(run() - wanted).max()) for way, run in runs.items()}
        for way, difference in apart.items():
            exact = not way.endswith(INEXACT)
            assert not exact or difference < TOLERANCE, f"{case}, {way}: differs by {difference}"
        times = in_turns({way: lambda run=run: timed(run) for way, run in runs.items()}, repeats)  # type: ignore[misc]
        own_seconds = times["fgraph"].cpu_seconds
        for way, one in times.items():
            lines.append(Line(case, way, one, one.cpu_seconds / own_seconds, apart[way]))
            print(lines[-1].case, way, f"{one.cpu_seconds:.3f} s of CPU, {lines[-1].ratio:.2f}", flush=True)
    return lines


def to_markdown(lines: list[Line], state: list[str]) -> str:
    """Return the page."""
    head = [
        "# Other runtimes",
        "",
        "`python -m bench.speed.rivals` writes this page: the same generator of config-f, with random weights, by",
        "fgraph and exported as a plain module to other runtimes, in turns in one process. The panorama is spans of",
        "two images, cut and joined, as it is published. Seconds are medians. Ratios are CPU time in that of fgraph:",
        "above 1, fgraph is faster. The difference is the largest one to fgraph, of values from -1 to 1.",
        "",
        *(f"* {one}" for one in state),
        "",
        "| case | way | s | s of CPU | ratio | difference |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    rows = [
        f"| {one.case} | {one.way} | {one.times.seconds:.3f} | {one.times.cpu_seconds:.3f} | {one.ratio:.2f} | "
        f"{one.difference:.1e} |"
        for one in lines
    ]
    return "\n".join([*head, *rows]) + "\n"


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
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=MEASUREMENTS)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    load = MachineLoad()
    with tempfile.TemporaryDirectory() as name, torch.inference_mode():
        checkpoint = Path(name) / "configf.pt"
        write_checkpoint(checkpoint, table=config_f(given.size))
        model = fgraph.load_generator(checkpoint)
        assert isinstance(model, StyleGAN2Generator)
        lines = measure(model, given.ways.split(","), given.repeats, Path(name))
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / PAGE).write_text(to_markdown(lines, facts(given.threads, load.others())), encoding="utf-8")


if __name__ == "__main__":
    main()
