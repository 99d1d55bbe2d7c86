"""Layers run by torch.compile: the option has an effect, sizes share a variant, results agree, faults are reported."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import fgraph
from fgraph._errors import FgraphError, RunError
from fgraph._options import RunOptions
from fgraph.api.graph_jobs import GraphJob, SharedOptions
from fgraph.api.together import run_together
from fgraph.cli import main
from fgraph.runtime.run import _warn_uncompiled
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from fgraph.stylegan.nn import compiled
from fgraph.stylegan.tables.base import Layer
from tests.networks import tiny
from tests.rounding import PROMISED
from tests.stylegan3_networks import tiny_stylegan3

COUNTED: list[int] = []  # the operations of each graph that was compiled


def counting(graph: torch.fx.GraphModule, inputs: object) -> Any:
    COUNTED.append(len(graph.graph.nodes))
    return graph.forward


def without_compiler(graph: object, inputs: object) -> Any:
    raise torch._inductor.exc.InvalidCxxCompiler


def without_triton(graph: object, inputs: object) -> Any:
    raise RuntimeError("Cannot find a working triton installation. Either the package is not installed\nor too old")


def broken(graph: object, inputs: object) -> Any:
    raise RuntimeError("it broke\nand this is how")


@pytest.fixture(autouse=True, scope="module")
def _backends() -> None:
    import torch._dynamo  # takes a second or two, which workers that do not run these tests save
    import torch._inductor.config
    import torch._inductor.cpu_vec_isa
    import torch._inductor.exc

    for backend in (counting, without_compiler, without_triton, broken):
        torch._dynamo.register_backend(backend, backend.__name__)


@pytest.fixture(autouse=True)
def _nothing_compiled() -> Iterator[None]:
    COUNTED.clear()
    yield
    torch.compiler.reset()


def decoded(seed: list[int], generator: Any = None) -> fgraph.Graph:
    graph = fgraph.Graph(models=generator or tiny(1), seed=0)
    graph.outputs = {"image": graph.decode(graph.sample(seed=seed))}
    return graph


def differences(graph: Any, **options: Any) -> float:
    """Return the largest difference of a run with these options from a plain run."""
    made, plain = (fgraph.run(graph, device="cpu", **how)["image"].array for how in (options, {}))
    return float(np.abs(made - plain).max())


def test_layers_go_through_torch_compile_once() -> None:
    assert differences(decoded([3, 5]), torch_compile="counting") < PROMISED
    assert len(COUNTED) == 5  # plain layers, on the constant and on maps, doubling ones; RGB with and without a skip
    assert max(COUNTED) > 10
    assert differences(decoded([3, 8, 9, 11]), torch_compile="counting") < PROMISED
    assert len(COUNTED) == 5


def test_without_the_option_and_in_the_eager_engine_nothing_is_compiled() -> None:
    fgraph.run(decoded([3]), device="cpu")
    fgraph.run(decoded([3]), device="cpu", torch_compile="counting", engine="eager")
    assert not COUNTED


def test_inversion_is_not_compiled(tmp_path: Path) -> None:
    Image.new("RGB", (16, 16), "olive").save(tmp_path / "target.png")
    graph = fgraph.Graph(models=tiny(1))
    graph.outputs = {"codes": graph.invert(graph.image(path=str(tmp_path / "target.png")), steps=1)}
    assert fgraph.run(graph, device="cpu", torch_compile="counting")["codes"].rows == 1
    assert not COUNTED


def arguments_of(layer: Layer, rows: int = 2, height: int = 4, width: int = 7) -> Mapping[str, Any]:
    """Return arguments of a layer for tiles whose input has the size `height` x `width`."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(rows, layer.state_in, height + 2, width + 2, generator=draw)
    return {
        "x": x.contiguous(memory_format=torch.channels_last),
        "style": torch.randn(rows, layer.in_channels, generator=draw),
        "noise": torch.randn(rows, 1, height * layer.up, width * layer.up, generator=draw),
        "padded": True,
    }


def layer_of(generator: StyleGAN2Generator, name: str) -> Layer:
    return generator.table.at(generator.table.find(name)[0])


def test_tiles_of_any_size_are_one_variant() -> None:
    generator, layer = tiny(1), layer_of(tiny(1), "b8.conv1")
    made = generator.with_compiled("counting")
    for rows, height, width in ((4, 9, 6), (2, 3, 5), (5, 8, 8), (2, 40, 12), (6, 7, 9)):  # at first, all differ
        arguments = arguments_of(layer, rows, height, width)
        with torch.inference_mode():
            assert torch.equal(made.conv(layer, **arguments), generator.conv(layer, **arguments))
    assert len(COUNTED) == 1


@pytest.mark.parametrize(
    ("generator", "name"),
    [
        (tiny(1, 16, "resnet"), "b16.conv1"),  # adds a residual, clamps
        (tiny(1, 16).with_half(torch.bfloat16), "b16.conv1"),
    ],
    ids=["residual", "half"],
)
def test_every_kind_of_layer_is_computed_alike(generator: StyleGAN2Generator, name: str) -> None:
    layer = layer_of(generator, name)
    made, arguments = generator.with_compiled("counting"), arguments_of(layer)
    with torch.inference_mode():
        expected = generator.conv(layer, **arguments)
        room = torch.empty_like(expected)
        assert made.conv(layer, **arguments, out=room) is room
    assert COUNTED
    assert room.dtype == expected.dtype
    assert (room - expected).abs().max() <= (0 if generator.half else PROMISED)


def test_the_residual_of_a_block_is_computed_alike() -> None:
    x, weight = torch.rand(2, 5, 4, 6), torch.rand(7, 5, 1, 1)
    with torch.inference_mode():
        made = compiled.compile_layers("counting").residual_path(x, weight, padded=True)
        assert torch.equal(made, compiled.PLAIN.residual_path(x, weight, padded=True))
    assert COUNTED


def test_rgb_in_half_is_computed_alike() -> None:
    generator = tiny(1, 16).with_half(torch.float16)
    layer = layer_of(generator, "b16.torgb")
    x, style = torch.ones(2, layer.in_channels, 5, 6, dtype=torch.float16), torch.ones(2, layer.in_channels)
    with torch.inference_mode():
        made = generator.with_compiled("counting").torgb(layer, x, style, None)
        assert torch.equal(made, generator.torgb(layer, x, style, None))
    assert COUNTED


def test_layers_of_stylegan3_are_left_out_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    _warn_uncompiled.cache_clear()
    graph = decoded([3], tiny_stylegan3(1))
    assert differences(graph, torch_compile="counting") == 0
    assert not COUNTED
    assert caplog.messages == [f"torch_compile: layers of StyleGAN3 are not compiled ({tiny_stylegan3(1).name})"]


@pytest.mark.parametrize(
    ("backend", "message"),
    [
        ("without_compiler", "C\\+\\+ compiler.*install one \\(g\\+\\+ or clang.*CXX, or omit torch_compile"),
        ("without_triton", "triton.*; install the Triton that belongs to your torch, or omit torch_compile"),
        ("broken", "failed on styled_conv with backend 'broken': it broke; .*omit torch_compile"),
        ("xyz", "no backend 'xyz': known are .*inductor.*; `true` means inductor"),
        ("inductr", "no backend 'inductr': did you mean 'inductor'"),
    ],
)
def test_a_fault_of_compiling_is_one_line_with_its_cure(backend: str, message: str) -> None:
    with pytest.raises(FgraphError, match=message) as caught:
        fgraph.run(decoded([3]), device="cpu", torch_compile=backend)
    assert type(caught.value) is FgraphError  # a fault of the options: a sweep fails at once
    assert not isinstance(caught.value, RunError)
    assert len(str(caught.value).splitlines()) == 1


def test_an_invalid_backend_is_refused_before_anything_runs() -> None:
    with pytest.raises(FgraphError, match="torch_compile is true, false or the name of a backend, not 1"):
        fgraph.compile(decoded([3]), torch_compile=1)


def test_the_option_reaches_every_kind_of_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """These are runs from the command line, large pictures, and jobs of a sweep."""
    monkeypatch.chdir(tmp_path)
    for formats in ("png", "tiff"):
        assert main(["graph=blend_horizontal", "torch_compile=xyz", f"output.formats=[{formats}]"]) == 2
        assert "no backend 'xyz'" in capsys.readouterr().err
    job = GraphJob({"nodes": {"code": {"op": "sample"}}, "outputs": ["code"]})
    assert "no backend 'xyz'" in str(run_together([job], SharedOptions(RunOptions(torch_compile="xyz")))[0])


def test_beyond_the_limit_of_variants_layers_run_uncompiled_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compiled, "VARIANTS", 1)
    compiled.compile_layers.cache_clear()
    compiled._warn_of_limit.cache_clear()
    generator = tiny(1)
    layers = [layer_of(generator, name) for name in ("b8.conv1", "b8.torgb")]
    channels, more = layers[0].in_channels, torch.ones(1, 1, 1, 1)
    x, style = torch.ones(2, channels, 8, 8), torch.ones(2, channels)
    with torch._dynamo.config.patch(cache_size_limit=1), torch.inference_mode():
        made = generator.with_compiled("counting")
        for added in (None, more):
            assert torch.equal(made.conv(layers[0], x, style, added), generator.conv(layers[0], x, style, added))
            assert torch.equal(made.torgb(layers[1], x, style, added), generator.torgb(layers[1], x, style, added))
    assert len(COUNTED) == 2  # one of each function
    prefix = "torch.compile has reached the limit of 1 variants of "
    functions = [text.removeprefix(prefix) for text in caplog.messages if text.startswith(prefix)]
    assert functions == ["styled_conv; others run uncompiled", "to_rgb; others run uncompiled"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # by torch itself
@pytest.mark.skipif(not (shutil.which("g++") or shutil.which("clang++")), reason="inductor needs a C++ compiler")
def test_inductor_computes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))  # so that it does compile
    # No trial compilation for each instruction set: together they take longer than the layer.
    monkeypatch.setattr(torch._inductor.config.cpp, "vec_isa_ok", True)
    monkeypatch.setattr(torch._inductor.cpu_vec_isa.VecISA, "check_build", lambda *_: True)
    generator, layer = tiny(1), layer_of(tiny(1), "b8.conv1")
    made = generator.with_compiled("inductor")
    for size in ((4, 9, 6), (2, 7, 5)):
        arguments = arguments_of(layer, *size)
        with torch.inference_mode():
            expected = generator.conv(layer, **arguments)
            assert (made.conv(layer, **arguments) - expected).abs().max() < PROMISED
