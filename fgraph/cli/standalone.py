"""The base class of jobs that read no graph, and helpers that read their settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hydra.conf import HydraConf
from omegaconf.errors import OmegaConfBaseException

from fgraph._errors import FgraphError
from fgraph.cli.configuration import is_searching

if TYPE_CHECKING:
    from fgraph.training.settings import CommonSettings


class StandaloneJob:
    """A job that reads no graph and runs by itself, in this process."""

    @property
    def target(self) -> str | None:
        """The file or folder that the user names for the result, or None."""
        return None

    @property
    def resume_hint(self) -> str:
        """The state of an interrupted job and how to continue it, or "" if it leaves nothing."""
        return ""

    def run(self) -> None:
        """Do the job, and print where its results are."""
        raise NotImplementedError


class TrainingTask(StandaloneJob):
    """A training, which keeps a snapshot in its target folder."""

    settings: CommonSettings

    @property
    def target(self) -> str:
        """The folder of its files."""
        return str(self.settings.target)

    @property
    def resume_hint(self) -> str:
        """The snapshot that is kept, and how to continue."""
        from fgraph.training.snapshot import SNAPSHOT, count_images  # loads torch, as the training has

        images = count_images(self.settings.target / SNAPSHOT)
        if images is None:
            return "no snapshot was written yet; the same command begins again"
        return f"the snapshot after {images} images is in {self.target}; the same command continues from it"


@contextmanager
def setting_errors() -> Iterator[None]:
    """Turn an error of OmegaConf into one that names the setting.

    Raises:
        FgraphError: reading a setting in the `with` block failed.
    """
    try:
        yield
    except OmegaConfBaseException as error:
        raise FgraphError(f"{error.full_key}: {str(error.msg or error).splitlines()[0]}") from error


def refuse_search(mode: str, hydra_config: HydraConf) -> None:
    """Refuse a sweeper that looks for the best job, in a mode whose jobs return no number.

    Raises:
        FgraphError: the sweep uses such a sweeper.
    """
    if is_searching(hydra_config):
        name = hydra_config.runtime.choices.get("hydra/sweeper")
        raise FgraphError(f"mode={mode} returns no number, and hydra/sweeper={name} needs one: use hydra/sweeper=basic")


def read_target(mode: str, value: Any) -> str:
    """Return the file that a mode writes.

    Raises:
        FgraphError: the user named none.
    """
    if not value:
        raise FgraphError(f"mode={mode} needs target=, the file to write: OUT.safetensors, or OUT.pt for rosinality")
    return str(value)
