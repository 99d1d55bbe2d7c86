"""The node `encode`: engines, rows, budgets and devices agree; a value that does not fit is a fault at its field."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import fgraph
from fgraph.ir.ops import Encode
from fgraph.ir.types import Type
from fgraph.save.recording import record_graph
from fgraph.stylegan.checkpoints.encoder_file import find_encoder, residual_encoder_table, save_encoder
from fgraph.stylegan.checkpoints.sources import file_digest
from fgraph.stylegan.nn.discriminator import initial_tensors
from fgraph.stylegan.nn.encoder import Encoder
from fgraph.stylegan.tables.discriminator import DiscriminatorTable
from tests.encoder_networks import checkpoint
from tests.engine.comparing import assert_equal
from tests.examples import cut_into
from tests.networks import tiny


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder for tiny models of 16 pixels, which refines its code twice."""
    table = residual_encoder_table(
        ((4, 5), (8, 4), (16, 3)), image_channels=3, styles=tiny(1).table.num_ws, w_dim=8, iterations=2
    )
    assert isinstance(table.network, DiscriminatorTable)
    path = tmp_path_factory.mktemp("encoders") / "own.safetensors"
    save_encoder(Encoder(table, initial_tensors(table.network, seed=2), torch.linspace(-1, 1, 8)), path, {})
    return path


def graph(encoder: Path | str | None, rows: int = 5, **fields: object) -> fgraph.Graph:
    made = fgraph.Graph(models=tiny(1))
    pictures = made.decode(made.sample(seed=list(range(rows))))
    given = {} if encoder is None else {"encoder": str(encoder)}
    code = made.encode(pictures, id="code", **given, **fields)
    made.outputs = {"code": code, "image": made.decode(code)}
    return made


def encode_op(plan: fgraph.Plan) -> Encode:
    (op,) = [step.op for step in plan.steps if isinstance(step.op, Encode)]
    return op


@pytest.mark.numeric
def test_engines_agree_and_a_row_is_the_same_alone(own: Path) -> None:
    plan = fgraph.compile(graph(own), device="cpu")
    together = fgraph.run(plan)
    assert_equal(together, fgraph.run(plan, engine="eager"))
    assert together["code"].array.shape == (5, tiny(1).table.num_ws, 8)
    alone = fgraph.run(graph(own, 1), device="cpu")
    assert_equal(alone, together, 0)


@pytest.mark.numeric
def test_rows_run_some_at_a_time_within_a_budget(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = fgraph.compile(graph(own, 9), device="cpu")
    op = encode_op(plan)
    whole = fgraph.run(plan)
    cut = cut_into(plan, 2)
    assert_equal(whole, fgraph.run(cut))
    monkeypatch.setattr("fgraph.ir.ops.encoding._ROWS_BYTES", 2 * 4 * op.pass_numbers)
    assert op.rows_together == 2
    assert_equal(whole, fgraph.run(plan))


def test_the_cost_of_encode_is_known_beforehand(own: Path) -> None:
    op = encode_op(fgraph.compile(graph(own, iterations=3)))
    image, code = Type("rgb", (3, 16, 16)), Type("w+", (6, 8))
    assert op.infer((image,)) == code
    assert op.flops((image,), code) == 3 * (op.table.flops + tiny(1).table.forward_flops)
    assert str(op) == "encode(model=tiny1, encoder=own.safetensors, iterations=3)"
    assert "encode" in str(fgraph.compile(graph(own)))


def test_iterations_change_the_code(own: Path) -> None:
    default, same, more = (
        fgraph.run(graph(own, **given), device="cpu")["code"].array
        for given in ({}, {"iterations": 2}, {"iterations": 3})
    )
    assert np.array_equal(default, same)
    assert not np.allclose(default, more)


def test_half_precision_reaches_the_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.dtype | None] = []
    run = Encoder.encode

    def watch(self: Encoder, *args: object, half: torch.dtype | None = None, **rest: object) -> torch.Tensor:
        seen.append(half)
        return run(self, *args, half=half, **rest)

    monkeypatch.setattr(Encoder, "encode", watch)
    path = checkpoint(tmp_path / "encoder.pt", "psp_w")
    assert fgraph.run(wide(path), device="cpu", precision="bfloat16")["code"].array.shape == (1, 32)
    fgraph.run(wide(path), device="cpu")
    assert seen == [torch.bfloat16, None]


def wide(path: Path) -> fgraph.Graph:
    """Return a picture encoded by a published encoder, for a model whose w has 32 numbers."""
    from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
    from fgraph.stylegan.tables.stylegan2_tensors import required_shapes

    table = replace(tiny(1).table, w_dim=32, z_dim=32)
    tensors = {name: torch.full(shape, 0.1) for name, shape in required_shapes(table).items()}
    model = StyleGAN2Generator.from_tensors(table, tensors | {"w_mean": torch.zeros(32)}, name="wide")
    made = fgraph.Graph(models=model)
    made.outputs = {"code": made.encode(made.decode(made.sample(seed=1)), encoder=str(path))}
    return made


def fault(made: fgraph.Graph) -> fgraph.Fault:
    (found,) = fgraph.check(made)
    return found


def test_values_that_do_not_fit_are_faults(own: Path, tmp_path: Path) -> None:
    found = fault(graph(None))
    assert found.where == "nodes.code.encoder"
    assert "no encoder comes with model 'tiny1'" in found.message
    assert "mode=train-encoder" in found.message
    assert "there is no model 'gone.pt'" in fault(graph("gone.pt")).message
    assert "takes 6 rows of 8: load the generator" in fault(graph(checkpoint(tmp_path / "e.pt", "e4e"))).message
    assert fault(graph("avatar")).where == "nodes.code.encoder"
    grey = fgraph.Graph(models=tiny(1, image_channels=1))
    grey.outputs = {"code": grey.encode(grey.decode(grey.sample(seed=1)), encoder=str(own))}
    assert "the encoder reads images of 3 channels; these have 1" in fault(grey).message


def test_only_encoders_that_refine_take_iterations(tmp_path: Path) -> None:
    made = wide(checkpoint(tmp_path / "w.pt", "psp_w"))
    picture = made.decode(made.sample(seed=1))
    made.outputs = {"code": made.encode(picture, id="once", encoder=str(tmp_path / "w.pt"), iterations=2)}
    found = fault(made)
    assert found.where == "nodes.once.iterations"
    assert "this encoder does not refine its codes: leave iterations out" in found.message


def test_a_record_has_the_digest_of_the_encoder(own: Path) -> None:
    nodes = "picture: {op: image, path: landscape.png}, code: {op: encode, of: picture, encoder: ENCODER}"
    for encoder, path in (("avatar", find_encoder("avatar")), (str(own), own)):
        made = fgraph.load(
            f"{{models: {{main: avatar}}, nodes: {{{nodes.replace('ENCODER', encoder)}}}, outputs: [code]}}"
        )
        assert record_graph(made).files[encoder] == f"sha256:{file_digest(path)}"


@pytest.mark.numeric
@pytest.mark.parametrize("op", ["encode", "invert"])
def test_noise_of_a_found_code_depends_on_no_other_graph(op: str, own: Path) -> None:
    """Graphs that run together lower such nodes in one stack, and each has the noise that it has alone."""
    graphs = []
    for seed in (1, 2):
        made = fgraph.Graph(models=tiny(1), noise={"mode": "random", "seed": 3})
        picture = made.decode(made.sample(seed=seed))
        code = made.encode(picture, encoder=str(own)) if op == "encode" else made.invert(picture, space="w+", steps=1)
        made.outputs = {"image": made.decode(code)}
        graphs.append(made)
    for together, graph in zip(fgraph.run(graphs, device="cpu"), graphs, strict=True):
        assert_equal(together, fgraph.run(graph, device="cpu"))
