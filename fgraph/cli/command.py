"""The main function of the command line: arguments -> exit code.

0    done
1    a bug of fgraph, with a traceback; or a job of a sweep failed
2    a mistake in the graph or on the command line
3    mode=invert skipped pictures that can't be read; the others are done
128  plus the number of a signal, after an interrupt: 130 for Ctrl-C, 143 for SIGTERM
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import hydra
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from fgraph._errors import FgraphError, nearest
from fgraph._log import escaped_records
from fgraph.cli.configuration import SETTINGS, prepare_hydra
from fgraph.cli.restoring import Restored, take_picture
from fgraph.cli.signals import interruptible
from fgraph.cli.sweeps import Sweep
from fgraph.cli.task import Task
from fgraph.cli.terminal import guarded_streams, warn, warn_traceback
from fgraph.declare.config_source import BUNDLED, checked_sources

FULL_ERROR = "HYDRA_FULL_ERROR"
_RERUN = "--experimental-rerun"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, by default with the arguments of the process; return the exit code."""
    # If other processes share the cores, spinning barriers of OpenMP slow small operations many times.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    sweep = Sweep()
    with guarded_streams(), escaped_records(), interruptible() as interrupts:
        interrupts.describe = lambda: sweep.interruption
        try:
            return _run(order_arguments(sys.argv[1:] if arguments is None else arguments), sweep)
        except KeyboardInterrupt:
            warn(interrupts.describe())
            return interrupts.exit_code


def _run(chosen: Sequence[str], sweep: Sweep) -> int:
    if any(argument.startswith(_RERUN) for argument in chosen):
        warn(f"{_RERUN} unpickles a file, which can run code: repeat the run by its arguments")
        return 2
    try:
        chosen, restored = take_picture(chosen)
    except FgraphError as error:
        warn(error)
        return 2
    with _arguments(chosen), _own_errors() as verbose:
        try:
            _run_hydra(sweep, restored)
            _write_sheet(sweep)
        except SystemExit as stop:  # argparse, --help
            code = stop.code if isinstance(stop.code, int) else 2 * bool(stop.code)
            return code or sweep.exit_code
        except Exception as error:
            return _report(error, sweep, verbose)
    sweep.warn_if_identical()
    return sweep.exit_code


def order_arguments(arguments: Sequence[str]) -> list[str]:
    """Move `-m` to the front: Hydra's parser takes it only before the first override.

    >>> order_arguments(["graph=panorama", "-m", "seed=1,2"])
    ['-m', 'graph=panorama', 'seed=1,2']
    """
    flags = [argument for argument in arguments if argument in ("-m", "--multirun")]
    return [*flags[:1], *(argument for argument in arguments if argument not in ("-m", "--multirun"))]


def _run_hydra(sweep: Sweep, restored: Restored | None) -> None:
    prepare_hydra()
    if restored is not None:
        restored.store()

    parts = Task(sweep, restored)

    def task(config: DictConfig) -> float | None:
        return parts(config)

    cast(Any, task).parts = parts  # the launchers of fgraph call the parts one by one
    with checked_sources():
        hydra.main(version_base="1.3", config_path=str(BUNDLED), config_name="config")(task)()


def _write_sheet(sweep: Sweep) -> None:
    """Write the contact sheet; an error is added to the failures of the sweep."""
    try:
        sweep.write_sheet()
    except FgraphError as error:
        warn(error)
        sweep.failures.append(error)


def _report(error: Exception, sweep: Sweep, verbose: bool) -> int:
    """Print an error of Hydra, unless it is the failure of a job, which has been printed."""
    if error in sweep.failures:
        return sweep.exit_code
    warn(_message(error))
    if verbose:
        warn_traceback(error)
    elif not isinstance(error, HydraException | OmegaConfBaseException | OSError | FgraphError):
        warn(f"(set {FULL_ERROR}=1 to see where this was raised)")
    return 2


def _message(error: Exception) -> str:
    """Return the message of an error, with the reason that Hydra leaves in its cause."""
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        return _missing_choice(str(error.missing_cfg_file), error.options)
    if isinstance(error, OSError) and not isinstance(error, HydraException):  # Hydra has its own IOError
        return f"cannot write {error.filename}: {error.strerror}"
    lines = [str(error) or type(error).__name__]
    if isinstance(error, OverrideParseException):
        lines.insert(0, f"cannot read the override '{error.override}':")
    cause = error.__cause__
    if isinstance(cause, ConfigKeyError | ConfigAttributeError) and isinstance(cause.key, str):
        # Hydra's advice to add the key by "+" would make the typo a setting
        where = str(cause.full_key)
        hint = nearest(where, [*SETTINGS, *_training_settings(where)])
        return f"unknown setting '{where}'" + (f": {hint}" if hint else "; see --help, or --cfg job for all there are")
    if isinstance(error, HydraException) and isinstance(cause, OmegaConfBaseException) and str(cause) not in lines[0]:
        lines.append(str(cause))
    return "\n".join(lines)


def _training_settings(where: str) -> list[str]:
    """Return the names of the settings of trainings, if `where` is one of them."""
    if not where.startswith("training."):
        return []
    from fgraph.training import TrainingSettings

    return [f"training.{name}" for name in TrainingSettings.model_fields]


def _missing_choice(chosen: str, options: Sequence[str]) -> str:
    """Return the message for a choice that a config group doesn't have."""
    group, _, name = chosen.rpartition("/")
    hint = nearest(name.removesuffix(".yaml"), options)
    said = f"there is no {group} '{name}'" + (f" ({hint})" if hint else "") + f"; there are {', '.join(options)}"
    if (group, name) == ("hydra/sweeper", "optuna"):
        return said + "; that one comes with pip install 'fgraph-gan[optuna]'"
    return said + ("; your own are found by --config-dir DIR, in DIR/graph" if group == "graph" else "")


@contextmanager
def _arguments(chosen: Sequence[str]) -> Iterator[None]:
    """Put arguments into `sys.argv`, from which Hydra reads them."""
    earlier = sys.argv
    sys.argv = [earlier[0], *chosen]
    try:
        yield
    finally:
        sys.argv = earlier


@contextmanager
def _own_errors() -> Iterator[bool]:
    """Make Hydra raise its errors instead of printing them; yield whether the user wants tracebacks."""
    earlier = os.environ.get(FULL_ERROR)
    os.environ[FULL_ERROR] = "1"
    try:
        yield earlier == "1"
    finally:
        if earlier is None:
            del os.environ[FULL_ERROR]
        else:
            os.environ[FULL_ERROR] = earlier
