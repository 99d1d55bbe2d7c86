"""A graph file sets the graph and nothing else: each known bypass is refused before it acts."""

import os
from pathlib import Path

import pytest

import fgraph
from fgraph._errors import FgraphError
from fgraph.cli import main

NODES = "nodes:\n  code: {op: sample}\n  image: {op: decode, of: code}\noutputs: [image]\n"
CALLBACK = (
    "hydra:\n  callbacks:\n"
    "    x: {_target_: pathlib.Path.write_text, self: {_target_: pathlib.Path, _args_: [CANARY]}, data: x}\n"
)
EVIL = {
    "package": "# @package _global_\n" + CALLBACK + NODES,
    "package after comments": "\n# a graph\n\n  #   @package   _global_\n" + CALLBACK + NODES,
    "package after a mark": "\ufeff# @package _global_\n" + CALLBACK + NODES,
    "package of hydra": "# @package hydra\ncallbacks: {x: {_target_: os.getcwd}}\n" + NODES,
    "package beyond": "# @package graph._global_\n" + NODES,
    "another directive": "# @ package _global_\n" + NODES,
    "hydra key": CALLBACK + NODES,
    "environment": "# @package _global_\nhydra: {job: {env_set: {LD_PRELOAD: x}}}\n" + NODES,
    "search path": "hydra: {searchpath: ['file:///tmp']}\n" + NODES,
    "target": "params: {x: {_target_: os.system, command: touch CANARY}}\n" + NODES,
    "target in a list": "params: {x: [[{_target_: os.system}]]}\n" + NODES,
    "target by merge": "params:\n  y: &y {_target_: os.system}\n  x: {<<: *y}\n" + NODES,
    "args": "params: {x: {_args_: [1]}}\n" + NODES,
    "partial": "params: {x: {_partial_: true}}\n" + NODES,
    "override launcher": "defaults: [_self_, override /hydra/launcher: basic]\n" + NODES,
    "override without slash": "defaults: [_self_, override hydra/job_logging: default]\n" + NODES,
    "hydra group": "defaults: [/hydra/launcher: basic, _self_]\n" + NODES,
    "hydra group by @": "defaults: [/hydra/launcher@nodes.x: basic, _self_]\n" + NODES,
    "hydra package": "defaults: [/subgraph@hydra.callbacks: ev, _self_]\n" + NODES,
    "global package": "defaults: [/subgraph@_global_: ev, _self_]\n" + NODES,
    "global package inside": "defaults: [/subgraph@nodes._global_.x: ev, _self_]\n" + NODES,
    "here package": "defaults: [/subgraph@_here_: ev, _self_]\n" + NODES,
    "no package": "defaults: [/subgraph: ev, _self_]\n" + NODES,
    "a path": "defaults: [/subgraph/ev, _self_]\n" + NODES,
    "a path with a package": "defaults: [/subgraph/ev@_global_, _self_]\n" + NODES,
    "absolute file": "defaults: ['//FOLDER/secret@params', _self_]\n" + NODES,
    "absolute group": "defaults: [{'/FOLDER@params': secret}, _self_]\n" + NODES,
    "parent": "defaults: [../secret, _self_]\n" + NODES,
    "parent of a group": "defaults: [{'/subgraph/../..@params': secret}, _self_]\n" + NODES,
    "parent by a file": "defaults: [{'/subgraph@params': ../../secret}, _self_]\n" + NODES,
    "several files": "defaults: [{'/subgraph@params': [ev, ../../secret]}, _self_]\n" + NODES,
    "package source": "defaults: ['pkg://hydra.conf', _self_]\n" + NODES,
    "file source": "defaults: [{'file:///FOLDER@params': secret}, _self_]\n" + NODES,
    "stored configuration": "defaults: [/open_graph, _self_]\n" + NODES,
    "chosen by a variable": "defaults: [{'/subgraph@params': '${oc.env:HOME}'}, _self_]\n" + NODES,
    "optional hydra": "defaults: [{'optional /hydra/launcher': basic}, _self_]\n" + NODES,
    "defaults as a mapping": "defaults: {/hydra/launcher: basic}\n" + NODES,
    "two keys": "defaults: [{/subgraph@nodes.x: ev, /hydra/launcher: basic}]\n" + NODES,
    "resolver": "params: {x: '${oc.env:SECRET}'}\n" + NODES,
    "resolver in a text": "params: {x: 'http://h/${oc.env:SECRET}/'}\n" + NODES,
    "resolver inside": "params: {x: '${params.${oc.env:SECRET}}'}\n" + NODES,
    "resolver with spaces": "params: {x: '${ oc.env : SECRET }'}\n" + NODES,
    "resolver across lines": 'params: {x: "${oc.env:\\nSECRET}"}\n' + NODES,
    "escape of an escape": "params: {x: '\\\\\\\\${oc.env:SECRET}'}\n" + NODES,
    "hydra's values": "params: {x: '${hydra:runtime.cwd}'}\n" + NODES,
    "other settings": "params: {x: '${cache}'}\n" + NODES,
    "whole configuration": "params: {x: '${hub}${model}'}\n" + NODES,
    "own resolver": "params: {x: '${fgraph.folder:run,x}'}\n" + NODES,
    "creation": "params: {x: '${oc.create:{_target_: os.system}}'}\n" + NODES,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder for --config-dir, with files that pose as fgraph's own, and a secret beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET", "the-secret")
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")  # `main` sets it
    for name in ("graph", "subgraph", "hydra/launcher", "hydra/job_logging"):
        (tmp_path / "mine" / name).mkdir(parents=True)
    (tmp_path / "secret.yaml").write_text("password: the-secret\n")
    (tmp_path / "mine" / "subgraph" / "ev.yaml").write_text(
        "# @package _global_\n" + CALLBACK.replace("CANARY", str(tmp_path / "canary"))
    )
    return tmp_path / "mine"


@pytest.mark.parametrize("name", EVIL)
@pytest.mark.parametrize("way", ["graph=", "load", "in a sub-graph"])
def test_ways_out_of_the_graph(name: str, way: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    canary = folder.parent / "canary"
    text = EVIL[name].replace("CANARY", str(canary)).replace("FOLDER", str(folder.parent))
    (folder / "graph" / "evil.yaml").write_text(text, encoding="utf-8")
    before = dict(os.environ)
    if way == "load":
        with pytest.raises(FgraphError) as caught:
            fgraph.load(folder / "graph" / "evil.yaml")
        printed = str(caught.value)
    elif way == "graph=":
        assert main(["--config-dir", str(folder), "graph=evil", "mode=check"]) == 2
        printed = capsys.readouterr().err
    else:
        (folder / "subgraph" / "evil.yaml").write_text(text, encoding="utf-8")
        (folder / "graph" / "nice.yaml").write_text("defaults: [/subgraph@nodes.sub: evil, _self_]\n" + NODES)
        assert main(["--config-dir", str(folder), "graph=nice", "mode=check"]) == 2
        printed = capsys.readouterr().err
    assert "evil.yaml" in printed or "nodes.sub" in printed
    assert "Traceback" not in printed
    assert "the-secret" not in printed
    assert not canary.exists()
    assert os.environ == before


def test_an_escaped_interpolation_stays_text(folder: Path) -> None:
    """An escaped interpolation is text, and is resolved at no later stage, not even from a picture's record."""
    (folder / "graph" / "plain.yaml").write_text(r"params: {x: 'a\${oc.env:SECRET}'}" + "\n" + NODES)
    given = ["--config-dir", str(folder), "graph=plain", "model=landscape", "hydra.run.dir=out"]
    assert main(given) == 0
    picture = next(Path("out").glob("*.png"))
    assert main([f"from={picture}", "mode=check"]) == 0
    assert main([f"from={picture}", "hydra.run.dir=again"]) == 0
    for file in [*Path("out").rglob("*"), *Path("again").rglob("*")]:
        assert not file.is_file() or b"the-secret" not in file.read_bytes()
    graph = fgraph.load(picture)
    assert graph.spec.params == {"x": "a${oc.env:SECRET}"}
    assert fgraph.load(graph.to_yaml()).spec == graph.spec


@pytest.mark.parametrize(
    "name", ["open_graph.yaml", "config.yaml", "hydra/launcher/fused.yaml", "hydra/job_logging/none.yaml"]
)
def test_a_folder_does_not_replace_the_configuration(name: str, folder: Path) -> None:
    canary = folder.parent / "canary"
    (folder / name).write_text(f"# @package _global_\n{CALLBACK.replace('CANARY', str(canary))}")
    (folder / "graph" / "plain.yaml").write_text(NODES)
    assert main(["--config-dir", str(folder), "graph=plain", "model=landscape", "mode=check"]) == 0
    assert not canary.exists()


def test_a_launcher_of_a_folder_is_not_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hydra" / "launcher" / "evil.yaml").write_text("_target_: os.system\n")
    assert main(["--config-dir", str(folder), "hydra/launcher=evil", "mode=check"]) == 2
    assert "there is no hydra/launcher 'evil'" in capsys.readouterr().err


def test_a_choice_does_not_leave_the_folders(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for chosen in ("../../secret", f"{folder.parent}/secret", "../graph/../../secret"):
        assert main(["--config-dir", str(folder), f"graph={chosen}", "mode=check"]) == 2
        assert "the-secret" not in capsys.readouterr().err


def test_a_file_with_the_name_of_a_bundled_graph_is_a_mistake(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The bundled graph would run instead, without a warning."""
    file = folder / "graph" / "own.yaml"
    file.write_text(NODES)
    assert main(["--config-dir", str(folder), "graph=own", "mode=check"]) == 2
    assert f"{file}: a bundled graph has the name 'own' too: give the file another name" in capsys.readouterr().err
    file.rename(folder / "graph" / "mine.yaml")
    assert main(["--config-dir", str(folder), "graph=mine", "model=landscape", "mode=check"]) == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (NODES.encode("utf-16"), ": this file cannot be read: it is not text in UTF-8: save it as UTF-8"),
        (
            f"# caf\u00e9\n{NODES}".encode("latin-1"),
            ": this file cannot be read: it is not text in UTF-8: save it as UTF-8",
        ),
        (b"- a\n- b\n", ": expected a mapping at the root of the file"),
        (b"nodes: " + b"[" * 900 + b"]" * 900, ":1: mappings and lists are nested more than 64 deep"),
        (
            f"seed: 010\n{NODES}".encode(),
            ":1: seed: found the number '010', which YAML reads in base 8: leave out the zero",
        ),
    ],
    ids=["UTF-16", "Latin-1", "list", "deep", "octal"],
)
def test_the_error_names_a_file_of_another_form(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes, says: str
) -> None:
    file = folder / "graph" / "form.yaml"
    file.write_bytes(content)
    for arguments in (["--config-dir", str(folder), "graph=form", "mode=check"], [str(file), "mode=check"]):
        assert main(arguments) == 2
        printed = capsys.readouterr().err
        assert f"{file}{says}" in printed
        assert not [word for word in ("codec", "DictConfig", "recursion", "Traceback") if word in printed]


def test_a_number_of_the_command_line_is_decimal() -> None:
    assert fgraph.load(f"version: 1\n{NODES}", ["seed=010"]).spec.seed == 10


def test_a_pickled_configuration_is_not_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--experimental-rerun", "config.pickle"]) == 2
    assert "unpickles a file" in capsys.readouterr().err


def test_graphs_can_still_be_composed_of_others(folder: Path) -> None:
    (folder / "graph" / "base.yaml").write_text(NODES)
    (folder / "subgraph" / "moved.yaml").write_text(
        'op: subgraph\ninputs: {x: "???"}\nnodes: {move: {op: shift, of: x, dx: 0.5}}\noutput: move\n'
    )
    (folder / "graph" / "more.yaml").write_text(
        "defaults:\n  - base\n  - /subgraph@nodes.moved: moved\n  - _self_\n"
        "nodes: {moved: {inputs: {x: code}}, other: {op: decode, of: moved}}\noutputs: [image, other]\n"
    )
    assert list(fgraph.load(folder / "graph" / "more.yaml").outputs) == ["image", "other"]
    assert main(["--config-dir", str(folder), "graph=more", "model=landscape", "mode=check"]) == 0
