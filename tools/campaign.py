"""Run all attacks on fgraph, of which the tests run a part, and print a table of the results.

    python tools/campaign.py                everything: hours
    python tools/campaign.py --share 0.02 --kills 5 --texts 1000 --mutants 2000     a sample: minutes
    python tools/campaign.py --only writers --minutes 60    one part; the failing disks and kills for an hour
    python tools/campaign.py --only writers --state trials.jsonl --minutes 60    the same, and resume where it stopped
    python tools/campaign.py --page         also write the rows into the table of docs/explanation/security.md

It needs Linux and a C compiler, for the library that makes file operations fail. Exits with 1 if anything was found.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MEMORY = Path("/dev/shm")  # a file system in memory, which no disk slows down
PAGE = ROOT / "docs" / "explanation" / "security.md"
START, END = "<!-- figures of tools/campaign.py -->\n", "<!-- end of figures -->\n"
CPU_SECONDS, MIB = 10, 512
ABSURD_SECONDS = 2
PARTS = ("readers", "mutants", "budgets", "writers")
sys.path.insert(0, str(ROOT))


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    tried: int
    found: list[str]
    note: str = ""

    def __str__(self) -> str:
        return f"| {self.what} | {self.tried:,} | {len(self.found)} | {self.note} |"


def good_files(folder: Path) -> dict[str, bytes]:
    """Return whole files of every kind, by name."""
    from tests.hostile.conftest import write_good

    return write_good(folder)


def imprison(what: str, folder: Path, *entries: str, seconds: float = CPU_SECONDS) -> Row:
    """Open every file of a folder through entry points, in a jail."""
    command = [sys.executable, "-m", "tests.hostile.jail", str(folder), *entries]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return Row(what, 0, [done.stderr[-500:]])
    report: dict[str, Any] = json.loads(done.stdout)
    found = list(report.pop(""))
    for entry, files in report.items():
        for file, (ending, message, used, mib) in files.items():
            if ending not in ("opened", "refused") or used > seconds or mib > MIB:
                found.append(f"{entry}: {file}: {ending} {message:.200} ({used:.1f} s, {mib} MiB)")
    results = [result for files in report.values() for result in files.values()]
    endings = Counter(result[0] for result in results)
    most = f"{max(r[2] for r in results):.1f} s of CPU and {max(r[3] for r in results)} MiB a file"
    note = f"{endings['refused']:,} refused, {endings['opened']:,} opened; at most {most}"
    return Row(what, len(results), found, note)


def attack_readers(folder: Path, texts: int, every: int) -> Iterator[Row]:
    """Open the corpus, graph files at random, and graphs that ask for absurd amounts."""
    from tests.hostile.absurd import GRAPHS, write_absurd
    from tests.hostile.corpus import all_cases
    from tests.hostile.entries import SLOW_ENTRIES
    from tests.hostile.graph_texts import GraphText
    from tests.hostile.test_jail import TEXT_ENTRIES

    cases, written, absurd = folder / "cases", folder / "texts", folder / "absurd"
    (cases / "harmless").mkdir(parents=True)
    good = good_files(cases / "harmless")
    for number, (_, suffix, content) in enumerate(all_cases(folder / "was_run", good)):
        if not number % every:
            (cases / f"{number:04}{suffix}").write_bytes(content)
    yield imprison("hostile files, each through every entry point", cases)
    shutil.copytree(GRAPHS, written / "harmless")
    for seed in range(texts):
        (written / f"{seed:06}.yaml").write_bytes(GraphText(seed).make().encode("utf-8", "surrogatepass"))
    yield imprison("graph files at random", written, *TEXT_ENTRIES, *SLOW_ENTRIES)
    shutil.copytree(GRAPHS, absurd / "harmless")
    write_absurd(absurd, every)
    yield imprison("graphs with an absurd number", absurd, "graph", seconds=ABSURD_SECONDS)


def attack_with_mutants(folder: Path, count: int) -> Row:
    """Open model files that are damaged at random."""
    good_files(folder)
    command = [sys.executable, "-m", "tests.hostile.mutants", str(folder), "0", str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return Row("model files damaged at random", 0, [done.stderr[-500:]])
    report = json.loads(done.stdout)
    found = [str(finding) for finding in [*report["findings"], *report[""][1]]]
    return Row("model files damaged at random", count, found, f"slowest {report['slowest']:.1f} s")


def measure_budgets(count: int) -> Row:
    """Run graphs at random, and compare their peaks of memory with the predictions."""
    from tests.plan.budgets import MARGIN, random_budgets

    budgets = random_budgets(count)
    found = [fault for one in budgets for fault in one.faults]
    most = max(one.measured / one.predicted for one in budgets)
    refused = sum(one.refused for one in budgets)
    note = f"peak at most {most:.2f} of the prediction; {MARGIN:.2f} are allowed. "
    note += f"Of budgets just below it, {refused} were refused and {len(budgets) - refused} kept"
    return Row("memory budgets of graphs at random", len(budgets), found, note)


def attack_writers(folder: Path, arguments: argparse.Namespace) -> Iterator[Row]:
    """Make file operations fail, and kill running commands."""
    from tests.faults.campaign import TRIALS
    from tests.faults.client import serving
    from tests.faults.trials import Amount, run_campaign

    with serving(folder) as server:
        if server is None:
            yield Row("failed operations and kills", 0, ["not tried: this needs Linux and a C compiler"])
            return
        of, kinds = arguments.scenarios or (), arguments.kinds or ()
        numbers = arguments.share, arguments.kills, arguments.interrupts, arguments.crowds, arguments.minutes
        amount = Amount(*numbers, of, kinds)
        report = run_campaign(server, folder, amount, arguments.state)
    for kind in TRIALS:
        tried, whole, failed = report.tried.get(kind, {}), report.whole.get(kind, {}), report.failed.get(kind, {})
        parts = [
            f"{name} {len(failed[name]):,} of {max(whole[name], len(failed[name])):,}"  # the number varies by some
            if name in failed
            else f"{name} {count:,}"
            for name, count in sorted(tried.items())
        ]
        note = ", ".join(parts) + (" operations, each at least once" if failed else "")
        yield Row(kind, sum(tried.values()), report.faults.get(kind, []), note)


def run(arguments: argparse.Namespace) -> list[Row]:
    """Run the chosen parts; rows are printed as they come."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as temporary:
        folder = Path(temporary)
        for name in PARTS:
            (folder / name).mkdir()
        parts: dict[str, Callable[[], Iterable[Row]]] = {
            "readers": lambda: attack_readers(folder / "readers", arguments.texts, arguments.every),
            "mutants": lambda: [attack_with_mutants(folder / "mutants", arguments.mutants)],
            "budgets": lambda: [measure_budgets(arguments.graphs)],
            "writers": lambda: attack_writers(folder / "writers", arguments),
        }
        for name in arguments.only or PARTS:
            for row in parts[name]():
                print(row, flush=True)
                print("".join(f"    {finding}\n" for finding in row.found[:40]), end="", flush=True)
                rows.append(row)
    return rows


def write_page(rows: list[Row]) -> None:
    """Write rows into the table of the page, between its marks; rows of other parts stay."""
    head, _, rest = PAGE.read_text("utf-8").partition(START)
    table, _, tail = rest.partition(END)
    lines = {line.split("|")[1].strip(): line for line in table.splitlines()[2:]}
    lines |= {row.what: str(row) for row in rows}
    text = "\n".join(["| tried | how often | broken promises | |", "| --- | ---: | ---: | --- |", *lines.values()])
    PAGE.write_text(f"{head}{START}{text}\n{END}{tail}", "utf-8")


def main() -> int:
    from tests.faults.campaign import TRIALS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="of the operations that are made to fail")
    parser.add_argument("--kills", type=int, default=110, help="of each command")
    parser.add_argument("--interrupts", type=int, default=60, help="of each command")
    parser.add_argument("--crowds", type=int, default=100, help="rounds of eight processes on one cache")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="for the writers")
    parser.add_argument("--scenarios", nargs="+", help="of the writers, only these commands, or `crowds`")
    parser.add_argument("--kinds", nargs="+", choices=TRIALS, help="of the writers, only these kinds of trial")
    parser.add_argument("--state", type=Path, help="a file of the writers' trials, from which a later call resumes")
    parser.add_argument("--texts", type=int, default=10_000, help="graph files at random")
    parser.add_argument("--mutants", type=int, default=10_000, help="damaged model files")
    parser.add_argument("--graphs", type=int, default=100, help="graphs at random whose memory is measured")
    parser.add_argument("--every", type=int, default=1, help="take each Nth hostile file and absurd number")
    parser.add_argument("--only", choices=PARTS, nargs="+", help="these parts")
    parser.add_argument("--page", action="store_true", help="write the table into the page")
    arguments = parser.parse_args()
    rows = run(arguments)
    if arguments.page:
        write_page(rows)
    return int(any(row.found for row in rows))


if __name__ == "__main__":
    sys.exit(main())
