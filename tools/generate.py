"""Write the files that follow from the code: reference pages, JSON Schema of graph files, stubs of Graph.

Also copy bundled graphs into the pages that show them, in blocks that begin with `# graphs/graph/NAME.yaml`.

python tools/generate.py            write the files that changed
python tools/generate.py --check    write nothing; exit 1 if a file is out of date
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import sys
from pathlib import Path

import model_files

from fgraph.api.bundled import bundled_nodes
from fgraph.array_files.named_edits import SOURCES, published_edits
from fgraph.declare.reference import reference
from fgraph.declare.schema import json_schema
from fgraph.declare.stubs import stubs

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "examples" / "nodes"
_NAMED_EDITS = """\
# Named edits

This page lists the published edits of `direction`, `kind: named`, as `fgraph list edits` prints them.
[Directions](../how-to/directions.md#published-edits-by-name) explains them. A channel is written as σ index:channel. It
moves in standard deviations, and its sign differs between programs, so try both signs. A strength counts standard
deviations of the component, or for a bundled model, of the property in the name.
"""
SHOWN = 20  # lines of a difference
_SHOWN_GRAPH = re.compile(r"^```yaml\n# (graphs/\S+\.yaml)\n.*?^```$", re.MULTILINE | re.DOTALL)


def main() -> int:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is out of date")
    check = parser.parse_args().check
    stale = {path: text for path, text in generated().items() if read(path) != text}
    for path, text in stale.items():
        name = path.relative_to(ROOT)
        if check:
            sys.stdout.write(f"{name} is out of date: run `make generate`\n{difference(read(path), text)}\n")
        else:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{name}\n")
    return int(check and bool(stale))


def generated() -> dict[Path, str]:
    """Return every generated file with its expected text."""
    classes = bundled_nodes()
    pages = [*sorted((DOCS / "how-to" / "jobs").glob("*.md")), DOCS / "how-to" / "photographs.md"]
    return {
        **{path: with_graphs(read(path)) for path in pages},
        DOCS / "reference" / "nodes.md": reference(
            classes, {path.stem: read(path) for path in EXAMPLES.glob("*.yaml")}
        ),
        DOCS / "reference" / "named_edits.md": named_edits(),
        DOCS / "reference" / "model_files.md": model_files.page(),
        DOCS / "reference" / "graph.schema.json": json.dumps(json_schema(classes), indent=2, ensure_ascii=False) + "\n",
        ROOT / "fgraph" / "declare" / "methods.pyi": stubs(classes),
    }


def named_edits() -> str:
    """Return the page of the published edits."""
    lines = [_NAMED_EDITS, "| name | model | pixels | edit | source |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| `{one.name}` | {one.model} | {one.size} | {one.summary} | {one.source} |"
        for one in published_edits().values()
    ]
    return "\n".join([*lines, "", *(f"* {name}: {text}." for name, text in SOURCES.items()), ""])


def with_graphs(page: str) -> str:
    """Return a page with the current text of its graphs, without their comments."""

    def block(match: re.Match[str]) -> str:
        lines = (ROOT / match[1]).read_text(encoding="utf-8").splitlines()
        return "\n".join(["```yaml", f"# {match[1]}", *(line for line in lines if not line.startswith("#")), "```"])

    return _SHOWN_GRAPH.sub(block, page)


def read(path: Path) -> str:
    """Return the text of a file; empty if the file does not exist."""
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def difference(old: str, new: str) -> str:
    """Return the first lines of a difference."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "on disk", "generated", lineterm="", n=1)
    return "\n".join(list(lines)[:SHOWN])


if __name__ == "__main__":
    sys.exit(main())
