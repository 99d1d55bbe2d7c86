"""Generated files are up to date, and describe every field."""

import subprocess
import sys

from tests.paths import ROOT


def test_generated_files_are_up_to_date() -> None:
    command = [sys.executable, "tools/generate.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_field_has_a_meaning() -> None:
    page = (ROOT / "docs" / "reference" / "nodes.md").read_text(encoding="utf-8")
    assert [line for line in page.splitlines() if line.startswith("| `") and line.endswith("|  |")] == []
