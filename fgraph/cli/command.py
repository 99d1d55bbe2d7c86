"""The main function of the command line: arguments -> exit code.

0    done
1    a bug in fgraph, with a traceback; or a job of a sweep failed
2    a mistake in the graph or on the command line
3    mode=invert skipped pictures that can't be read; the others are done
128  plus the number of a signal, after an interrupt: 130 for Ctrl-C, 143 for SIGTERM

No import of this module is slow: a command imports what it needs.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from fgraph._errors import FgraphError
from fgraph._log import escaped_records
from fgraph._temporary import remove_folders_in_use
from fgraph._version import __version__
from fgraph.cli.arguments import read_arguments
from fgraph.cli.modes import COMMANDS, STUDIO
from fgraph.cli.no_memory import NO_MEMORY, lacks_memory
from fgraph.cli.signals import Interrupts, interruptible
from fgraph.cli.terminal import guarded_streams, say, warn


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, by default with the arguments of the process; return the exit code."""
    # If other processes share the cores, spinning barriers of OpenMP slow small operations many times.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    with guarded_streams(), escaped_records(), interruptible() as interrupts:
        try:
            return _dispatch(list(sys.argv[1:] if arguments is None else arguments), interrupts)
        except SystemExit as stop:  # argparse raises it for --help, or for a wrong flag
            return stop.code if isinstance(stop.code, int) else 2 * bool(stop.code)
        except (Exception, KeyboardInterrupt) as error:
            if interrupts.seen or isinstance(error, KeyboardInterrupt):
                remove_folders_in_use()  # if the interrupt came while one was removed
                warn(interrupts.describe())
                return interrupts.exit_code
            if not isinstance(error, FgraphError) and not lacks_memory(error):
                raise
            warn(error if isinstance(error, FgraphError) else NO_MEMORY)
            return 2


def _dispatch(arguments: list[str], interrupts: Interrupts) -> int:
    """Call a command, or run jobs.

    Raises:
        FgraphError: a command failed, or the arguments of a run are wrong.
    """
    try:
        os.getcwd()
    except OSError as error:
        raise FgraphError(f"the current directory cannot be used: {error.strerror}: change to another") from error
    first = arguments[0] if arguments else ""
    if first in COMMANDS:
        return int(importlib.import_module(f"fgraph.cli.commands.{first}").main(arguments[1:], interrupts))
    if STUDIO in arguments:
        arguments.remove(STUDIO)
        return int(importlib.import_module("fgraph.cli.commands.studio").main(arguments, interrupts))
    if "--version" in arguments:
        say(f"fgraph {__version__}")
        return 0
    if "--help" in arguments or "-h" in arguments:
        from fgraph.cli.commands.help import help_text

        say(help_text())
        return 0
    chosen = read_arguments(arguments)
    from fgraph.cli.direct import run_directly

    code = run_directly(chosen, interrupts)
    if code is not None:
        return code
    from fgraph.cli.running import run  # imports Hydra

    return run(chosen, interrupts)
