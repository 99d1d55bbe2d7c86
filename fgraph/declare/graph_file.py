"""A graph file, or its text -> a document, with a fault for everything that a graph file must not contain."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from fgraph._errors import nearest
from fgraph.declare.document import Document, parse
from fgraph.declare.restrictions import check_data, check_text
from fgraph.declare.source import SourceMapBuilder
from fgraph.declare.text_files import UnreadableText, read_text


def read_graph_file(file: Path) -> Document:
    """Read a graph file; report its faults in the document, and raise nothing."""
    document = Document(places=SourceMapBuilder(str(file)))
    try:
        text = read_text(file)
    except FileNotFoundError:
        beside = [other.name for other in file.parent.glob("*.y*ml")] if file.parent.is_dir() else []
        document.report("there is no such file", hint=nearest(file.name, beside))
    except UnreadableText as error:
        document.report(f"this file cannot be read: {error}")
    else:
        document = parse_graph(text, str(file))
    return document


def parse_graph(text: str, file: str | None = None) -> Document:
    """Parse the text of a graph; report its faults in the document."""
    return _parsed(text, file).copy()


@lru_cache(maxsize=8)
def _parsed(text: str, file: str | None) -> Document:
    """Parse a text, cached: Hydra, the tracing of lines, and the jobs of a sweep read the same text."""
    document = parse(text, file)
    check_text(text, document)
    check_data(document)
    return document
