"""The fenced blocks of a Markdown file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.paths import ROOT

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"# ([\w.-]+\.yaml)\n")


@dataclass(frozen=True)
class Block:
    """A block, its language, and the line of the file on which its text begins."""

    language: str
    text: str
    line: int

    @property
    def name(self) -> str | None:
        """The file name that a block states in its first line."""
        found = _NAME.match(self.text)
        return found[1] if found else None


def blocks_of(page: str, *languages: str) -> list[Block]:
    """Return the blocks of a page, named from the root of the repository, in these languages."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [Block(match[2], match[3], text.count("\n", 0, match.start(3)) + 1) for match in _FENCE.finditer(text)]
    assert text.count("```") == 2 * len(found), f"{page} has a block without an end"
    return [block for block in found if block.language in languages]
