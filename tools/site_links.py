"""A hook of mkdocs.yml that keeps links to files outside docs/ working: it copies the files to source/."""

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
    """Add each file of the repository that is not a page but that a page links to, and the files it links to."""
    docs = Path(config.docs_dir)
    waiting = [docs / file.src_uri for file in files.documentation_pages()]
    while waiting:
        page = waiting.pop()
        for link in _LINK.findall(page.read_text(encoding="utf-8")):
            target = target_of(page, link)
            uri = site_uri(target, docs)
            if target.is_file() and target.is_relative_to(ROOT) and files.get_file_from_path(uri) is None:
                files.append(File.generated(config, uri, abs_src_path=str(target)))
                waiting += [target] if target.suffix == ".md" else []
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links to the copies in the site. mkdocs warns about a file that the site does not have."""
    here = Path(page.file.abs_src_path or "")

    def turned(match: re.Match[str]) -> str:
        uri = site_uri(target_of(here, match[1]), Path(config.docs_dir))
        return posixpath.relpath(uri, posixpath.dirname(page.file.src_uri) or ".")

    return _LINK.sub(turned, markdown)


def target_of(page: Path, link: str) -> Path:
    """Return the file that a link in a page leads to; for a folder, its README.md."""
    target = (page.parent / link).resolve()
    return target / "README.md" if target.is_dir() else target


def site_uri(target: Path, docs: Path) -> str:
    """Return the place of a file in the site: its path in docs/, or its path in the repository below source/."""
    if target.is_relative_to(docs):
        return target.relative_to(docs).as_posix()
    return f"source/{posixpath.relpath(target.as_posix(), ROOT.as_posix())}"
