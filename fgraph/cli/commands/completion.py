"""`fgraph completion`: completion by the Tab key, for bash, zsh and fish."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from fgraph._atomic import save_error, write_atomic
from fgraph._errors import FgraphError
from fgraph._files import read_file
from fgraph._limits import MIB
from fgraph.cli.candidates import candidates
from fgraph.cli.signals import Interrupts
from fgraph.cli.terminal import say

_MOST = 16 * MIB  # of the file that a shell reads at its start
# bash splits words at `=`, and takes the candidates for the part after it.
_BASH = """\
_fgraph() {
    local IFS=$'\\n'
    COMPREPLY=($(fgraph completion words "${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
    local word="${COMP_LINE:0:COMP_POINT}"
    word="${word##* }"
    if [[ "$word" == *=* && "$COMP_WORDBREAKS" == *=* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*=}"}"}")
    fi
}
complete -o default -o nospace -F _fgraph fgraph
"""
_ZSH = """\
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
_fgraph() {
    local -a found
    found=("${(@f)$(fgraph completion words "${(Q)BUFFER[1,CURSOR]}" 2>/dev/null)}")
    found=(${found:#})
    if (( $#found )); then
        local -a whole=(${${(M)found:#* }% }) part=(${found:#* })
        (( ! $#whole )) || compadd -a whole
        (( ! $#part )) || compadd -S '' -a part
    else
        compset -P '*='
        _files
    fi
}
compdef _fgraph fgraph
"""
# fish escapes a space at the end, and adds its own after a complete word. Without candidates, it offers files.
_FISH = """\
function __fgraph_find
    set -g __fgraph_found (fgraph completion words (commandline -cp) 2>/dev/null | string trim --right)
    set -q __fgraph_found[1]
end
complete -c fgraph -n __fgraph_find -f -a '$__fgraph_found'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def main(arguments: Sequence[str], interrupts: Interrupts) -> int:
    """Install completion, or print the script of a shell.

    Raises:
        FgraphError: the shell is not known.
        SaveError: a file can't be written.
    """
    parser = argparse.ArgumentParser("fgraph completion", description="Complete commands, nodes, fields and values.")
    actions = parser.add_subparsers(dest="action", required=True)
    install = actions.add_parser("install", help="make your shell complete the arguments of fgraph")
    install.add_argument("shell", nargs="?", choices=SCRIPTS, help="default: the shell that $SHELL names")
    for shell in SCRIPTS:
        actions.add_parser(shell, help=f"print the script for {shell}")
    words = actions.add_parser("words", help="print the candidates for the last word of a line, as a shell calls it")
    words.add_argument("line")
    chosen = parser.parse_args(arguments)
    if chosen.action == "words":
        for word in candidates(chosen.line):
            say(word)
    elif chosen.action == "install":
        say(_install(chosen.shell or _find_shell()))
    else:
        say(SCRIPTS[chosen.action], end="")
    return 0


def _find_shell() -> str:
    shell = Path(os.environ.get("SHELL", "")).name
    if shell not in SCRIPTS:
        raise FgraphError(
            f"$SHELL is '{shell}': name one of {', '.join(SCRIPTS)}, as in fgraph completion install bash"
        )
    return shell


def _install(shell: str) -> str:
    """Write the script where the shell finds it; return a message."""
    home = Path.home()
    if shell == "fish":
        path = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config", "fish", "completions", "fgraph.fish")
        write_atomic(path, _FISH.encode())
        return f"{path}\nopen a new shell to use it"
    path = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share", "fgraph", f"completion.{shell}")
    write_atomic(path, SCRIPTS[shell].encode())
    start = home / f".{shell}rc"
    word = "'" + str(path).replace("'", "'\\''") + "'"
    try:
        _append(start, os.fsencode(f"[ -r {word} ] && . {word}  # completion of fgraph\n"))
    except OSError as error:
        raise save_error(start, error) from error
    return f"{path}\n{start} reads it; open a new shell to use it"


def _append(path: Path, line: bytes) -> None:
    """Append a line to a file that does not have it. A link is followed, as people keep such files elsewhere.

    Raises:
        OSError: the file cannot be read or written, or is not a regular file.
    """
    known = read_file(path, _MOST) if path.exists() else b""
    if line not in known:
        with path.open("ab") as file:
            file.write((b"" if known.endswith(b"\n") or not known else b"\n") + line)
