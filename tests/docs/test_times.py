"""The timing of the seven jobs: it runs the commands of the README, and the page has its results."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from bench.harness import machine, pages
from bench.speed import jobs, report
from tests.paths import ROOT

QUICK = jobs.Job("quick", ("graph=blend_vertical", "graph.nodes.mix.layers=b8.."))
MARKS = f"before\n{jobs.BEGIN}\nnothing yet\n{jobs.END}\nafter\n"


def test_the_jobs_match_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(.+)\]\(docs/how-to/jobs/\w+\.md\) \| `python run\.py (.+)` \|$", text, re.MULTILINE)
    assert [(job.name, " ".join(job.command)) for job in jobs.JOBS] == listed
    assert [job.seconds for job in jobs.JOBS if job.name != "GAN inversion"] == [30.0] * 6


def test_a_job_is_in_time_if_one_core_makes_its_pictures() -> None:
    assert jobs.JobRun(clock=40, cpu=30, pictures=1, code=0).within(30)  # the wall clock includes other processes
    assert not jobs.JobRun(clock=20, cpu=31, pictures=1, code=0).within(30)
    assert not jobs.JobRun(clock=2, cpu=2, pictures=0, code=0).within(30)
    assert not jobs.JobRun(clock=2, cpu=2, pictures=1, code=2).within(30)


def test_a_line_has_a_cell_for_each_column() -> None:
    line = jobs.to_line(QUICK, jobs.JobRun(clock=4.25, cpu=31.04, pictures=5, code=0, others=0.126))
    command = "`python run.py graph=blend_vertical graph.nodes.mix.layers=b8..`"
    assert line == f"| quick | {command} | 5 | 4.2 | 31.0 | 30 | no | 0.13 |"
    assert {one.count("|") for one in (line, *jobs.HEAD)} == {9}


def test_the_page_is_written_between_its_marks_repeatedly() -> None:
    first = jobs.to_page(MARKS, ["| a |"], ["one machine"])
    assert first.startswith(f"before\n{jobs.BEGIN}\n* one machine\n\n{jobs.HEAD[0]}\n")
    assert first.endswith(f"| a |\n{jobs.END}\nafter\n")
    assert "nothing yet" not in first
    assert jobs.to_page(first, ["| a |"], ["one machine"]) == first
    with pytest.raises(ValueError, match="the page has no"):
        jobs.to_page("a page without marks", [], [])
    jobs.to_page(jobs.PAGE.read_text(encoding="utf-8"), [], [])  # the page itself has its marks


@pytest.mark.slow
def test_a_command_is_run_as_after_a_fresh_clone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = jobs.measure(QUICK)
    assert (found.code, found.pictures) == (0, 1)
    assert 0.2 < found.cpu < 30
    assert found.clock > 0.2
    assert list(tmp_path.iterdir()) == []  # the user's cache was not touched
    wrong = jobs.measure(jobs.Job("wrong", ("graph=nowhere",)))
    assert (wrong.code, wrong.pictures) == (2, 0)


@pytest.mark.parametrize(("arguments", "written", "code"), [([], True, 0), (["panorama"], False, 0), ([], True, 1)])
def test_only_a_whole_table_is_written(
    arguments: list[str], written: bool, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = tmp_path / "times.md"
    page.write_text(MARKS, encoding="utf-8")
    monkeypatch.setattr(jobs, "measure", lambda job: jobs.JobRun(2.0, 3.0, 1 - code, 0))
    monkeypatch.setattr(sys, "argv", ["jobs.py", "--to", str(page), *arguments])
    assert jobs.main() == code
    text = page.read_text(encoding="utf-8")
    assert ("| panorama | `python run.py graph=panorama` |" in text) == written
    assert ("cores on average" in text) == written


def test_the_machine_is_described() -> None:
    assert re.fullmatch(r".+, \d+ cores", machine.processor())
    assert re.fullmatch(r"Python 3\.\d+\.\d+, torch \d\S+, fgraph \d\S+", machine.versions())


def test_the_plot_of_the_benchmarks_can_be_drawn_from_their_page() -> None:
    page = (pages.MEASUREMENTS / "benchmarks.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| (")]
    again = report.to_markdown(report.read_lines(page), [], "plot.png").splitlines()
    assert len(rows) > 20
    assert [line for line in again if line.startswith("| (")] == rows
