"""Print the lowest version that pyproject.toml allows of each package, as constraints for pip.

python tools/minimum_versions.py > minimum.txt
python -m pip install -c minimum.txt -e ".[hub]"
python tools/minimum_versions.py --installed      # print nothing; exit 1 if an installed package is not at its bound

If both the project and an extra name a package, the higher of the two lower bounds counts.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Print the constraints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--installed", action="store_true", help="compare the installed packages with their bounds")
    compare = parser.parse_args().installed
    bounds = lower_bounds(requirements(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))))
    found = {distribution.name: distribution.version for distribution in distributions()} if compare else {}
    lines = (
        differences(bounds, found) if compare else [f"{name}=={version}" for name, version in sorted(bounds.items())]
    )
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return int(compare and bool(lines))


def requirements(pyproject: dict[str, Any]) -> Iterator[str]:
    """Yield every requirement of a pyproject.toml: of the build, of the project, of each extra."""
    project = pyproject["project"]
    yield from pyproject["build-system"]["requires"]
    yield from project["dependencies"]
    for extra in project["optional-dependencies"].values():
        yield from extra


def lower_bounds(lines: Iterable[str]) -> dict[str, Version]:
    """Return the lower bound of each package that has one and whose marker holds here."""
    bounds: dict[str, Version] = {}
    for requirement in map(Requirement, lines):
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        name = canonicalize_name(requirement.name)
        for bound in requirement.specifier:
            if bound.operator in {">=", "=="}:
                bounds[name] = max(Version(bound.version), bounds.get(name, Version("0")))
    return bounds


def differences(bounds: Mapping[str, Version], installed: Mapping[str, str]) -> list[str]:
    """Return a line for each installed package that is not at its lower bound; a local version counts as the same."""
    named: dict[str, Version] = {canonicalize_name(name): Version(version) for name, version in installed.items()}
    return [
        f"{name}: {named[name]} is installed, {bound} is the lower bound"
        for name, bound in sorted(bounds.items())
        if name in named and Version(named[name].public) != bound
    ]


if __name__ == "__main__":
    sys.exit(main())
