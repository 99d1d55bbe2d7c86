"""Pickles of NVlabs' programs: their networks give the same results, and no code in them is run."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import fgraph
from fgraph._errors import ModelError
from fgraph.stylegan.checkpoints.header import read_header
from fgraph.stylegan.checkpoints.pickles.span import BytesSource
from fgraph.stylegan.checkpoints.pickles.torch_values import USUAL_HEAD
from fgraph.stylegan.loading import load_stylegan2
from fgraph.stylegan.tables.activations import GAINS
from fgraph.stylegan.tables.stylegan2 import StyleGAN2Table
from tests.network_pickles import checkpoint, random_tensors
from tests.rounding import assert_promised, assert_rounded
from tests.stylegan.conftest import Golden

pytestmark = [pytest.mark.numeric, pytest.mark.usefixtures("no_gradients")]

FILES = {
    "ada_cond32": "ada_cond32", "ada_resnet32": "ada_resnet32", "ada_oldlayout64": "ada_skip64",
    "sg3_stylegan2_64": "sg3_stylegan2_64",
}  # fmt: skip
TABLE = StyleGAN2Table(channels=((4, 6), (8, 5), (16, 4)), z_dim=7, w_dim=8, mapping_layers=2)


@pytest.mark.parametrize("name", FILES)
def test_equals_the_original(name: str, goldens: Path, golden: Golden) -> None:
    known, generator = golden(FILES[name]), load_stylegan2(goldens / f"{name}.pkl")
    psi = 0.7
    w = generator.map(known["z"], known["c"])
    assert_promised(w, known["w"])
    ws = generator.truncate(w[:, None].repeat(1, generator.table.num_ws, 1), psi)
    assert_promised(ws, known["ws"])
    cut = generator.truncate(w, psi, 3)
    assert_promised(cut, known["ws_cutoff3"])
    styles = generator.affine(ws)
    assert_promised(styles, known["S"])
    assert_promised(generator.w_mean, known["w_avg"])
    assert_promised(generator.synthesise(styles), known["image_const"])
    assert_promised(generator.synthesise(styles, "none"), known["image_none"])
    assert_promised(generator.synthesise(generator.affine(cut)), known["image_cutoff3_const"])
    assert_promised(generator.synthesise(generator.affine(known["wplus"])), known["image_wplus_const"])


WITHOUT_TORCH = """
import sys
from fgraph.stylegan.checkpoints.header import read_header
for source in sys.argv[1:]:
    table = read_header(source).table
    print(table.architecture, table.resolution, table.style_length, table.c_dim, table.clamp)
assert "torch" not in sys.modules, "torch was loaded"
"""


def test_headers_are_read_without_torch(goldens: Path) -> None:
    sources = [str(goldens / f"{name}.pkl") for name in FILES]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *sources], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "skip 32 352 5 None", "resnet 32 256 0 None", "skip 64 416 0 None", "skip 64 416 0 256.0",
    ]  # fmt: skip


TABLES = [
    replace(TABLE, architecture="orig"),
    replace(TABLE, architecture="resnet", clamp=0.5),
    replace(TABLE, has_noise=False, activation="swish"),
    replace(TABLE, image_channels=1, c_dim=4, embed_width=5, mapping_widths=(9, 8), activation="relu"),
    replace(TABLE, image_channels=4, mapping_rate=0.03, mapping_activation="tanh"),
    replace(TABLE, z_dim=0, c_dim=3, embed_width=6),
    replace(TABLE, base=(4, 2)),
    replace(TABLE, base=(3, 5), architecture="resnet"),
]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("table", TABLES)
def test_every_variant_is_read_exactly(table: Any, protocol: int, tmp_path: Path) -> None:
    tensors = random_tensors(table)
    path = tmp_path / "network.pkl"
    path.write_bytes(checkpoint(table, tensors, protocol))
    assert read_header(path).table == table
    found = load_stylegan2(path)
    assert set(found.tensors) == set(tensors)
    for name, value in tensors.items():
        assert torch.equal(found.tensors[name], value), name
    code = torch.randn(2, table.code_width, generator=torch.Generator().manual_seed(1))
    assert found.synthesise(found.affine(found.map(code))).shape == (2, table.image_channels, *table.size)


def test_layouts_in_memory_and_half_precision(tmp_path: Path) -> None:
    tensors = random_tensors(TABLE)
    stored = {key: value.half() for key, value in tensors.items()}
    stored["b8.conv1.weight"] = stored["b8.conv1.weight"].contiguous(memory_format=torch.channels_last)
    stored["b8.conv0.weight"] = torch.cat([stored["b8.conv0.weight"]] * 2)[5:]  # a view with an offset
    path = tmp_path / "network.pkl"
    path.write_bytes(checkpoint(TABLE, stored))
    found = load_stylegan2(path)
    for name, value in tensors.items():
        assert torch.equal(found.tensors[name], value.half().float()), name


def test_torch_writes_the_usual_head() -> None:
    written = io.BytesIO()
    torch.save(torch.zeros(1), written, _use_new_zipfile_serialization=False)
    assert written.getvalue().startswith(USUAL_HEAD)


@pytest.mark.parametrize("data", [USUAL_HEAD + b"rest", USUAL_HEAD, USUAL_HEAD[:-1] + b"?rest", USUAL_HEAD[:-1], b""])
@pytest.mark.parametrize("length", [None, 1000])
def test_a_source_skips_expected_bytes_only(data: bytes, length: int | None) -> None:
    source = BytesSource(b"ab" + data, length)
    source.skip(2)
    there = data.startswith(USUAL_HEAD)
    assert source.skip_expected(USUAL_HEAD) is there
    left = data[len(USUAL_HEAD) :] if there else data
    assert source.position == len(b"ab" + data) - len(left)
    assert source.read(len(left)) == left


def test_a_missing_mean_is_measured(tmp_path: Path) -> None:
    tensors = random_tensors(replace(TABLE, c_dim=3, embed_width=4))
    del tensors["w_mean"]
    path = tmp_path / "network.pkl"
    path.write_bytes(checkpoint(replace(TABLE, c_dim=3, embed_width=4), tensors))
    found = load_stylegan2(path)
    assert found.w_mean.abs().max() > 0


@pytest.mark.parametrize("activation", GAINS)
def test_activations(activation: str) -> None:
    from fgraph.stylegan.nn import stylegan2 as network

    x = torch.linspace(-3, 3, 12).reshape(1, 3, 2, 2)
    weight, style = torch.eye(3)[:, :, None, None], torch.ones(1, 3)
    found = network.styled_conv(x, weight, style, torch.zeros(3), activation=activation, gain=0.5, clamp=1.5)
    functions = {"lrelu": lambda v: torch.nn.functional.leaky_relu(v, 0.2), "swish": torch.nn.functional.silu,
                 "linear": lambda v: v}  # fmt: skip
    function = functions.get(activation) or getattr(torch.nn.functional, activation)
    expected = (function(x) * GAINS[activation] * 0.5).clamp(-0.75, 0.75)
    # Of sums of three terms, in the demodulation and the convolution, two are 0; functions err by a few roundings.
    assert_rounded(found, expected, 32)


def test_classes_of_a_conditional_model_in_graphs(goldens: Path, golden: Golden) -> None:
    known = golden("ada_cond32")
    graph = fgraph.Graph(models={"main": str(goldens / "ada_cond32.pkl")})
    code = torch.cat([known["z"], known["c"]], dim=1).numpy()
    given = graph.decode(graph.latent(value=code, space="z"), clamp=False)
    drawn = graph.sample(seed=[3, 4], class_=[1, 4], draw="numpy")
    results = fgraph.run(graph, outputs={"given": given, "drawn": drawn, "image": graph.decode(drawn)})
    generator = load_stylegan2(goldens / "ada_cond32.pkl")
    assert_promised(torch.from_numpy(results["given"].array), generator.synthesise(generator.affine(known["w"])))
    assert results["drawn"].array[:, 48:].tolist() == [[0, 1, 0, 0, 0], [0, 0, 0, 0, 1]]
    assert results["image"].array.shape == (2, 3, 32, 32)
    assert "class: [1, 4]" in graph.to_yaml()


@pytest.mark.parametrize(
    ("model", "given", "says"),
    [
        ("ada_cond32.pkl", {}, "no class is given; the model is conditional: give `class`, 0 to 4"),
        ("ada_cond32.pkl", {"class": 5}, "there is no class 5"),
        ("ada_cond32.pkl", {"class": [1, 2]}, "class has 2 values for 1 rows"),
        ("soat64_a.pt", {"class": 0}, "not conditional"),
    ],
)
def test_classes_that_do_not_fit(model: str, given: Any, says: str, goldens: Path) -> None:
    nodes = {"code": {"op": "sample", "seed": 1, **given}, "image": {"op": "decode", "of": "code"}}
    faults = fgraph.check({"models": {"main": str(goldens / model)}, "nodes": nodes, "outputs": ["image"]})
    assert any(says in fault.message for fault in faults), faults


def test_a_class_that_does_not_fit_is_a_fault_of_its_own_node_only(goldens: Path) -> None:
    """The two nodes are lowered together; only the node with the wrong class has a fault."""
    nodes = {
        "good": {"op": "sample", "seed": 1, "class": 4}, "wrong": {"op": "sample", "seed": 2, "class": 5},
        "one": {"op": "decode", "of": "good"}, "two": {"op": "decode", "of": "wrong"},
    }  # fmt: skip
    graph = {"models": {"main": str(goldens / "ada_cond32.pkl")}, "nodes": nodes, "outputs": ["one", "two"]}
    assert [fault.where for fault in fgraph.check(graph)] == ["nodes.wrong"]


@pytest.mark.parametrize("engine", ["batched", "eager"])
@pytest.mark.parametrize("name", FILES)
def test_graphs_run_every_architecture(name: str, engine: Any, goldens: Path, golden: Golden) -> None:
    known = golden(FILES[name])
    graph = fgraph.Graph(models={"main": str(goldens / f"{name}.pkl")})
    whole = graph.decode(graph.latent(value=known["ws"].numpy()), clamp=False)
    silent = graph.tap(graph.latent(value=known["S"].numpy(), space="s"), layer="b16.conv0", noise={"mode": "none"})
    results = fgraph.run(graph, outputs={"whole": whole, "silent": graph.decode(silent, clamp=False)}, engine=engine)
    assert_promised(torch.from_numpy(results["whole"].array), known["image_const"])
    assert_promised(torch.from_numpy(results["silent"].array), known["image_none"])


def test_engines_agree_on_edits_inside_a_resnet_block(goldens: Path) -> None:
    """Paused between a block's convolutions, the state holds the residual, which moves and mixes with the rest."""
    graph = fgraph.Graph(models={"main": str(goldens / "ada_resnet32.pkl")})
    one, two = (graph.tap(graph.sample(seed=seed), layer="b16.conv0") for seed in (1, 2))
    wide = [graph.pad(part, left=0.5, mode="reflect") for part in (one, two)]
    mixed = graph.blend(*wide, mask=graph.mask("ramp", axis="x"))  # type: ignore[misc]
    shifted = graph.shift(mixed, dx=0.25)
    image = graph.crop(graph.decode(shifted, clamp=False), left=0.25, width=0.25)
    found = [
        fgraph.run(graph, outputs={"image": image}, engine=engine)["image"].array for engine in ("batched", "eager")
    ]
    assert found[0].shape == (1, 3, 32, 12)
    assert_promised(torch.from_numpy(found[0]), torch.from_numpy(found[1]))


def test_a_tile_of_a_resnet_block_is_that_part_of_the_whole(goldens: Path) -> None:
    generator = load_stylegan2(goldens / "ada_resnet32.pkl")
    first, second = (generator.table.at(generator.table.pause(name)) for name in ("b16.conv0", "b16.conv1"))
    x = torch.randn(2, first.state_in, 8, 8, generator=torch.Generator().manual_seed(0))
    style = torch.ones(2, first.in_channels)
    whole = generator.conv(first, x, style, None)
    assert whole.shape == (2, first.state_out, 16, 16)
    assert second.state_in == first.state_out == 2 * first.out_channels
    tile = generator.conv(first, x[:, :, 1:6, 2:7], style, None, padded=True)
    assert_promised(tile, whole[:, :, 4:10, 6:12])
    after = generator.conv(second, whole, torch.ones(2, second.in_channels), None)
    assert_promised(
        generator.conv(second, whole[:, :, 3:9, 4:11], torch.ones(2, second.in_channels), None, padded=True),
        after[:, :, 4:8, 5:10],
    )


def state(content: Any, *names: Any) -> Any:
    """Return the state of one part of a network."""
    for name in names:
        content = content.meta["state"]["_modules"][name]
    return content.meta["state"]


CHANGES = [
    (lambda n: state(n)["_modules"].pop("mapping"), "G_ema has no part 'mapping'"),
    (lambda n: state(n, "synthesis")["_modules"].pop("b8"), "blocks that differ from its list"),
    (lambda n: state(n, "synthesis").update(block_resolutions=[4, 8]), "blocks that differ from its list"),
    (
        lambda n: state(n, "synthesis", "b8").update(architecture="dense"),
        "has layers with the architecture 'dense', 'skip'",
    ),
    (
        lambda n: state(n, "synthesis", "b8", "conv1").update(activation="sin"),
        "has layers with the activation 'lrelu', 'sin'",
    ),
    (lambda n: state(n, "synthesis", "b8", "conv1").update(conv_clamp=2.0), "has a conv_clamp that other layers"),
    (
        lambda n: state(n, "synthesis", "b8")["_buffers"].update(resample_filter=torch.ones(4, 4) / 16),
        r"other than \[1",
    ),
    (lambda n: state(n, "mapping", "fc1").update(bias_gain=0.1), "do not come from one learning-rate multiplier"),
    (lambda n: state(n, "mapping", "fc1").update(bias_gain="much"), "has 'much' as 'bias_gain'; expected a number"),
    (lambda n: state(n).update(z_dim=9), r"mapping.0.weight is \[8, 7\], but the others imply \[8, 9\]"),
    (lambda n: state(n).update(w_dim=1 << 20), "out of range"),
    (lambda n: state(n, "synthesis", "b4")["_parameters"].pop("const"), "b4 has no tensor 'const'"),
    (lambda n: state(n, "synthesis", "b8", "conv1")["_parameters"].update(bias=None), "b8.conv1 has no tensor 'bias'"),
    (
        lambda n: state(n, "synthesis", "b8", "conv1")["_parameters"].update(bias=torch.zeros(9)),
        r"b8.conv1.bias is \[9\], but",
    ),
    (
        lambda n: state(n, "synthesis", "b8", "conv1")["_parameters"].update(bias=torch.zeros(5, dtype=torch.int32)),
        "b8.conv1.bias holds int32 numbers",
    ),
    (
        lambda n: state(n, "synthesis", "b8", "conv1")["_parameters"].update(bias=torch.full((5,), torch.nan)),
        "b8.conv1.bias holds numbers that are not finite",
    ),
]


@pytest.mark.parametrize(("change", "says"), CHANGES)
def test_wrong_networks(change: Any, says: str, tmp_path: Path) -> None:
    from tests.network_pickles import dumps, network

    changed = network(TABLE, random_tensors(TABLE))
    change(changed)
    path = tmp_path / "wrong.pkl"
    path.write_bytes(dumps({"G_ema": changed}))
    with pytest.raises(ModelError, match=says) as caught:
        load_stylegan2(path)
    assert "wrong.pkl" in str(caught.value)


MEMORY = """
import sys, time
import fgraph, torch
from fgraph.stylegan.loading import load_generator
torch.set_num_threads(1)
def peak():
    with open("/proc/self/status") as file:  # getrusage's peak includes the parent's
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) * 1024
before, start = peak(), time.process_time()
generator = load_generator(sys.argv[1])
print(time.process_time() - start, peak() - before, generator.table.resolution)
"""
needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")


@pytest.fixture(scope="module", params=[2, 4])  # protocol 2 writes bytes as text
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Config-f at 1024 pixels: its table and its file."""
    channels = tuple((4 << i, min(32768 // (4 << i), 512)) for i in range(9))
    table = StyleGAN2Table(channels=channels, z_dim=512, w_dim=512, mapping_layers=8)
    path = tmp_path_factory.mktemp("large") / "large.pkl"
    path.write_bytes(checkpoint(table, random_tensors(table), request.param))
    return table, path


def opening_costs(path: Path) -> Any:
    """Return the CPU seconds and the bytes of memory that opening a file takes, and the size of its images."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)], capture_output=True, text=True, timeout=120, check=True
    )
    return map(float, done.stdout.split())


@pytest.mark.slow
@needs_proc
def test_opening_a_large_pickle_takes_little_memory(large: Any) -> None:
    table, path = large
    assert read_header(path).table == table
    _, used, size = opening_costs(path)
    assert size == 1024
    assert 0 < used < 1.25 * path.stat().st_size


@pytest.mark.timing
@needs_proc
def test_opening_a_large_pickle_takes_little_time(large: Any) -> None:
    _, path = large
    start = time.process_time()
    read_header(path)
    assert time.process_time() - start < 1
    assert next(opening_costs(path)) < 5
