"""The commands in the pages, and the changes and files that are needed to run them at a small size."""

from __future__ import annotations

import pickle
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml

from fgraph.cli.modes import COMMANDS
from tests.docs.blocks import blocks_of
from tests.paths import GOLDENS, ROOT

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md"))),
)
PICTURE = ROOT / "graphs" / "pictures" / "landscape.png"
_FENCED = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
_STARTS = re.compile(r"(python|fgraph|pip|make|pre-commit)\s+\S")
_INLINE = re.compile(r"`([^`]+)`")
_OURS = re.compile(r"^(?:python run\.py|fgraph)(?= |$)")


def commands_of(page: str) -> list[str]:
    """Return the commands of a page: in shell blocks, in blocks of no language, indented, and in the text."""
    blocks = [block.text for block in blocks_of(page, "bash", "sh", "shell", "console", "")]
    text = _FENCED.sub("", (ROOT / page).read_text(encoding="utf-8"))
    indented = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    inline = [" ".join(match.split()) for match in _INLINE.findall(text)]
    found = [part for line in [*blocks, *indented] for part in lines_of(line)]
    inline_commands = [part for part in inline if part not in {"python run.py", "fgraph"}]  # a name, not a command
    return list(dict.fromkeys(part for part in [*found, *inline_commands] if _STARTS.match(part)))


def lines_of(block: str) -> list[str]:
    """Return the commands of a block, without comments. A backslash continues a line, and `&&` separates commands."""
    lines = block.replace("\\\n", " ").splitlines()
    return [" ".join(part.split()) for line in lines for part in re.split(r"\s#", line)[0].split("&&")]


def ours(command: str) -> bool:
    """Return whether the command calls fgraph."""
    return bool(_OURS.match(command))


def small(command: str) -> list[str]:
    """Return the arguments of a command, with few steps, seeds and frames."""
    words = shlex.split(_OURS.sub("", command))
    words = [re.sub(r"^seed=range\(0,\d+\)$", "seed=range(0,2)", word) for word in words]
    words = [word.replace("PATH", "photos/one.png") for word in words]
    if words[:1] == ["new"]:
        return [*words, "--force"]
    if words[:1] and words[0] in COMMANDS:
        return words
    words = [f"graph={word}" if (ROOT / "graphs" / "graph" / f"{word}.yaml").is_file() else word for word in words]
    if "hydra/launcher=ray" in words:  # only composed here; tests/sweep runs it
        return [*(word for word in words if word not in {"-m", "seed=range(0,2)"}), "--cfg", "hydra"]
    for applies, more in SMALLER:
        if any(applies(word) for word in words):
            words += more
    for word in words:
        if word.startswith("graph="):
            words = words + fewer_steps(word.removeprefix("graph="))
    return words


def starts(*begins: str) -> Callable[[str], bool]:
    """Return a function that tests whether words begin with a text."""
    return lambda word: word.startswith(begins)


SMALLER = (
    # The pictures show no face. tests/faces and tests/inversion have the alignment.
    (starts("graph.nodes.photo.file="), ["graph.nodes.photo.align=none"]),
    (starts("inversion.align="), ["inversion.align=none"]),
    (starts("mode=invert"), ["inversion.steps=2", "inversion.cache=cache"]),
    (
        lambda word: word == "mode=train",
        ["training.size=8", "training.channels={4: 8, 8: 8}", "training.latent=8", "training.mapping_layers=2"],
    ),
    (
        lambda word: word in ("mode=train", "mode=finetune", "mode=grow"),
        ["training.images=4", "training.batch=2"],
    ),
    (starts("mode=train-encoder"), ["encoder.images=4", "encoder.batch=2"]),
    (starts("mode=finetune"), ["training.discriminator_first=2"]),
    (starts("graph=walk"), ["graph.nodes.walk.frames=4"]),
    (starts("hydra.sweeper.n_trials="), ["hydra.sweeper.n_trials=2", "hydra.sweeper.n_jobs=2"]),
)


def fewer_steps(graphs: str) -> list[str]:
    """Return overrides that set two steps for each inversion of a bundled graph."""
    path = ROOT / "graphs" / "graph" / f"{graphs}.yaml"
    nodes = yaml.safe_load(path.read_text(encoding="utf-8"))["nodes"] if path.is_file() else {}
    return [f"graph.nodes.{name}.steps=2" for name, node in nodes.items() if node.get("op") == "invert"]


def lay_out_files() -> None:
    """Write the files that the pages mention to the current directory, under the same names."""
    for folder in ("mine/graph", "path/to", "photos"):
        Path(folder).mkdir(parents=True)
    (block,) = (one for one in blocks_of("README.md", "yaml") if one.name == "blend.yaml")
    for name in ("mine/graph/blend.yaml", "path/to/blend.yaml", "blend.yaml"):
        Path(name).write_text(block.text, encoding="utf-8")
    shutil.copy(PICTURE, "photos/one.png")
    shutil.copy(PICTURE, "me.jpg")
    shutil.copytree("photos", "pictures")
    shutil.copy(PICTURE, "pictures/two.png")
    shutil.make_archive("drawings", "zip", "pictures")
    shutil.copytree(ROOT / "examples" / "training", "examples/training", ignore=shutil.ignore_patterns("*.json"))
    for name in ("path/to/generator.pt", "base.pt", "stylegan2-ffhq.pt"):
        shutil.copy(GOLDENS / "soat64_a.pt", name)
    shutil.copy(GOLDENS / "soat64_b.pt", "tuned.pt")
    for name in ("network.pkl", "ffhq.pkl", "a.pkl", "b.pkl"):
        shutil.copy(GOLDENS / "ada_oldlayout64.pkl", name)
    turned = {"layer": 4, "transform": "rotate", "params": [45], "features": "cluster", "feature-param": 1}
    Path("transforms.yaml").write_text(yaml.safe_dump({"transforms": [turned]}), encoding="utf-8")
    groups = {4: [{"cluster_index": number % 2, "feature_index": number} for number in range(64)]}
    Path("cluster_dict.yaml").write_text(yaml.safe_dump(groups), encoding="utf-8")
    Path("npy/ffhq").mkdir(parents=True)
    shares = [np.eye(6)] * 2  # of regions, for six channels of two layers
    Path("npy/ffhq/semantic_top_32").write_bytes(pickle.dumps(shares, protocol=4))
