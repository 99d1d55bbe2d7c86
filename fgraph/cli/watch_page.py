"""The page that `fgraph watch` shows: the newest pictures and errors, without a server.

The page is beside the pictures. It reads `watch.js` repeatedly, and each run replaces that file.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path

from fgraph._atomic import write_atomic

PAGE, STATE = "watch.html", "watch.js"
_TEMPLATE = """\
<!doctype html>
<meta charset="utf-8">
<title>{title}</title>
<style>
  body {{ margin: 0; background: #222; color: #ddd; font: 15px system-ui, sans-serif; text-align: center }}
  img {{ margin: 8px; min-height: 256px; max-width: calc(100vw - 16px); max-height: calc(100vh - 16px);
         object-fit: contain; image-rendering: pixelated }}
  pre {{ margin: 0; padding: 12px; background: #722; color: #fff; text-align: left; white-space: pre-wrap }}
  pre:empty {{ display: none }}
  .old {{ opacity: 0.4 }}
</style>
<pre id="error"></pre>
<main id="pictures"></main>
<script>
"use strict";
let seen = -1;
function show(state) {{
  if (state.run === seen) return;
  seen = state.run;
  document.getElementById("error").textContent = state.error;
  const pictures = document.getElementById("pictures");
  pictures.className = state.error ? "old" : "";
  if (state.error && pictures.children.length) return;
  pictures.replaceChildren(...state.pictures.map(name => {{
    const image = new Image();
    image.src = encodeURIComponent(name) + "?" + state.run;
    image.alt = image.title = name;
    return image;
  }}));
}}
function poll() {{
  const script = document.createElement("script");
  script.src = "{state}?" + Date.now();
  script.onload = script.onerror = () => {{ script.remove(); setTimeout(poll, 300); }};
  document.head.append(script);
}}
poll();
</script>
"""


class WatchPage:
    """The page in a directory of results."""

    def __init__(self, directory: Path, title: str) -> None:
        self._directory = directory
        self._title = title
        self._run = 0

    @property
    def path(self) -> Path:
        """The path of the page."""
        return self._directory / PAGE

    def show(self, pictures: Sequence[str], error: str) -> None:
        """Show the pictures of a run, or its error above the earlier pictures.

        Raises:
            SaveError: the directory can't be written.
        """
        if not self._run:
            write_atomic(
                self.path,
                _TEMPLATE.format(title=html.escape(self._title), state=STATE).encode("utf-8", "backslashreplace"),
            )
        self._run += 1
        state = json.dumps({"run": self._run, "pictures": list(pictures), "error": error})
        write_atomic(self._directory / STATE, f"show({state});\n".encode())
