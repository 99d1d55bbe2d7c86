"""The jobs of one call: which failed, and whether they differ at all."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.conf import HydraConf
from hydra.types import RunMode

from fgraph._errors import FgraphError
from fgraph.cli.configuration import Settings


@dataclass
class Job:
    """One job while it runs."""

    label: str
    directory: Path
    settings: Settings | None = None


@dataclass
class Sweep:
    """Collects what happens to the jobs of a call; a single run is a sweep of one."""

    jobs: list[Job] = field(default_factory=list)
    failed: int = 0
    has_bug: bool = False

    @property
    def exit_code(self) -> int:
        """1 after a bug of ours, 2 after a user's mistake, else 0."""
        return 1 if self.has_bug else 2 * bool(self.failed)

    @contextmanager
    def job(self, hydra_config: HydraConf) -> Iterator[Job]:
        """Run one job: a user's mistake is printed and counted, so that the others still run; a bug goes on up."""
        job = Job(_label(hydra_config), Path(hydra_config.runtime.output_dir))
        self.jobs.append(job)
        try:
            yield job
        except FgraphError as error:
            self.failed += 1
            print(f"{job.label}{error}", file=sys.stderr)
        except Exception:
            self.has_bug = True
            if job.label:  # Hydra raises only the first of several
                print(f"{job.label}failed by a bug, see the traceback", file=sys.stderr)
            raise
        finally:
            if job.settings is None or not job.settings.writes:
                _remove_empty(job.directory)

    def warn_if_identical(self) -> None:
        """Say so when the jobs of a sweep could not differ, such as a sweep over a seed that nothing reads."""
        settings = [job.settings for job in self.jobs if job.settings is not None]
        if len(settings) < 2 or len(settings) < len(self.jobs):
            return
        if len({fingerprint(one) for one in settings}) == 1:
            print(
                f"warning: all {len(settings)} jobs of this sweep were identical. A seed written in a node is literal; "
                "leave it out, and it derives from the graph's seed=",
                file=sys.stderr,
            )


def fingerprint(settings: Settings) -> str:
    """Equal for jobs that make the same files."""
    graph = dict(settings.graph)
    if not reads_seed(graph):
        graph.pop("seed", None)
    parts = [settings.mode, settings.name, graph, settings.device, settings.precision, settings.formats]
    return json.dumps(parts, sort_keys=True, default=str)


def reads_seed(graph: Mapping[str, Any]) -> bool:
    """Whether anything in a graph derives from its seed: a node that draws, or random noise, without its own."""
    noises = [graph.get("noise")]
    for node in _walk(graph.get("nodes")):
        if node.get("op") in _drawing_ops() and node.get("seed") is None:
            return True
        noises.append(node.get("noise"))
    return any(
        isinstance(noise, Mapping) and noise.get("mode") == "random" and noise.get("seed") is None for noise in noises
    )


def _walk(nodes: Any) -> Iterator[Mapping[str, Any]]:
    """Every node, those of sub-graphs too."""
    if not isinstance(nodes, Mapping):
        return
    for node in nodes.values():
        if isinstance(node, Mapping):
            yield node
            yield from _walk(node.get("nodes"))


def _drawing_ops() -> frozenset[str]:
    from fgraph._nodes import builtin_nodes, op_of  # not for --help: it brings the node classes

    return frozenset(op_of(one) for one in builtin_nodes() if "seed" in one.model_fields)


def _label(hydra_config: HydraConf) -> str:
    if hydra_config.mode is not RunMode.MULTIRUN:
        return ""
    return f"job {hydra_config.job.num} ({', '.join(hydra_config.overrides.task)}): "


def _remove_empty(directory: Path) -> None:
    """Hydra makes a directory for every job; one with nothing in it is litter, and so may be its parent."""
    with suppress(OSError):  # rmdir refuses whatever is not empty
        directory.rmdir()
        directory.parent.rmdir()
