"""The commands that are not modes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

import fgraph
from fgraph._cache import cache_folder
from fgraph.api.bundled import bundled_nodes
from fgraph.cli import main
from fgraph.cli.arguments import GRAPHS
from fgraph.cli.candidates import candidates
from fgraph.cli.commands import completion
from fgraph.registry import kinds_of, op_of, registry
from tests.paths import ROOT


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def output(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(list(arguments)) == code
    found = capsys.readouterr()
    return found.err if code else found.out


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    printed = output(capsys, "list")
    assert {path.stem for path in GRAPHS.glob("*.yaml")} <= set(printed.split())
    assert re.search(r"^  landscape +Layered landscapes, 64 pixels$", printed, re.MULTILINE)
    assert '(Collins et al. 2020, "Editing in Style")' in " ".join(printed.split())  # "al." does not end the sentence
    kinds = kinds_of(registry(bundled_nodes())["direction"]) or {}
    assert sorted(re.findall(r"kind: (\w+)", output(capsys, "list", "directions"))) == sorted(kinds)
    assert "Models" not in output(capsys, "list", "graphs")
    assert "there is no list 'modls'" in output(capsys, "list", "modls", code=2)


@pytest.mark.parametrize("op", dict.fromkeys(map(op_of, bundled_nodes())))
def test_nodes(capsys: pytest.CaptureFixture[str], op: str) -> None:
    printed = output(capsys, "nodes", op)
    for node_class in bundled_nodes():
        if op_of(node_class) == op:
            names = {field.alias or name for name, field in node_class.model_fields.items()} - {"op", "kind"}
            assert names <= set(printed.split())
    example = yaml.safe_load(printed.rpartition("Example:\n")[2].partition("  #")[0])
    assert next(iter(example.values()))["op"] == op


def test_one_kind_of_a_node(capsys: pytest.CaptureFixture[str]) -> None:
    printed = output(capsys, "nodes", "mask", "ramp")
    assert "axis" in printed
    assert "radii" not in printed
    assert "did you mean 'mask'?" in output(capsys, "nodes", "maks", code=2)
    assert "did you mean 'ramp'?" in output(capsys, "nodes", "rmap", code=2)
    assert "a kind has this name: fgraph nodes mask ramp" in output(capsys, "nodes", "ramp", code=2)
    assert "no kind 'rmp'" in output(capsys, "nodes", "mask", "rmp", code=2)
    assert set(map(op_of, bundled_nodes())) <= set(output(capsys, "nodes").split())


@pytest.mark.parametrize("arguments", [[], ["--like", "transfer"], ["--like", "other.yaml"]])
def test_new(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    Path("other.yaml").write_text("nodes:\n  code: {op: sample}\noutputs: [code]\n")
    assert output(capsys, "new", "mine.yaml", *arguments) == "mine.yaml\n"
    assert main(["check", "mine.yaml"]) == 0
    assert "exists" in output(capsys, "new", "mine.yaml", code=2)
    assert main(["new", "mine.yaml", "--force"]) == 0


def test_new_refuses_unknown_graphs(capsys: pytest.CaptureFixture[str]) -> None:
    assert "write 'mine.yaml'" in output(capsys, "new", "mine", code=2)
    assert "did you mean 'panorama'?" in output(capsys, "new", "mine.yaml", "--like", "panorma", code=2)
    assert not Path("mine.yaml").exists()


def test_a_picture_opens_and_becomes_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "there is no result" in output(capsys, "open", code=2)
    assert main(["blend_horizontal", "seed=3", "output.strip=x"]) == 0
    capsys.readouterr()
    (picture,) = Path("outputs").rglob("image.png")
    assert output(capsys, "open", "--print") == f"{picture}\n"
    assert main(["new", "again.yaml", "--like", str(picture)]) == 0
    assert fgraph.load("again.yaml").spec.seed == 3
    opened: list[Path] = []

    def open_file(path: Path) -> bool:
        opened.append(path)
        return False

    monkeypatch.setattr("fgraph.cli.commands.open.open_file", open_file)
    assert main(["open", "outputs"]) == 0
    assert opened == [picture]
    assert "open the file yourself" in capsys.readouterr().err


def test_cache(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "kept"))
    assert output(capsys, "cache", "clear") == f"{cache_folder()} is empty\n"
    for name, size in (("models", 2048), ("pictures", 10)):
        (cache_folder() / name).mkdir(parents=True)
        (cache_folder() / name / "file").write_bytes(bytes(size))
    (tmp_path / "precious").write_text("mine")
    (cache_folder() / "link").symlink_to(tmp_path)
    printed = output(capsys, "cache", "list")
    assert "models           2.0 KiB  downloaded models" in printed
    assert "removed" in output(capsys, "cache", "clear", "models")
    assert sorted(path.name for path in cache_folder().iterdir()) == ["link", "pictures"]
    assert "did you mean 'pictures'?" in output(capsys, "cache", "clear", "picturs", code=2)
    assert main(["cache", "clear"]) == 0
    assert list(cache_folder().iterdir()) == []
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.mark.parametrize(("action", "call"), [("list", "lstat"), ("clear", "unlink")])
def test_the_cache_while_a_run_evicts_files(
    action: str, call: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each file is gone at the moment when the command asks for it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in ("drags", "models"):
        (cache_folder() / name).mkdir(parents=True)
        (cache_folder() / name / "file").write_bytes(bytes(2048))
    real, unlink = getattr(os, call), os.unlink

    def evicted(path: Any, *, dir_fd: int | None = None) -> Any:
        if Path(path).name == "file":
            unlink(path, dir_fd=dir_fd)
        return real(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, call, evicted)
    assert "models" in output(capsys, "cache", action)
    assert not [path for path in cache_folder().rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("fgraph wat", ["watch "]),
        ("fgraph panorama_v", ["panorama_vertical "]),
        ("fgraph explain blend_h", ["blend_horizontal "]),
        ("fgraph -m graph=walk seed=1,2 outp", None),
        ("fgraph mode=exp", ["mode=explain "]),
        ("fgraph model=land", ["model=landscape ", "model=landscape128 "]),
        ("fgraph blend_horizontal graph.nodes.f", ["graph.nodes.fade."]),
        ("fgraph blend_horizontal graph.nodes.fade.st", ["graph.nodes.fade.start=", "graph.nodes.fade.stop="]),
        ("fgraph blend_horizontal graph.nodes.fade.axis=", ["graph.nodes.fade.axis=x ", "graph.nodes.fade.axis=y "]),
        ("fgraph blend_horizontal graph.nodes.mix.mask=fa", ["graph.nodes.mix.mask=fade "]),
        ("fgraph mine.yaml graph.nodes.a.", None),
        ("fgraph blend_horizontal graph.nodes.fade.kind=ell", ["graph.nodes.fade.kind=ellipse "]),
        ("fgraph blend_horizontal graph.nodes.new.op=blen", None),
        ("fgraph training.im", None),
        ("fgraph train data training.lat", ["training.latent="]),
        ("fgraph studio blend_h", ["blend_horizontal "]),
        ("fgraph studio panorama --r", ["--remote "]),
        ("fgraph nodes mas", ["mask "]),
        ("fgraph nodes mask ra", ["ramp "]),
        ("fgraph cache cl", ["clear "]),
        ("fgraph new mine.yaml --like walk", ["walk "]),
        ("fgraph blend_horizontal graph.nodes.fade.start=0", []),
        ("fgraph nowhere.yaml graph.nodes.", []),
    ],
)
def test_candidates(line: str, expected: list[str] | None) -> None:
    Path("mine.yaml").write_text("nodes:\n  a: {op: flip, of: b}\n  b: {op: sample}\noutputs: [a]\n")
    found = candidates(line)
    if expected is not None:
        assert found == expected
    else:
        assert found
        assert all(one.startswith(line.rpartition(" ")[2]) for one in found)


@pytest.mark.skipif(not Path("/bin/bash").exists(), reason="needs bash")
@pytest.mark.parametrize(
    ("line", "expected"), [("fgraph panorama_v", "panorama_vertical "), ("fgraph model=av", "avatar ")]
)
def test_completion_in_bash(line: str, expected: str) -> None:
    """The script, with a function in place of the installed command."""
    script = "\n".join(
        [
            f'fgraph() {{ "{sys.executable}" -m fgraph "$@"; }}',
            completion.SCRIPTS["bash"],
            f"COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; _fgraph; printf '%s|' \"${{COMPREPLY[@]}}\"",
        ]
    )
    assert run_shell("/bin/bash", "-c", script) == f"{expected}|"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("fgraph panorama_v", "whole: panorama_vertical"),
        ("fgraph panorama graph.nodes.fade.ki", "part: graph.nodes.fade.kind="),
        (r"fgraph output.formats=\[we", "whole: output.formats=[webp]"),
        ("fgraph inspect model=./no", "files"),
    ],
)
@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_completion_in_zsh(line: str, expected: str) -> None:
    """The script, with functions in place of the command and of zsh's own for completion."""
    script = "\n".join(
        [
            f'fgraph() {{ "{sys.executable}" -m fgraph "$@" }}',
            "compdef() {}; compset() {}; _files() { print files }",
            'compadd() { local name=$@[-1]; print -r -- "$name: ${(P)name}" }',
            completion.SCRIPTS["zsh"],
            f"BUFFER='{line}'; CURSOR=${{#BUFFER}}; _fgraph",
        ]
    )
    assert run_shell("zsh", "-f", "-c", script) == f"{expected}\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("fgraph panorama_v", "panorama_vertical"),
        ("fgraph panorama graph.nodes.fade.ki", "graph.nodes.fade.kind="),
        ("fgraph output.formats=[we", "output.formats=[webp]"),
        ("fgraph inspect model=READ", "model=README.md"),
    ],
)
@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_completion_in_fish(line: str, expected: str) -> None:
    script = "\n".join(
        [
            f"function fgraph; '{sys.executable}' -m fgraph $argv; end",
            completion.SCRIPTS["fish"],
            f"complete -C '{line}'",
        ]
    )
    assert run_shell("fish", "--no-config", "-c", script) == f"{expected}\n"


def run_shell(*command: str) -> str:
    """Return what a shell prints, run from the root of the repository."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        timeout=600,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout


@pytest.mark.parametrize(("shell", "start"), [("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", None)])
def test_completion_is_installed_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shell: str, start: str | None
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    for _ in range(2):
        printed = output(capsys, "completion", "install")
    path = Path(printed.splitlines()[0])
    assert path.read_text() == completion.SCRIPTS[shell]
    if start is not None:
        assert (tmp_path / start).read_text().count(str(path)) == 2  # in one line
    assert output(capsys, "completion", shell) == completion.SCRIPTS[shell]


@pytest.mark.parametrize("earlier", [b"caf\xe9", b"alias e='x'\n", None])
def test_completion_is_installed_below_a_folder_with_a_quote(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, earlier: bytes | None
) -> None:
    home = tmp_path / "o'b'$(touch run)"
    home.mkdir()
    if earlier is not None:
        (home / ".bashrc").write_bytes(earlier)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    for _ in range(2):
        output(capsys, "completion", "install", "bash")
    *before, line = (home / ".bashrc").read_bytes().splitlines()
    assert before == ([] if earlier is None else earlier.splitlines())
    done = subprocess.run(
        ["bash", "-c", f"{line.decode()}\ncomplete -p fgraph"], capture_output=True, text=True, check=True
    )
    assert "-F _fgraph fgraph" in done.stdout
    assert not Path("run").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (os.mkfifo, "it is not a regular file"),
        (os.mkdir, "there is a directory of this name"),
        (lambda path: path.symlink_to("/dev/full"), "it is not a regular file"),
    ],
)
def test_completion_is_installed_in_regular_files_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make: Any, says: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    make(tmp_path / ".bashrc")
    assert says in output(capsys, "completion", "install", "bash", code=2)


def test_an_unknown_shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert "name one of bash, zsh, fish" in output(capsys, "completion", "install", code=2)


WATCHED = "nodes:\n  code: {op: sample, seed: SEED}\n  image: {op: decode, of: code}\noutputs: [image]\n"


def test_watch(tmp_path: Path) -> None:
    """The process runs a file at each save, reports a mistake and continues, and ends by an interrupt."""
    file, shown = tmp_path / "mine.yaml", tmp_path / "out" / "watch.js"
    file.write_text(WATCHED.replace("SEED", "1"))
    command = [sys.executable, "-m", "fgraph", "watch", "mine.yaml", "--no-open", "hydra.run.dir=out", "device=cpu"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for(shown, '"run": 1', process)
        first = (tmp_path / "out" / "image.png").read_bytes()
        file.write_text(WATCHED.replace("SEED", "2"))
        wait_for(shown, '"run": 2', process)
        assert (tmp_path / "out" / "image.png").read_bytes() != first
        file.write_text(WATCHED.replace("sample", "sampel"))
        wait_for(shown, "there is no op 'sampel'", process)
        file.write_text(WATCHED.replace("SEED", "1"))
        wait_for(shown, '"run": 4, "pictures": ["image.png"], "error": ""', process)
        assert (tmp_path / "out" / "image.png").read_bytes() == first
    finally:
        process.send_signal(2)
        printed, warned = process.communicate(timeout=600)
    assert process.returncode == 130
    assert "out/watch.html" in printed
    assert "mine.yaml:2: nodes.code.op: there is no op 'sampel'" in warned
    assert "stopped watching mine.yaml" in warned


@pytest.mark.parametrize("formats", ["dzi", "tiff", "npy"])
def test_watch_needs_a_format_that_browsers_show(formats: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text(WATCHED.replace("SEED", "1"))
    printed = output(capsys, "watch", "mine.yaml", "--no-open", f"output.formats=[{formats}]", code=2)
    assert f"output.formats=[{formats}] has none of them" in printed


def test_watch_sees_a_save_during_a_run(tmp_path: Path) -> None:
    """A file is compared with its state before it was read."""
    from fgraph.cli.arguments import Arguments
    from fgraph.cli.commands.watch import WatchTask
    from fgraph.cli.sweeps import SweepRun

    file, other = tmp_path / "mine.yaml", tmp_path / "mask.png"
    file.write_text("a")
    task = WatchTask(SweepRun(), None, Arguments([]), file=file, opens=False)
    file.write_text("changed")  # after the task was made, before it waits
    task._wait_for_change([file])
    other.write_text("new")
    file.write_text("changed again")
    task._wait_for_change([file, other])
    other.write_text("changed")
    task._wait_for_change([file, other])


def test_watch_waits_while_an_editor_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor may empty a file before it writes it."""
    from fgraph.cli.arguments import Arguments
    from fgraph.cli.commands import watch
    from fgraph.cli.sweeps import SweepRun

    file = tmp_path / "mine.yaml"
    file.write_text("a")
    task = watch.WatchTask(SweepRun(), None, Arguments([]), file=file, opens=False)
    file.write_text("")
    monkeypatch.setattr("time.sleep", lambda _: file.write_text("whole"))
    task._wait_for_change([file])
    assert task._seen[file] == watch._stamp(file)
    assert file.read_text() == "whole"


@pytest.mark.parametrize("command", ["watch", "regions"])
def test_errors_ask_for_required_arguments_only(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "the following arguments are required: file\n" in output(capsys, command, code=2)


def wait_for(file: Path, text: str, process: subprocess.Popen[str]) -> None:
    """Wait until a file has a text."""
    for _ in range(1200):
        if file.is_file() and text in file.read_text():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    raise AssertionError(f"no {text} in {file}")


@pytest.mark.parametrize(
    "arguments", [["panorama"], ["a.yaml", "b.yaml"], ["a.yaml", "-m", "seed=1,2"], ["a.yaml", "mode=check"]]
)
def test_watch_takes_one_file(arguments: list[str]) -> None:
    for name in ("a", "b"):
        Path(f"{name}.yaml").write_text(WATCHED)
    assert main(["watch", *arguments, "--no-open"]) == 2


@pytest.mark.parametrize(
    "name", ["x$(touch ran)", "x`touch ran`", "x;ran", "x\x1b[2J", "x y", "*", "x|ran", "x&", "x'"]
)
def test_a_name_that_a_shell_would_run_is_not_a_candidate(name: str, tmp_path: Path) -> None:
    graph = {"nodes": {name: {"op": "sample"}, "good": {"op": "decode", "of": name}}}
    (tmp_path / "mine.yaml").write_text(json.dumps(graph))
    line = f"fgraph {tmp_path}/mine.yaml graph.nodes."
    assert candidates(line) == ["graph.nodes.good."]
    assert not [one for one in candidates(f"{line}good.of=") if name in one]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_candidates_of_a_graph_file_are_read_within_bounds(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.yaml")
    (tmp_path / "date.yaml").write_text("nodes: {a: {op: !!timestamp 9999999-99-99}}")
    (tmp_path / "merge.yaml").write_text(
        "a0: &a0 {x: 1}\n"
        + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 40))
        + "nodes: {b: *a39}\n"
    )
    for name in ("fifo", "date", "merge"):
        assert len(candidates(f"fgraph {tmp_path}/{name}.yaml graph.nodes.")) <= 1
