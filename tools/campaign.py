"""Attack fgraph in full, as the tests do in part, and print a table of what was tried.

    python tools/campaign.py                everything: hours
    python tools/campaign.py --share 0.02 --kills 5 --texts 1000 --mutants 2000     a sample: minutes
    python tools/campaign.py --page         also write the table into docs/explanation/security.md

It needs Linux and a C compiler, for the library that makes file operations fail. Exits with 1 if anything was found.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "explanation" / "security.md"
START, END = "<!-- figures of tools/campaign.py -->\n", "<!-- end of figures -->\n"
CPU_SECONDS, MIB = 10, 512
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


def imprison(what: str, folder: Path, *entries: str) -> Row:
    """Open every file of a folder through entry points, in a jail."""
    command = [sys.executable, "-m", "tests.hostile.jail", str(folder), *entries]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return Row(what, 0, [done.stderr[-500:]])
    report: dict[str, Any] = json.loads(done.stdout)
    found = list(report.pop(""))
    for entry, files in report.items():
        for file, (ending, message, seconds, mib) in files.items():
            if ending not in ("opened", "refused") or seconds > CPU_SECONDS or mib > MIB:
                found.append(f"{entry}: {file}: {ending} {message:.200} ({seconds:.1f} s, {mib} MiB)")
    results = [result for files in report.values() for result in files.values()]
    endings = Counter(result[0] for result in results)
    most = f"{max(r[2] for r in results):.1f} s of CPU and {max(r[3] for r in results)} MiB a file"
    note = f"{endings['refused']:,} refused, {endings['opened']:,} opened; at most {most}"
    return Row(what, len(results), found, note)


def attack_readers(folder: Path, texts: int) -> Iterator[Row]:
    """Open the corpus, and graph files at random."""
    from tests.hostile.corpus import all_cases
    from tests.hostile.graph_texts import GraphText
    from tests.hostile.test_jail import TEXT_ENTRIES

    cases, written = folder / "cases", folder / "texts"
    (cases / "harmless").mkdir(parents=True)
    good = good_files(cases / "harmless")
    for number, (_, suffix, content) in enumerate(all_cases(folder / "was_run", good)):
        (cases / f"{number:04}{suffix}").write_bytes(content)
    yield imprison("hostile files, each through every entry point", cases)
    shutil.copytree(ROOT / "graphs" / "graph", written / "harmless")
    for seed in range(texts):
        (written / f"{seed:06}.yaml").write_bytes(GraphText(seed).make().encode("utf-8", "surrogatepass"))
    yield imprison("graph files at random", written, *TEXT_ENTRIES)


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


def attack_writers(folder: Path, share: float, kills: int) -> Iterator[Row]:
    """Make file operations fail, and kill commands."""
    from tests.faults.campaign import run_campaign
    from tests.faults.client import serving

    with serving(folder) as server:
        if server is None:
            yield Row("failed operations and kills", 0, ["not tried: this needs Linux and a C compiler"])
            return
        report = run_campaign(server, folder, share, kills)
    for kind in ("failed operations", "kills"):
        tried = {what.partition(":")[0]: count for what, count in report.tried.items() if what.endswith(kind)}
        note = ", ".join(f"{name} {count:,}" for name, count in tried.items())
        found = [fault for fault in report.faults if ("SIGKILL" in fault) == (kind == "kills")]
        yield Row(kind, sum(tried.values()), found, note)


def run(arguments: argparse.Namespace) -> list[Row]:
    """Run every part; rows are printed as they come."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("readers", "mutants", "writers"):
            (folder / name).mkdir()
        parts = (
            attack_readers(folder / "readers", arguments.texts),
            iter([attack_with_mutants(folder / "mutants", arguments.mutants)]),
            attack_writers(folder / "writers", arguments.share, arguments.kills),
        )
        for attack in parts:
            for row in attack:
                print(row, flush=True)
                print("".join(f"    {finding}\n" for finding in row.found[:40]), end="", flush=True)
                rows.append(row)
    return rows


def write_page(rows: list[Row]) -> None:
    """Write the table into the page, between its marks."""
    head, _, rest = PAGE.read_text("utf-8").partition(START)
    tail = rest.partition(END)[2]
    table = "\n".join(["| tried | how often | broken promises | |", "| --- | ---: | ---: | --- |", *map(str, rows)])
    PAGE.write_text(f"{head}{START}{table}\n{END}{tail}", "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="of the operations that are made to fail")
    parser.add_argument("--kills", type=int, default=170, help="of each of the six commands")
    parser.add_argument("--texts", type=int, default=10_000, help="graph files at random")
    parser.add_argument("--mutants", type=int, default=10_000, help="damaged model files")
    parser.add_argument("--page", action="store_true", help="write the table into the page")
    arguments = parser.parse_args()
    rows = run(arguments)
    if arguments.page:
        write_page(rows)
    return int(any(row.found for row in rows))


if __name__ == "__main__":
    sys.exit(main())
