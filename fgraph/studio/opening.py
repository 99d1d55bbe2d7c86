"""The graph that a studio opens: a bundled one, a file, the graph in a picture, an upload, or text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fgraph._errors import FgraphError, GraphError
from fgraph._imaging.finding import SUFFIXES
from fgraph.api.graphs import load
from fgraph.declare import to_yaml
from fgraph.declare.document import Document
from fgraph.declare.graph_file import parse_graph
from fgraph.declare.text_files import UnreadableText, read_text
from fgraph.studio.text import GraphText

GRAPHS = Path(__file__).resolve().parents[2] / "graphs" / "graph"
_PHOTOGRAPH = "# A photograph, edited: the nodes are those of `fgraph edit_photo`.\n"


@dataclass(frozen=True)
class OpenedGraph:
    """A graph to open.

    `file` is the graph file, to which it is saved. `trusted` is True if a person on this machine has named it, so that
    it may name files.
    """

    title: str
    text: str
    file: Path | None = None
    trusted: bool = False
    is_bundled: bool = False


def open_bundled(name: str) -> OpenedGraph:
    """Return a bundled graph.

    Raises:
        FgraphError: there is none of this name.
    """
    path = GRAPHS / f"{name}.yaml"
    if name not in {one.stem for one in GRAPHS.glob("*.yaml")}:
        raise FgraphError(f"there is no bundled graph '{name}'")
    return OpenedGraph(name, _composed(path)[0], trusted=True, is_bundled=True)


def open_photograph(file: str) -> OpenedGraph:
    """Return a graph that edits a photograph: `edit_photo` without its landmarks, and without an edit so far.

    Args:
        file: the photograph, as the graph names it.
    """
    lines = (GRAPHS / "edit_photo.yaml").read_text("utf-8").splitlines(keepends=True)
    text = GraphText(_PHOTOGRAPH + "".join(line for line in lines if not line.startswith("#")))
    text = text.set(("nodes", "photo", "file"), file).set(("nodes", "photo", "align"), "none")
    text = text.remove(("nodes", "photo", "landmarks")).remove(("nodes", "edit"))
    return OpenedGraph("photograph", text.set(("nodes", "edited", "of"), "code").text)


def open_file(path: Path) -> OpenedGraph:
    """Return the graph of a graph file, or of a picture that fgraph wrote. A person on this machine has named it.

    Raises:
        FgraphError: the file cannot be read, or the picture holds no graph.
    """
    if path.name.lower().rstrip("0123456789").removesuffix("#").endswith(SUFFIXES):
        from fgraph.save.cells import find_picture
        from fgraph.save.restoring import restore

        found = find_picture(path)
        return OpenedGraph(found.stem, restore(found)[0].graph, trusted=True)
    text, composed = _composed(path)
    return OpenedGraph(path.stem, text, None if composed else path.absolute(), trusted=True)


def _composed(path: Path) -> tuple[str, bool]:
    """Return the text of a graph file, and whether it had a `defaults` list and is composed.

    A composed text keeps the comment lines of the file.

    Raises:
        FgraphError: the file cannot be read.
    """
    try:
        text = read_text(path)
    except FileNotFoundError as error:
        raise FgraphError(f"there is no graph file '{path}'") from error
    except UnreadableText as error:
        raise FgraphError(f"{path} cannot be read: {error}") from error
    document: Document = parse_graph(text, str(path))
    if not isinstance(document.data, dict) or "defaults" not in document.data:
        return text, False
    try:
        composed = to_yaml(load(path).spec)
    except GraphError:
        return text, False  # its faults are shown
    comment = [line for line in text.splitlines() if line.startswith("#")]
    return "\n".join([*comment, composed]), True
