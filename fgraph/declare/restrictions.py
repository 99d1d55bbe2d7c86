"""Restrictions of graph files: they set the graph, and nothing else in the configuration that contains it."""

from __future__ import annotations

import re
from typing import Any

from fgraph.declare.document import Document
from fgraph.declare.source import DocumentPath

# Hydra instantiates objects from mappings with these keys.
_CODE = frozenset({"_target_", "_args_", "_convert_", "_partial_", "_recursive_"})
_DIRECTIVE = re.compile(r"\s*#\s*@")
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_-]*"
_FILE = re.compile(rf"{_NAME}\Z")
_CHOICE = re.compile(rf"(?:optional )?/?(?P<group>{_NAME}(?:/{_NAME})*)(?:@(?P<package>{_NAME}(?:\.{_NAME})*))?\Z")
_CHOSEN = re.compile(rf"{_NAME}(?:/{_NAME})*\Z")
_FORMS = "_self_, the name of a graph file beside it, or a mapping such as /subgraph@nodes.NAME: FILE"


def check_text(text: str, document: Document) -> None:
    """Report directives for Hydra in the comments at the start of a file."""
    for number, line in enumerate(text.splitlines(), 1):
        if _DIRECTIVE.match(line):
            message = "found a directive such as '# @package'; a graph file gives Hydra no directive"
            document.report(message, hint="remove the line", line=number)
        elif line.strip() and not line.lstrip().startswith("#"):
            return


def check_data(document: Document) -> None:
    """Report keys that make Hydra run code or configure it, and entries of `defaults` that leave the search path."""
    _check_keys(document.data, (), document)
    if not isinstance(document.data, dict):
        return
    if "hydra" in document.data:
        document.report("a graph file does not configure Hydra", "hydra", hint="set it on the command line")
        del document.data["hydra"]
    if "defaults" in document.data:
        _check_defaults(document.data["defaults"], document)


def _check_keys(data: Any, path: DocumentPath, document: Document) -> None:
    if isinstance(data, dict):
        for key, value in data.items():
            if key in _CODE:
                document.report(f"found the key '{key}'; a graph cannot name code", *path, key)
            _check_keys(value, (*path, key), document)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            _check_keys(value, (*path, index), document)


def _check_defaults(defaults: Any, document: Document) -> None:
    if not isinstance(defaults, list):
        document.report(f"expected a list of {_FORMS}", "defaults")
        return
    for index, entry in enumerate(defaults):
        if not _is_sound(entry):
            document.report(f"found {str(entry)[:80]!r}, expected {_FORMS}", "defaults", index)


def _is_sound(entry: Any) -> bool:
    """Return whether an entry of a defaults list names a file of the search path, with a package in the graph."""
    if isinstance(entry, str):
        return bool(_FILE.match(entry)) and entry != "hydra"
    if not isinstance(entry, dict) or len(entry) != 1:
        return False
    ((key, chosen),) = entry.items()
    choice = _CHOICE.match(key)
    if choice is None or choice["group"].split("/")[0] == "hydra":
        return False
    names = (choice["package"] or "").split(".")
    if ("/" in key and choice["package"] is None) or names[0] == "hydra" or any(_is_keyword(name) for name in names):
        return False
    files = chosen if isinstance(chosen, list) else [chosen]
    return all(one is None or (isinstance(one, str) and bool(_CHOSEN.match(one))) for one in files)


def _is_keyword(name: str) -> bool:
    """Return whether a part of a package has a special meaning for Hydra, such as `_global_`."""
    return name.startswith("_") and name.endswith("_")
