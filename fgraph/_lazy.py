"""Packages whose names are imported when they are first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def lazy_names(package: str, homes: Mapping[str, Iterable[str]]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package, which also finds the modules of the package.

    Args:
        package: the `__name__` of the package.
        homes: module -> the names that the package takes from it.
    """
    modules = {name: module for module, names in homes.items() for name in names}

    def find(name: str) -> Any:
        home = modules.get(name)
        value = _submodule(package, name) if home is None else getattr(importlib.import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    return find


def _submodule(package: str, name: str) -> Any:
    try:
        return importlib.import_module(f"{package}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{package}.{name}":
            raise
        raise AttributeError(f"module '{package}' has no attribute '{name}'") from None
