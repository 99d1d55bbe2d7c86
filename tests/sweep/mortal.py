"""A worker of Ray that dies. The module imports little, since an actor imports it before it dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fgraph.api.graph_jobs import GraphJob, SharedOptions
from fgraph.sweep.workers import Worker

LETHAL = 666  # a seed whose job kills its worker, every time


class Mortal(Worker):
    """A worker that kills itself by a signal: once, in the shard with seed 1, and each time that it meets LETHAL."""

    def __init__(self, folder: str, *others: Any) -> None:
        self._died = Path(folder, "died")
        self._settings = (folder, *others)

    def run(self, jobs: Sequence[GraphJob], options: SharedOptions) -> list[Any]:
        seeds = [job.document.get("seed") for job in jobs]
        if LETHAL in seeds or (1 in seeds and not self._died.exists()):
            self._died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        super().__init__(*self._settings)  # imports torch, which the dead don't need
        return super().run(jobs, options)
