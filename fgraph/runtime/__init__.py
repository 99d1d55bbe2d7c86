"""Runtime: runs a Plan and turns its tensors into results. This is the first stage that loads torch."""

from fgraph.runtime.run import run_plan

__all__ = ["run_plan"]
