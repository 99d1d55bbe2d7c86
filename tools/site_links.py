"""The hook of mkdocs.yml that keeps links to files outside docs/ working: the files come along, below source/."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
_LINK = re.compile(r"(?<=\]\()([^)\s:#]+)(?=[)#])")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add each file of the repository that a page links and that is not among the pages."""
    docs = Path(config.docs_dir)
    for file in list(files.documentation_pages()):
        page = Path(docs, file.src_uri)
        for link in _LINK.findall(page.read_text(encoding="utf-8")):
            target = (page.parent / link).resolve()
            uri = site_uri(target, docs)
            if target.is_file() and target.is_relative_to(ROOT) and files.get_file_from_path(uri) is None:
                files.append(File.generated(config, uri, abs_src_path=str(target)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links into the repository to where the site has the file; one that it does not have stays, and is warned of."""
    docs, here = Path(config.docs_dir), Path(page.file.abs_src_path or "").parent

    def turned(match: re.Match[str]) -> str:
        uri = site_uri((here / match[1]).resolve(), docs)
        return posixpath.relpath(uri, posixpath.dirname(page.file.src_uri) or ".")

    return _LINK.sub(turned, markdown)


def site_uri(target: Path, docs: Path) -> str:
    """Where the site keeps a file: its path in docs/, or its path in the repository below source/."""
    if target.is_relative_to(docs):
        return target.relative_to(docs).as_posix()
    return f"source/{posixpath.relpath(target.as_posix(), ROOT.as_posix())}"
