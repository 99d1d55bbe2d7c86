"""The files around the code agree with it: version, changelog, citation, workflows, lower bounds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import check_release
import minimum_versions
import pytest
import yaml
from packaging.version import Version

from fgraph._version import __version__
from tests.paths import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
DATED = f"# Changelog\n\n## [{__version__}] - 2026-12-24\n"


def test_the_version_is_the_newest_of_the_changelog_and_the_one_to_cite() -> None:
    headings = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert headings[0] == __version__
    assert cited["version"] == __version__
    assert headings == sorted(headings, key=Version, reverse=True)


def test_a_release_agrees_with_its_tag_and_has_a_date() -> None:
    assert check_release.find_faults(f"v{__version__}", __version__, DATED) == []
    wrong_tag = check_release.find_faults("v9.9.9", __version__, DATED)
    assert wrong_tag == [f"the tag is 'v9.9.9'; fgraph/_version.py has '{__version__}', so v{__version__} is expected"]
    undated = check_release.find_faults(f"v{__version__}", __version__, DATED.replace("2026-12-24", "Unreleased"))
    assert len(undated) == 1
    assert undated[0].startswith("CHANGELOG.md has no heading")


def test_extras_that_pages_and_messages_name_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    folders = [ROOT / name for name in ("fgraph", "nodes", "docs", "bench", "examples", "studio/src")]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in {".py", ".md", ".ts", ".tsx"}]
    named = set(re.findall(r"([\w-]+)\[([a-z0-9,]+)\]['\"]", "\n".join(path.read_text("utf-8") for path in files)))
    extras = {extra for name, some in named if name == project["name"] for extra in some.split(",")}
    assert extras
    assert extras <= set(project["optional-dependencies"])
    assert "fgraph" not in {name for name, _ in named}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_the_scripts_that_workflows_call_exist(path: Path) -> None:
    steps = [step for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values() for step in job["steps"]]
    called = re.findall(r"(?:bash|python) ((?:\.ci|tools)/\S+)", "\n".join(step.get("run", "") for step in steps))
    assert [name for name in called if not (ROOT / name).is_file()] == []


def test_ci_has_every_python_that_the_project_allows() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["jobs"]
    versions = [name.rpartition(" ")[2] for name in project["classifiers"] if "Python :: 3." in name]
    assert jobs["check"]["strategy"]["matrix"]["python"] == versions
    lowest = project["requires-python"].partition(",")[0].removeprefix(">=")
    assert [step["with"]["python-version"] for step in jobs["minimum"]["steps"] if "with" in step] == [lowest]


def test_of_several_lower_bounds_the_highest_counts_if_it_applies_here() -> None:
    lines = ["One_Name>=1.2,<3", "one-name>=1.10", "free", "capped<2", "elsewhere>=4; sys_platform == 'nowhere'"]
    bounds = minimum_versions.lower_bounds(lines)
    assert bounds == {"one-name": Version("1.10")}
    assert minimum_versions.differences(bounds, {"One_Name": "1.10.0+cpu", "free": "1"}) == []
    assert minimum_versions.differences(bounds, {"one.name": "1.11"}) == [
        "one-name: 1.11 is installed, 1.10 is the lower bound"
    ]


def test_every_dependency_has_a_lower_bound() -> None:
    """Stubs for mypy have none, since mypy itself says which it needs."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = [line for line in minimum_versions.requirements(pyproject) if not line.startswith("types-")]
    assert [line for line in lines if ">=" not in line] == []
