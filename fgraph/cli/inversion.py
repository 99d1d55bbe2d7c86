"""The mode that inverts pictures: a folder in, codes, reconstructions and loss curves out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from hydra.conf import HydraConf
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from fgraph._downloads import USUAL, Downloads, applied
from fgraph._errors import FgraphError, nearest
from fgraph._imaging.read import Fit
from fgraph.cli.configuration import is_searching, read_downloads
from fgraph.cli.models import LoneJob
from fgraph.inversion.settings import Tuning

PRECISIONS = ("float32", "float64")  # gradients of half layers would vanish unscaled
_OWN = ("preset", "fit", "align", "batch", "discriminator_from", "cache", "tune")  # the rest are settings


@dataclass(frozen=True)
class InversionJob(LoneJob):
    """Everything `mode=invert` needs."""

    images: str
    model: str
    directory: Path
    device: str
    precision: str
    options: Mapping[str, Any]  # those of `inversion` in graphs/config.yaml
    downloads: Downloads = USUAL

    def run(self) -> None:
        """Do it, and print what was written.

        Raises:
            FgraphError: settings do not go together, or a picture was skipped.
        """
        from fgraph.cli.inverting import invert_pictures  # brings torch

        with applied(self.downloads):
            invert_pictures(self)


def read_inversion_job(config: DictConfig, hydra_config: HydraConf) -> InversionJob:
    """The job of a composed config, of which the graph is not looked at.

    Raises:
        FgraphError: a setting is missing, or has a value it cannot have.
    """
    if is_searching(hydra_config):
        raise FgraphError("mode=invert returns no number that a sweeper could look at; use the basic one")
    try:
        options = OmegaConf.to_container(config.inversion, resolve=True)
        images, model = config.images, config.model
        place = str(config.device), str(config.precision)
    except OmegaConfBaseException as error:
        raise FgraphError(f"{error.full_key}: {str(error.msg or error).splitlines()[0]}") from error
    if not images:
        raise FgraphError("mode=invert needs images=, a folder of pictures, or one picture")
    assert isinstance(options, dict)
    if place[1] not in PRECISIONS:
        raise FgraphError(f"mode=invert has precision={' or '.join(PRECISIONS)}, not {place[1]}")
    named = {str(name): value for name, value in options.items()}
    _check(named)
    directory = Path(hydra_config.runtime.output_dir)
    return InversionJob(str(images), str(model or "landscape"), directory, *place, named, read_downloads(config))


def _check(options: Mapping[str, Any]) -> None:
    """Refuse what is no choice, before torch is loaded."""
    from fgraph.inversion import make_settings

    make_settings(options["preset"], **{name: value for name, value in options.items() if name not in _OWN})
    for name, known in (("fit", get_args(Fit)), ("align", ("none", "face"))):
        if options[name] not in known:
            hint = nearest(str(options[name]), known)
            advice = f" ({hint})" if hint else ""
            raise FgraphError(f"unknown inversion.{name} '{options[name]}': expected {', '.join(known)}{advice}")
    read_tuning(options["tune"])
    if isinstance(options["batch"], bool) or not isinstance(options["batch"], int) or options["batch"] < 1:
        raise FgraphError(f"inversion.batch is a number of pictures, 1 or more, not '{options['batch']}'")


def read_tuning(option: Any) -> Tuning:
    """What `inversion.tune` asks for.

    Raises:
        FgraphError: it has a value that it cannot have.
    """
    from pydantic import ValidationError

    try:
        return Tuning.model_validate(option or {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, ("inversion", "tune", *first["loc"])))
        raise FgraphError(f"{where}: {first['msg']}, found {first['input']!r:.60}") from error


def own_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those options that are settings of the inversion itself."""
    return {name: value for name, value in options.items() if name not in _OWN}


def warn(message: str) -> None:
    """Tell the user, on stderr."""
    print(message, file=sys.stderr)
