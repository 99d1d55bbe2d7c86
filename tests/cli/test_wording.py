"""Messages of the command line about graphs that Hydra cannot find or read."""

from pathlib import Path

import pytest

from fgraph.cli import main

GRAPH = """\
version: 1
params: {number: 3, names: [a, b]}
nodes:
  code: {op: sample, seed: "${params.number}"}
  image: {op: decode, of: code}
outputs: [image]
"""


@pytest.fixture
def mine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine" / "graph"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("flags", [[], ["-m"]])
def test_a_graph_that_is_not_there(mine: Path, flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    (mine / "oval.yaml").write_text(GRAPH)
    assert main([*flags, "--config-dir", "mine", "graph=panoramaa", "mode=check"]) == 2
    printed = capsys.readouterr().err
    assert "there is no graph 'panoramaa' (did you mean 'panorama'?); there are " in printed
    assert "oval, own, panorama," in printed
    assert "provider" not in printed


def test_a_launcher_that_is_not_there(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hydra/launcher=fusd", "mode=check"]) == 2
    assert "there is no hydra/launcher 'fusd' (did you mean 'fused'?)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('seed: "${params.number}"}', "seed: 1", "oval.yaml:5: this is not YAML: did not find expected ',' or '}'"),
        ("  image", "  code", "oval.yaml:5: nodes.code: 'code' is given twice, in line 4 and in line 5"),
        ("params: ", "\tparams: ", "oval.yaml:2: this is not YAML"),
    ],
)
def test_a_file_that_is_not_yaml(mine: Path, old: str, new: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    (mine / "oval.yaml").write_text(GRAPH.replace(old, new))
    for flags in ([], ["-m"]):
        assert main([*flags, "--config-dir", "mine", "graph=oval", "mode=check"]) == 2
        assert says in capsys.readouterr().err


def test_interpolations_are_relative_to_the_graph(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`${params.number}` means the graph's parameter, as in `fgraph.load`. Other settings are still accessible."""
    text = GRAPH.replace("op: sample,", 'op: sample, draw: "${params.names[0]}", model: "${nodes.image.model}",')
    (mine / "oval.yaml").write_text(text.replace("names: [a, b]", "names: [numpy]"))
    assert main(["--config-dir", "mine", "graph=oval", "mode=check"]) == 2
    assert "nodes.image.model" in capsys.readouterr().err
    (mine / "oval.yaml").write_text(GRAPH)
    assert main(["--config-dir", "mine", "graph=oval", "hydra.run.dir=out", "graph.params.number=8"]) == 0
    assert "seed: 8" in Path("out/manifest.json").read_text()


@pytest.mark.parametrize(("given", "seed"), [([], 5), (["seed=9"], 9)])
def test_the_seed_of_a_graph(mine: Path, given: list[str], seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    (mine / "oval.yaml").write_text(GRAPH.replace("params.number", "seed") + "seed: 5\n")
    assert main(["--config-dir", "mine", "graph=oval", "hydra.run.dir=out", *given]) == 0
    manifest = Path("out/manifest.json").read_text()
    assert f"seed: {seed}" in manifest
