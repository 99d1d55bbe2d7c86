"""mode=invert: a folder of pictures -> codes, reconstructions and loss curves, without a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from hydra.conf import HydraConf
from omegaconf import DictConfig, OmegaConf
from pydantic import ValidationError

from fgraph._downloads import use_downloads
from fgraph._errors import FgraphError, nearest
from fgraph._imaging.read import Fit
from fgraph._paths import expanded
from fgraph.cli.inversion_request import InversionRequest
from fgraph.cli.settings import read_downloads
from fgraph.cli.standalone import StandaloneJob, refuse_search, setting_errors
from fgraph.faces import Detector, FaceChoice, Landmarks, read_landmarks
from fgraph.inversion import make_settings
from fgraph.inversion.pictures import Align
from fgraph.inversion.settings import Tuning

PRECISIONS = ("float32", "float64")  # in half precision, gradients would underflow
_RUN_OPTIONS = (
    "preset",
    "fit",
    "align",
    "detector",
    "face",
    "landmarks",
    "points",
    "batch",
    "start",
    "encoder",
    "discriminator_from",
    "cache",
    "tune",
)


@dataclass(frozen=True)
class InversionJob(StandaloneJob):
    """A request of mode=invert as a job."""

    request: InversionRequest

    @property
    def resume_hint(self) -> str:
        """The place of the finished pictures, and how to continue with the others."""
        again = "starts the others again" if self.request.cache == "none" else "continues with the others"
        return f"the pictures that are done are in {self.request.directory}; the same command {again}"

    def run(self) -> None:
        """Invert the pictures, and print the files written.

        Raises:
            FgraphError: settings contradict each other, or a picture was skipped.
        """
        from fgraph.cli.inversion_run import invert_pictures  # imports torch

        with use_downloads(self.request.downloads):
            invert_pictures(self.request)


def read_inversion_job(config: DictConfig, hydra_config: HydraConf) -> InversionJob:
    """Read the job from a composed config, whose graph is ignored.

    Raises:
        FgraphError: a setting is missing or has an invalid value.
    """
    refuse_search("invert", hydra_config)
    with setting_errors():
        options = OmegaConf.to_container(config.inversion, resolve=True)
        images, model = config.images, config.model
        device, precision = str(config.device), str(config.precision)
    if not images:
        raise FgraphError("mode=invert needs images=, a folder of pictures, or one picture")
    if precision not in PRECISIONS:
        raise FgraphError(f"mode=invert has precision={' or '.join(PRECISIONS)}, not {precision}")
    assert isinstance(options, dict)
    named = {str(name): value for name, value in options.items()}
    return InversionJob(
        InversionRequest(
            images=str(images),
            model=str(model or "landscape"),
            directory=Path(hydra_config.runtime.output_dir),
            device=device,
            precision=precision,
            settings=_read_settings(named),
            tuning=_read_tuning(named["tune"]),
            batch=_read_batch(named["batch"]),
            fit=_read_choice(named, "fit", get_args(Fit)),
            align=_read_choice(named, "align", get_args(Align)),
            face=_read_face(named),
            start=_text(named["start"]),
            encoder=_text(named["encoder"]),
            discriminator_from=named["discriminator_from"],
            cache=_text(named["cache"]),
            downloads=read_downloads(config),
        )
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _read_settings(options: Mapping[str, Any]) -> Any:
    given = {name: value for name, value in options.items() if name not in _RUN_OPTIONS}
    return make_settings(options["preset"], **given)


def _read_choice(options: Mapping[str, Any], name: str, known: tuple[str, ...]) -> Any:
    value = options[name]
    if value in known:
        return value
    hint = nearest(str(value), known)
    advice = f" ({hint})" if hint else ""
    raise FgraphError(f"unknown inversion.{name} '{value}': expected {', '.join(known)}{advice}")


def _read_face(options: Mapping[str, Any]) -> FaceChoice:
    which, file, points = options["face"], options["landmarks"], options["points"]
    whole = isinstance(which, int) and not isinstance(which, bool) and which >= 0
    if which not in ("largest", "all") and not whole:
        raise FgraphError(f"inversion.face is largest, all, or the number of a face, 0 for the largest, not '{which}'")
    landmarks = None if file is None else read_landmarks(expanded(str(file)))
    by_hand = None if points is None else Landmarks.of_faces(points)
    return FaceChoice(which, _read_choice(options, "detector", get_args(Detector)), landmarks, by_hand)


def _read_batch(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise FgraphError(f"inversion.batch is a number of pictures, 1 or more, not '{value}'")
    return value


def _read_tuning(option: Any) -> Tuning:
    try:
        return Tuning.model_validate(option or {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, ("inversion", "tune", *first["loc"])))
        raise FgraphError(f"{where}: {first['msg']}, found {first['input']!r:.60}") from error
