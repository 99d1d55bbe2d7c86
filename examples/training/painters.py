"""The painter that each bundled model learned from, by the name of the model: `painters.py:avatar`."""

from __future__ import annotations

from heads import Heads, Sketches, Toons
from landscapes import Landscapes

landscape = landscape128 = Landscapes
avatar, toon, sketch = Heads, Toons, Sketches
