"""The CPU time of a sweep apart from the engine: configs composed by Hydra and by copying, and the whole command.

    python -m bench.speed.compose [JOBS]

Each job has its own seed, and shares a config group and a value with the others. A sweep composes each job twice: its
sweeper checks all of them, and its launcher starts them. The fused launcher composes once more to finish a job. "Sweep"
lines are whole sweeps (mode=check) in this process, which show the cost of a job without the generator. Slow cases are
measured on a sixteenth of the jobs.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import tempfile
import time
from collections.abc import Callable

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import setup_globals
from hydra.types import RunMode

from fgraph.cli import main
from fgraph.cli.configuration import prepare_hydra
from fgraph.declare.config_source import BUNDLED
from fgraph.sweep.composing import SweepComposer


def seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def measure(jobs: int) -> dict[str, float]:
    overrides = [["graph=blend_horizontal", f"seed={seed}", "graph.nodes.fade.start=0.1"] for seed in range(jobs)]
    prepare_hydra()
    setup_globals()
    loader = ConfigLoaderImpl(create_config_search_path(str(BUNDLED)))
    master = Hydra("fgraph", loader).compose_config("config", [], RunMode.MULTIRUN, with_log_configuration=False)
    GlobalHydra.instance().clear()
    composer = SweepComposer(loader)
    few = overrides[: max(1, jobs // 16)]
    found = {
        "compose 3 times, copying": seconds(lambda: [composer.load_sweep_config(master, job) for job in overrides * 3]),
        "compose 2 times, Hydra": seconds(lambda: [loader.load_sweep_config(master, job) for job in few * 2]),
    }
    found["compose 2 times, Hydra"] *= jobs / len(few)
    arguments = ["-m", "graph=blend_horizontal", f"seed=range(0,{jobs})", "graph.nodes.fade.start=0.1", "mode=check"]
    found["sweep, fused"] = seconds(lambda: quietly(arguments))
    short = [*arguments, f"seed=range(0,{len(few)})", "hydra/launcher=basic"]
    found["sweep, basic"] = seconds(lambda: quietly(short)) * jobs / len(few)
    return found


def quietly(arguments: list[str]) -> None:
    earlier = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        os.chdir(folder)
        try:
            assert main(arguments) == 0
        finally:
            os.chdir(earlier)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="?", type=int, default=256)
    count = parser.parse_args().jobs
    print(f"{count} jobs, load average {os.getloadavg()[0]:.1f}")
    for name, taken in measure(count).items():
        print(f"{name:<24} {taken:7.2f} s   {1e3 * taken / count:6.1f} ms a job")
