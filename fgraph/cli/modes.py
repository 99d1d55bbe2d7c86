"""The names of the command line: the modes of a run, what their positional arguments set, and the other commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

Mode: TypeAlias = Literal["run", "explain", "ir", "check", "draw"]
ModelMode: TypeAlias = Literal["inspect", "convert", "mix"]  # read no graph
PictureMode: TypeAlias = Literal["invert"]  # reads no graph
TrainingMode: TypeAlias = Literal["train", "finetune", "grow"]  # read no graph
EncoderMode: TypeAlias = Literal["train-encoder"]  # reads no graph

GRAPH_MODES: tuple[Mode, ...] = get_args(Mode)
TRAINING_MODES: tuple[TrainingMode, ...] = get_args(TrainingMode)
STANDALONE_MODES = (*get_args(ModelMode), *get_args(PictureMode), *TRAINING_MODES, *get_args(EncoderMode))
MODES = (*GRAPH_MODES, *STANDALONE_MODES)
WRITING_MODES = ("run", "draw", "invert")

STUDIO = "mode=studio"  # the same as `fgraph studio`, which serves a page and is not a job
STUDIO_SETTINGS = (
    "graph", "from", "host", "port", "names", "certificate", "key", "folder", "models", "device", "precision",
)  # fmt: skip

POSITIONAL: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(GRAPH_MODES, ("graph",)),
    **dict.fromkeys(TRAINING_MODES, ("data",)),
    "inspect": ("model",),
    "convert": ("model", "target"),
    "mix": ("model", "mix.models", "target"),
    "invert": ("images",),
    "train-encoder": ("model",),
}

# The commands that are not modes, each a module of `fgraph.cli.commands`.
COMMANDS: Mapping[str, str] = {
    "list": "the bundled graphs and models, with a line on each",
    "nodes": "the nodes; of one node, its fields and an example",
    "new": "a new graph file, to begin with",
    "watch": "run a graph file again each time it is saved",
    "studio": "a page in the browser on which a graph is edited and seen",
    "open": "show the last result",
    "boundary": "a direction of your own, fitted to codes, pictures or scores",
    "effects": "the effects of the style channels of a model, for directions of texts",
    "regions": "the channels of StyleSpace that change a region of the image",
    "cache": "the files that fgraph keeps between runs: list, clear",
    "completion": "completion of commands, nodes, fields and values by the Tab key",
    "help": "all commands and settings",
}
