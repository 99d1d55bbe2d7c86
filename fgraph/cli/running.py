"""Runs of jobs by Hydra: arguments -> exit code."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from fgraph._atomic import save_error
from fgraph._errors import FgraphError, nearest
from fgraph.cli.arguments import Arguments, quoted, unquoted
from fgraph.cli.composing import compose_and_run
from fgraph.cli.configuration import prepare_hydra
from fgraph.cli.no_memory import NO_MEMORY, lacks_memory
from fgraph.cli.restoring import RestoredPicture, take_picture
from fgraph.cli.settings import SETTINGS
from fgraph.cli.signals import Interrupts
from fgraph.cli.sweeps import SweepRun
from fgraph.cli.task import Task
from fgraph.cli.terminal import warn, warn_traceback

FULL_ERROR = "HYDRA_FULL_ERROR"
_RERUN = "--experimental-rerun"

MakeTask = Callable[[SweepRun, RestoredPicture | None, Arguments], Task]


def run(arguments: Arguments, interrupts: Interrupts, make_task: MakeTask = Task) -> int:
    """Run the jobs; return the exit code.

    Args:
        arguments: the arguments of the command line.
        interrupts: receives the message for an interrupt.
        make_task: makes the task that Hydra calls.

    Raises:
        FgraphError: the picture of `from=` has no valid record, or a flag is refused.
    """
    sweep = SweepRun(is_interrupted=lambda: interrupts.seen)
    interrupts.describe = lambda: sweep.interruption
    if any(argument.startswith(_RERUN) for argument in arguments.hydra):
        raise FgraphError(f"{_RERUN} unpickles a file, which can run code: repeat the run by its arguments")
    chosen, restored = take_picture(arguments.hydra)
    task = make_task(sweep, restored, arguments)
    with _own_errors() as verbose:
        try:
            prepare_hydra()
            if restored is not None:
                restored.store()
            compose_and_run(order_arguments(chosen), task, arguments.files)
            _write_sheet(sweep)
        except SystemExit as stop:  # argparse
            code = stop.code if isinstance(stop.code, int) else 2 * bool(stop.code)
            return code or sweep.exit_code
        except Exception as error:
            if interrupts.seen:
                raise KeyboardInterrupt from error
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


def _write_sheet(sweep: SweepRun) -> None:
    """Write the contact sheet; an error is added to the failures of the sweep."""
    try:
        sweep.write_sheet()
    except FgraphError as error:
        warn(error)
        sweep.failures.append(error)


def _report(error: Exception, sweep: SweepRun, verbose: bool) -> int:
    """Print an error of Hydra, unless it is the failure of a job, which has been printed."""
    if error in sweep.failures:
        return sweep.exit_code
    warn(NO_MEMORY if lacks_memory(error) else _message(error))
    if verbose:
        warn_traceback(error)
    elif not isinstance(error, HydraException | OmegaConfBaseException | OSError | FgraphError | MemoryError):
        warn(f"(set {FULL_ERROR}=1 to see where this was raised)")
    return 2


def _message(error: Exception) -> str:
    """Return the message of an error, with the reason that Hydra leaves in its cause."""
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        return _missing_choice(str(error.missing_cfg_file), error.options)
    if isinstance(error, OSError) and not isinstance(error, HydraException):  # Hydra has its own IOError
        return str(save_error(error.filename or "the files of the run", error))  # no name: the file is open
    lines = [str(error) or type(error).__name__]
    if isinstance(error, OverrideParseException):
        lines.insert(0, f"cannot read the override '{error.override}':")
        cure = quoted_override(error.override)
        lines.append(f"write it as {cure}" if cure else "quote texts in lists and mappings, as in '[\"it is\",b]'")
    cause = error.__cause__
    if isinstance(cause, ConfigKeyError | ConfigAttributeError) and isinstance(cause.key, str):
        # Hydra's advice to add the key by "+" would make the typo a setting
        where = str(cause.full_key)
        hint = nearest(where, [*SETTINGS, *_training_settings(where)])
        return f"unknown setting '{where}'" + (f": {hint}" if hint else "; see --help, or --cfg job for all there are")
    if isinstance(error, HydraException) and isinstance(cause, OmegaConfBaseException) and str(cause) not in lines[0]:
        lines.append(str(cause))
    return "\n".join(lines)


def quoted_override(override: str) -> str | None:
    """Return an override with its value quoted for Hydra and for a POSIX shell; None if that does not help.

    >>> print(quoted_override("images=a&b"))
    "images='a&b'"
    """
    key, equals, value = override.partition("=")
    if value[:1] in ("[", "{"):
        return None  # the texts in it must be quoted one by one
    fixed = f"{key}={quoted(unquoted(value))}"
    try:
        OverridesParser.create().parse_overrides([fixed])
    except HydraException:
        return None
    if not equals:
        return None
    return shlex.quote(fixed) if re.search(r"""["$`!]|\\(?!')""", fixed) else f'"{fixed}"'


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
    message = f"there is no {group} '{name}'" + (f" ({hint})" if hint else "") + f"; there are {', '.join(options)}"
    if (group, name) == ("hydra/sweeper", "optuna"):
        return message + "; that one comes with pip install 'fgraph-gan[optuna]'"
    return message + ("; name your own file by its path, as in graph=mine.yaml" if group == "graph" else "")


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
