"""Every command of the README and the pages runs, at a small size; the suggestions of graphs are checked."""

from __future__ import annotations

import importlib.util
import json
import re
import runpy
import shlex
import sys
import tomllib
from pathlib import Path

import pytest

from fgraph.cli import main
from fgraph.cli.modes import COMMANDS, MODES
from fgraph.ir.costs import DeviceProfile, Rate
from fgraph.plan.device_profile import save_profile
from tests.docs.commands import PAGES, commands_of, lay_out_files, ours, small
from tests.paths import ROOT

GRAPHS = sorted((ROOT / "graphs" / "graph").glob("*.yaml"))
UNSAFE = (  # tests/cli and tests/studio have them
    "fgraph watch", "fgraph open", "fgraph cache clear", "fgraph completion install", "fgraph studio",
    "python run.py mode=studio",
)  # fmt: skip
# Names of commands that need more words, and forms with placeholders.
FORMS = re.compile(
    r"^fgraph (new|inspect|convert|mix|boundary|effects|regions|invert|train|train-encoder|finetune|grow|completion)$"
    r"|[\[|]|\.\.\.|FILE|nodes\.$"
)
PLACEHOLDERS = ("PATH", "YOUR")
ELSEWHERE = {"docs/how-to/output.md"}  # test_output_page runs it, and checks the files
RUN = [page for page in PAGES if page not in ELSEWHERE and any(map(ours, commands_of(page)))]
OTHERS = sorted({command for page in PAGES for command in commands_of(page) if not ours(command)})

RATE = Rate(channels=32, positions=4096, flops=3e10)
DEVICE = DeviceProfile("auto", "a processor", "float32", 1, 1e-4, 5e9, 5e9, 1e-8, plain=(RATE,), doubling=(RATE,))


@pytest.fixture(autouse=True)
def _known_device() -> None:
    """A profile of the device, so that no command measures it for a second; tests/plan has the measurement."""
    save_profile(DEVICE)


@pytest.fixture(scope="module")
def seen() -> set[tuple[str, ...]]:
    """Return the commands run so far, since a command that several pages show is run once."""
    return set()


@pytest.mark.parametrize("page", RUN)
def test_commands_of_a_page(
    page: str, seen: set[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out_files()
    for command in filter(ours, commands_of(page)):
        if command.startswith(UNSAFE) or FORMS.search(command):
            continue
        if "hydra/sweeper=optuna" in command and not importlib.util.find_spec("hydra_plugins.hydra_optuna_sweeper"):
            continue  # an extra that is not among [dev]
        words = small(command)
        if tuple(words) in seen:
            continue
        assert main(words) == 0, f"{page}: {command}"
        seen.add(tuple(words))


@pytest.mark.parametrize("command", OTHERS)
def test_other_commands_are_there(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands that install, build and measure are not run here, but their programs and options must exist."""
    words = shlex.split(command)
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    elif words[0] == "pip":
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
            "optional-dependencies"
        ]
        assert {extra for extra in re.findall(r"\[(\w+)\]", command)} <= set(extras)
    elif words[0] == "npm":
        scripts = json.loads((ROOT / "studio" / "package.json").read_text(encoding="utf-8"))["scripts"]
        assert words[1:3] == ["--prefix", "studio"]
        assert words[-1] in {"ci", *scripts}
    elif words[0] == "pre-commit":
        assert (ROOT / ".pre-commit-config.yaml").is_file()
    elif words[:2] != ["python", "-m"] or words[2].startswith("bench."):
        script = words[2].replace(".", "/") + ".py" if words[1] == "-m" else words[1]
        shown = help_of(ROOT / script, monkeypatch, capsys)
        assert not [word for word in words[2:] if word.startswith("--") and word not in shown]


def help_of(script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the help text of a script."""
    if script.stem == "rivals":
        pytest.importorskip("cv2", reason="pip install 'fgraph-gan[bench]'")
    monkeypatch.setattr(sys, "argv", [str(script), "--help"])
    monkeypatch.syspath_prepend(str(script.parent))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_commands_are_found() -> None:
    """Blocks, several on a line, continued lines, comments, indented lines, and commands in the text."""
    found = {command for page in PAGES for command in commands_of(page)}
    assert {"python run.py", "pip install -e .", "python run.py graph=panorama mode=explain"} <= found
    assert "python run.py graph=transfer_photo graph.params.image=PATH" in found
    assert any(command.endswith("n_jobs=8 objective.metric=deviation") for command in found)
    assert any(command.startswith("fgraph graph=walk 'output.formats") for command in found)


def suggestions(path: Path) -> list[list[str]]:
    """Return the overrides after `Try:` in the comment of a graph, without remarks in brackets, alternatives apart."""
    comment = " ".join(line[2:] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# "))
    assert "Try: " in comment, f"{path.name} suggests nothing to try"
    text = re.sub(r"\([^()]*\)", "", comment.partition("Try: ")[2])
    found = [[word for word in shlex.split(part) if "=" in word] for part in re.split(r",(?=\s)", text)]
    return [words for words in found if words and not any(mark in word for word in words for mark in PLACEHOLDERS)]


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_suggestions_of_a_graph(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    choices = suggestions(path)
    assert choices
    for words in choices:
        graph = [] if any(word.startswith("graph=") for word in words) else [f"graph={path.stem}"]
        assert main([*graph, *words, "mode=check"]) == 0, words


def test_every_command_has_a_page() -> None:
    """The page shows the command, and the table of commands links to the page."""
    folder = ROOT / "docs" / "reference" / "commands"
    row = re.compile(r"^\| `fgraph ([\w-]+)[^|]*\|[^|]*\| (?:\[.*\]\((\S+)\)|this page) \|$", re.MULTILINE)
    listed = dict(row.findall((folder / "README.md").read_text("utf-8")))
    assert {*COMMANDS, *MODES} - {"run"} == set(listed) - {"panorama"}
    for name, link in listed.items():
        page = (folder / (link.partition("#")[0] or "README.md")).read_text("utf-8")
        assert re.search(rf"fgraph {name}\b|mode={name}\b", page), name
