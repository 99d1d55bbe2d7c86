"""The worker of the studio: one thread that owns the engine, runs the newest graph, and works on jobs between."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from fgraph._errors import FgraphError, GraphError, MemoryBudgetError
from fgraph._log import get_logger
from fgraph._options import RunOptions
from fgraph._results import Results
from fgraph.api.pipeline import compile_with
from fgraph.declare import Graph, GraphSpec
from fgraph.ir.baseline import Baseline
from fgraph.plan import Plan, Step
from fgraph.studio.messages import Failed, Message
from fgraph.studio.models import with_headers
from fgraph.studio.pictures import Binary
from fgraph.studio.reading import place_of, words_of

if TYPE_CHECKING:
    from fgraph.runtime.progress import SearchStep

log = get_logger(__name__)

Outgoing: TypeAlias = Message | Binary
Emit: TypeAlias = Callable[[Outgoing], None]
_IDLE = 0.25  # seconds without an edit, after which a new baseline is made
_FIRST_RATE = 20e9  # FLOP a second, until a run was measured
_SMOOTHING = 0.5
_LEAST_MEASURED = 1e8  # least FLOPs of a run from which the rate is measured
_SHARE_OF_MEMORY = 4  # a baseline takes at most this part of the free memory


class Cancelled(BaseException):
    """A run that was given up between two steps or iterations of a search, because something newer is due.

    It is not a failure, so no handler of failures catches it.
    """


class Live(Protocol):
    """A run of the viewed output; a newer one replaces it."""

    revision: int

    def run(self, engine: Engine) -> None:
        """Run, and emit pictures."""

    def baseline_spec(self) -> GraphSpec:
        """Return the graph that the next edits are likely to resemble."""


class Job(Protocol):
    """Work beside the live picture, in units that can be repeated."""

    revision: int

    def units(self, engine: Engine) -> Iterator[Callable[[], None]]:
        """Yield units of work; one that is cancelled is called again."""


class Engine:
    """A thread that runs graphs.

    Args:
        options: the device and precision of all runs.
        emit: takes messages, on the thread of the engine.
    """

    def __init__(self, options: RunOptions, emit: Emit) -> None:
        self.options = options
        self.emit = emit
        self.timings: dict[str, float] = {}  # seconds of the last live run, by layer or operation
        self._rate = _FIRST_RATE
        self._ready = threading.Condition()
        self._live: Live | None = None
        self._jobs: deque[tuple[Job, Iterator[Callable[[], None]]]] = deque()
        self._unit: Callable[[], None] | None = None  # unit of work of the first job, to be called again
        self._running: Job | None = None
        self._aborts = False  # whether the current run must stop
        self._yields = False  # whether the current run stops for jobs
        self._closing = False
        self._baseline: Baseline | None = None
        self._shown: Live | None = None  # the run whose graph should become the baseline
        self._thread = threading.Thread(target=self._work, name="fgraph-studio-engine", daemon=True)
        self._thread.start()

    def show(self, live: Live) -> None:
        """Run a graph as soon as possible, in place of the one that runs or waits."""
        with self._ready:
            self._live = live
            self._ready.notify()

    def submit(self, job: Job) -> None:
        """Work on a job whenever no live run is due; a job of the same class that waits is dropped."""
        with self._ready:
            if self._jobs and type(self._jobs[0][0]) is type(job):
                self._unit = None
                self._aborts = self._running is self._jobs[0][0]
            kept = [one for one in self._jobs if type(one[0]) is not type(job)]
            self._jobs = deque([*kept, (job, job.units(self))])
            self._ready.notify()

    def cancel(self) -> None:
        """Stop the current run, and drop all waiting runs and jobs."""
        with self._ready:
            self._live = self._unit = self._shown = None
            self._jobs.clear()
            self._aborts = True

    def close(self) -> None:
        """End the thread."""
        with self._ready:
            self._closing = self._aborts = True
            self._ready.notify()
        self._thread.join()

    # -- for runs, on the thread of the engine ------------------------------------------------------------------------

    def compile(self, specs: Sequence[GraphSpec], *, since: bool = False) -> Plan:
        """Compile graphs together; with `since`, only what differs from the baseline.

        Raises:
            FgraphError: a graph has a fault, or the memory does not suffice.
        """
        graphs = [Graph.from_spec(with_headers(one)) for one in specs]
        return compile_with(graphs, self.options, baseline=self._baseline if since else None)

    def forecast(self, plan: Plan) -> float:
        """Return the seconds that a plan will take, from the rate of earlier runs."""
        return plan.cost.flops / self._rate

    @property
    def is_overtaken(self) -> bool:
        """True if the current run must stop because something newer is due."""
        return self._live is not None or self._aborts

    def run(
        self,
        plan: Plan,
        on_step: Callable[[int, Step], None] | None = None,
        on_search: Callable[[SearchStep], None] | None = None,
    ) -> list[Results]:
        """Run a plan.

        Args:
            plan: the plan.
            on_step: called after each step with the number of steps done.
            on_search: called after each iteration of a search.

        Raises:
            Cancelled: something newer is due.
            FgraphError: the run failed.
        """
        from fgraph.runtime import run_plan  # loads torch

        done = 0

        def check_due() -> None:
            if self.is_overtaken or (self._yields and self._jobs):
                raise Cancelled

        def check(step: Step) -> None:
            nonlocal done
            check_due()
            done += 1
            if on_step is not None:
                on_step(done, step)

        def check_search(step: SearchStep) -> None:
            check_due()
            if on_search is not None:
                on_search(step)

        start = time.perf_counter()
        results = run_plan(plan, "batched", check, check_search)
        seconds = time.perf_counter() - start
        searches = any(step.op.reads_back for step in plan.steps)  # searches may end early, or be in a cache
        if plan.cost.flops > _LEAST_MEASURED and not searches:
            self._rate += _SMOOTHING * (plan.cost.flops / seconds - self._rate)
        return results

    # -- the thread ---------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._ready:
                if self._closing:
                    return
                if self._live is None and not self._jobs:
                    rested = not self._ready.wait(_IDLE if self._shown else None)
                    if not rested or self._closing or self._live or self._jobs:
                        continue
                live, self._live = self._live, None
                self._aborts, self._running = False, None
            if live is not None:
                self._attempt(live.revision, partial(self._run_live, live))
            elif self._jobs:
                self._continue_job()
            elif self._shown is not None:
                self._rebase(self._shown)

    def _run_live(self, live: Live) -> None:
        live.run(self)
        self._shown = live

    def _continue_job(self) -> None:
        with self._ready:
            if not self._jobs:
                return
            job, units = self._jobs[0]
            unit, self._running = self._unit, job
        if unit is None:
            self._attempt(job.revision, partial(self._next_unit, units))
            unit = self._unit
        if unit is None or self._attempt(job.revision, unit):
            with self._ready:
                if self._unit is unit:
                    self._unit = None
                if unit is None and self._jobs and self._jobs[0][0] is job:
                    self._jobs.popleft()

    def _next_unit(self, units: Iterator[Callable[[], None]]) -> None:
        self._unit = next(units, None)

    def _attempt(self, revision: int, action: Callable[[], Any]) -> bool:
        """Call a function and emit its failure; return False if it was cancelled and may be called again."""
        try:
            action()
        except Cancelled:
            return False
        except FgraphError as error:
            self.emit(failure(revision, error))
        except Exception as error:
            log.error("".join(traceback.format_exception(error)))
            self.emit(Failed(revision=revision, message=f"a bug in fgraph: {type(error).__name__}: {error}"))
        return True

    def _rebase(self, live: Live) -> None:
        """Run a graph with every value kept, so that the next edits compute only what they change."""
        self._yields = True
        try:
            kept = self.compile([live.baseline_spec()]).as_baseline()
            if kept.cost.peak_bytes <= self._free() // _SHARE_OF_MEMORY:
                self._baseline = None  # frees the earlier one
                self._baseline = self.run(kept)[0].baseline
            self._shown = None
        except Cancelled:  # later, if nothing newer is shown
            pass
        except FgraphError:  # the memory does not suffice
            self._shown = None
        finally:
            self._yields = False

    def _free(self) -> int:
        from fgraph.runtime.memory import free_bytes
        from fgraph.runtime.run import pick_device

        return free_bytes(pick_device(self.options.device))


def failure(revision: int, error: FgraphError) -> Failed:
    """Return the message of a failed run, at the node of its first fault."""
    if isinstance(error, GraphError) and error.faults:
        node, field = place_of(error.faults[0])
        return Failed(revision=revision, message=words_of(error.faults[0]), node=node, field=field)
    if isinstance(error, MemoryBudgetError):
        return Failed(revision=revision, message=f"{error}: look at a smaller part, or fewer rows")
    return Failed(revision=revision, message=str(error))
