"""Check that a tag, the version and the changelog name the same release. The release workflow runs it first.

python tools/check_release.py v0.2.0
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from fgraph._version import __version__

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Print the disagreements; return 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tag", help="the tag of the release, the version after a v")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    faults = find_faults(parser.parse_args().tag, __version__, changelog)
    sys.stdout.write("".join(f"{fault}\n" for fault in faults))
    return int(bool(faults))


def find_faults(tag: str, version: str, changelog: str) -> list[str]:
    """Return a message for each disagreement with the version."""
    faults = []
    if tag != f"v{version}":
        faults.append(f"the tag is {tag!r}; fgraph/_version.py has {version!r}, so v{version} is expected")
    if not re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d{{2}}-\d{{2}}$", changelog, re.MULTILINE):
        faults.append(f"CHANGELOG.md has no heading '## [{version}] - YYYY-MM-DD'; date the section of this release")
    return faults


if __name__ == "__main__":
    sys.exit(main())
