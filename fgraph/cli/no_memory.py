"""Failed allocations of memory, which are not bugs in fgraph."""

from __future__ import annotations

import re

NO_MEMORY = (
    "this machine has no memory left: close other programs, or ask for less at a time (memory=, inversion.batch=, "
    "training.batch=, or a smaller sweep)"
)
_MESSAGES = re.compile(r"(can't|cannot) allocate memory|out of memory", re.IGNORECASE)  # of torch


def lacks_memory(error: BaseException) -> bool:
    """Return whether an error is a failed allocation of memory, or has one among its causes."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        if isinstance(one, MemoryError) or (isinstance(one, RuntimeError) and _MESSAGES.search(str(one))):
            return True
        one = one.__cause__ or one.__context__
    return False
