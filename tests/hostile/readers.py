"""The modules that read files, imported before a file is opened under watch."""

from __future__ import annotations

import importlib
import pkgutil

PACKAGES = ("fgraph.stylegan", "fgraph.array_files", "fgraph._imaging", "fgraph.photographs", "fgraph.faces", "nodes")


def import_readers() -> None:
    """Import every module of the packages: functions import some of them late, and a file must not cause an import."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(module.name)
