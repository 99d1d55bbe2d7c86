"""The modes of a run, and the settings that their positional arguments set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

Mode: TypeAlias = Literal["run", "explain", "ir", "check", "draw"]
ModelMode: TypeAlias = Literal["inspect", "convert"]  # read no graph
PictureMode: TypeAlias = Literal["invert"]  # reads no graph
TrainingMode: TypeAlias = Literal["train", "finetune", "grow"]  # read no graph

GRAPH_MODES: tuple[Mode, ...] = get_args(Mode)
TRAINING_MODES: tuple[TrainingMode, ...] = get_args(TrainingMode)
STANDALONE_MODES = (*get_args(ModelMode), *get_args(PictureMode), *TRAINING_MODES)
MODES = (*GRAPH_MODES, *STANDALONE_MODES)
WRITING_MODES = ("run", "draw", "invert")

POSITIONAL: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(GRAPH_MODES, ("graph",)),
    **dict.fromkeys(TRAINING_MODES, ("data",)),
    "inspect": ("model",),
    "convert": ("model", "target"),
    "invert": ("images",),
}
