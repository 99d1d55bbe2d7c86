"""Running: a Plan becomes tensors, and tensors become results. The first stage that loads torch."""

from fgraph.runtime.run import run_plan

__all__ = ["run_plan"]
