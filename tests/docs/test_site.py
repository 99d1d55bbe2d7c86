"""The documentation builds as a site without a warning, with every page, and loads nothing from the internet."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("material"), reason="pip install 'fgraph-gan[docs]'"
)  # mkdocs alone lacks the theme
_ADDRESS = r"[\"']?((?:https?:)?//[^\"' >]+)"
_FETCHED = re.compile(rf"<(?:(?:script|img|iframe|source)[^>]*\ssrc|link[^>]*\shref)={_ADDRESS}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does; pages that are not in the nav are warnings as well."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_has_every_page_and_the_files_they_link(site: Path) -> None:
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    made = [path.with_name("index.html") if path.name == "README.md" else path.with_suffix(".html") for path in pages]
    assert not [path for path in made if not (site / path).is_file()]
    assert (site / "source/graphs/graph/stretch.yaml").read_bytes() == (ROOT / "graphs/graph/stretch.yaml").read_bytes()
    page = (site / "how-to/jobs/spatial_operations.html").read_text("utf-8")
    assert 'href="../../source/graphs/graph/stretch.yaml"' in page


def test_the_site_loads_nothing_from_the_internet(site: Path) -> None:
    found = {match for page in site.rglob("*.html") for match in _FETCHED.findall(page.read_text(encoding="utf-8"))}
    assert found == set()
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not re.findall(r"(?:url\(|@import\s+)[\"']?(?:https?:)?//", styles)
