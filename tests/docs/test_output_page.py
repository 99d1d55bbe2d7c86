"""The page about output: its commands are run one after the other, then its Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from fgraph.cli import main
from tests.docs.blocks import blocks_of
from tests.docs.commands import small

PAGE = "docs/how-to/output.md"
WRITTEN = (
    "out/image_004.png", "formats/image.jpg", "strip/image_strip.png", "grid/image_grid.png", "compare/compare.png",
    "patches/compare.png", "explain/explain.png", "swept/sheet.png", "picked/image.png", "again/image_002.png",
    "changed/image_001.png", "more/sheet.png", "wide/panorama.tif", "ring/panorama.html", "large/image.png",
    "film/image.gif",
)  # fmt: skip


@pytest.mark.slow
def test_commands_and_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for block in blocks_of(PAGE, "bash"):
        for line in block.text.splitlines():
            assert main(small(line)) == 0, line
    assert not [name for name in WRITTEN if not Path(name).is_file()]
    assert Path("again/image_002.png").read_bytes() == Path("out/image_002.png").read_bytes()
    namespace: dict[str, object] = {}
    for block in blocks_of(PAGE, "python"):
        exec(compile("\n" * (block.line - 1) + block.text, PAGE, "exec", dont_inherit=True), namespace)
    assert Path("strip.png").is_file()
    assert Path("large_002.tif").is_file()
