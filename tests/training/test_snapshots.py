"""Never losing work: killed trainings resume bit for bit, a full disk leaves the last snapshot whole."""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from fgraph._errors import ModelError, SaveError
from fgraph.training import TrainingError, TrainingSettings, snapshot
from fgraph.training.begin import begin
from fgraph.training.run import MODEL, train
from fgraph.training.snapshot import SNAPSHOT, is_snapshot, read_snapshot, write_snapshot
from fgraph.training.steps import _stopping
from tests.training.conftest import Choose
from tests.training.states import assert_same


def test_a_snapshot_holds_all_of_a_state(choose: Choose, tmp_path: Path) -> None:
    settings = choose(augment="ada")
    train(settings)
    state = read_snapshot(settings.target / SNAPSHOT)
    assert state.images == 16
    assert state.steps == 4
    write_snapshot(state, tmp_path / "again.safetensors")
    assert_same(read_snapshot(tmp_path / "again.safetensors"), state)


def test_a_snapshot_that_is_replaced_meanwhile_is_read_again(
    choose: Choose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Safetensors opens a file twice: it would read the header of one and the numbers of the other."""
    settings = choose(augment="ada")
    train(settings)
    earlier = read_snapshot(settings.target / SNAPSHOT)
    later = dataclasses.replace(earlier, steps=10**9)  # a longer file
    path = tmp_path / SNAPSHOT
    write_snapshot(earlier, path)
    states = [later, earlier, later]

    def replaced(given: Path, framework: str) -> Any:
        opened = safe_open(given, framework)
        if states:
            write_snapshot(states.pop(), path)
        return opened

    monkeypatch.setattr(snapshot, "safe_open", replaced)
    assert_same(read_snapshot(path), later)
    assert not states
    states += [later, earlier] * 3
    with pytest.raises(ModelError, match="was replaced in each of 5 attempts"):
        read_snapshot(path)


@pytest.mark.parametrize("augment", ["none", "ada"])
def test_a_resumed_training_equals_an_uninterrupted_one(choose: Choose, augment: str) -> None:
    whole, halves = choose(augment=augment, target="whole"), choose(augment=augment)
    whole = whole.model_copy(update={"target": halves.target / "whole"})
    train(whole)
    train(halves.model_copy(update={"images": 8}))
    train(halves)
    assert_same(read_snapshot(halves.target / SNAPSHOT), read_snapshot(whole.target / SNAPSHOT))
    assert (halves.target / MODEL).read_bytes() == (whole.target / MODEL).read_bytes()


def command(settings: TrainingSettings, images: int) -> list[str]:
    """Return the command of a training without slow imports that one process does not need."""
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('lightning_fabric', 'torch._dynamo'))); "
        "from fgraph.training import TrainingSettings; from fgraph.training.run import train; "
        f"train(TrainingSettings.model_validate_json(sys.argv[1]).model_copy(update={{'images': {images}}}))"
    )
    return [sys.executable, "-c", code, settings.model_dump_json()]


def test_a_killed_training_resumes_bit_for_bit(choose: Choose) -> None:
    """SIGKILL at an arbitrary moment, with a snapshot after every step; then the same command again."""
    settings = choose(snapshot_minutes=0, log_images=12)
    path = settings.target / SNAPSHOT
    with subprocess.Popen(command(settings, 100_000), stdout=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None and not (path.exists() and read_snapshot(path).steps >= 3):
                time.sleep(0.05)  # on a busy machine, the first step takes more than a minute
        finally:
            process.kill()
    stopped = read_snapshot(path)
    assert stopped.steps >= 3
    further = stopped.images + 12
    train(settings.model_copy(update={"images": further}))
    undisturbed = settings.model_copy(update={"images": further, "target": settings.target / "whole"})
    train(undisturbed)
    assert_same(read_snapshot(path), read_snapshot(undisturbed.target / SNAPSHOT))


@contextmanager
def training_process(settings: TrainingSettings) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that trains without end, and has done its first step."""
    with subprocess.Popen(
        command(settings, 10_000_000), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert any("discriminator" in line for line in process.stdout)  # reads no further than that
        yield process


def test_a_request_to_end_keeps_what_was_learned(choose: Choose) -> None:
    settings = choose(log_images=4)
    with training_process(settings) as process:
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == -signal.SIGINT  # as Python ends after a KeyboardInterrupt that nobody catches
    assert read_snapshot(settings.target / SNAPSHOT).steps > 0


def test_a_training_leaves_signals_ignored_that_its_parent_ignores() -> None:
    """As Ctrl-C in the background jobs of a shell; a closed terminal ends it after its step, as Ctrl-C does."""
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with _stopping() as stop:
            os.kill(os.getpid(), signal.SIGINT)
            assert not stop.is_set()
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop.is_set()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, earlier)


def test_two_trainings_do_not_share_a_target(choose: Choose) -> None:
    """The second would overwrite the snapshots of the first."""
    settings = choose(log_images=4)
    with training_process(settings) as process:
        with pytest.raises(TrainingError, match=r"another process trains in .*: stop it, or choose another target="):
            train(settings)
        process.send_signal(signal.SIGKILL)  # the claim ends with the process
        process.communicate()
    train(settings.model_copy(update={"images": 4}))


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="files of limited size are a thing of POSIX")
def test_a_full_disk_stops_a_training_and_leaves_the_last_snapshot_whole(choose: Choose) -> None:
    settings = choose()
    train(settings.model_copy(update={"images": 8}))
    before = (settings.target / SNAPSHOT).read_bytes()
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(SaveError, match=f"cannot write .*{SNAPSHOT}"):
            train(settings)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert (settings.target / SNAPSHOT).read_bytes() == before
    assert [file.name for file in settings.target.iterdir() if file.name.endswith(".part")] == []
    train(settings)
    assert read_snapshot(settings.target / SNAPSHOT).images == 16


def test_a_training_with_other_settings_is_not_gone_on_with(choose: Choose) -> None:
    train(choose(images=4))
    with pytest.raises(TrainingError, match=r"learning_rate \(0.002 -> 0.001\).*choose another target="):
        train(choose(learning_rate=0.001))
    train(choose(images=8, snapshot_minutes=1, log_images=8))  # these may change


def test_damaged_snapshots_are_told(choose: Choose, tmp_path: Path) -> None:
    settings = choose(images=4)
    train(settings)
    path = settings.target / SNAPSHOT
    whole = path.read_bytes()
    assert is_snapshot(path)
    assert not is_snapshot(settings.target / MODEL)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="is not a whole"):
        train(settings.model_copy(update={"images": 8}))
    os.unlink(path)
    assert begin(settings).images == 0


def nan_first(tensors: dict[str, torch.Tensor]) -> None:
    next(iter(tensors.values())).view(-1)[0] = float("nan")


def set_counters(facts: dict[str, str], **counters: Any) -> None:
    facts["state"] = json.dumps({**json.loads(facts["state"]), **counters})


WRONG: dict[str, Callable[[dict[str, torch.Tensor], dict[str, str]], object]] = {
    "a number that is not finite": lambda tensors, facts: nan_first(tensors),
    "a missing tensor": lambda tensors, facts: tensors.pop("generator/const"),
    "another shape": lambda tensors, facts: tensors.update({"averaged/const": torch.zeros(2)}),
    "moments of another shape": lambda tensors, facts: tensors.update({"generator.first/const": torch.zeros(2)}),
    "moments without a tensor": lambda tensors, facts: tensors.update({"generator.first/x": torch.zeros(2)}),
    "no table": lambda tensors, facts: facts.pop("table"),
    "no JSON": lambda tensors, facts: facts.update(state="{"),
    "deep JSON": lambda tensors, facts: facts.update(discriminator="[" * 100_000),
    "deep JSON of a table": lambda tensors, facts: facts.update(table='{"a":' * 100_000),
    "counters that are no mapping": lambda tensors, facts: facts.update(state="[]"),
    "counters of other names": lambda tensors, facts: facts.update(
        state=facts["state"].replace('"steps": 1', '"steps": "1"')
    ),
    "an unknown counter": lambda tensors, facts: facts.update(state='{"x": 1, ' + facts["state"][1:]),
    "steps below 0": lambda tensors, facts: facts.update(adam='{"generator": {"const": -1}, "discriminator": {}}'),
    "more steps than any training has": lambda tensors, facts: facts.update(
        adam=facts["adam"].replace(": 1", f": {10**400}", 1)
    ),
    "more images than any training has": lambda tensors, facts: set_counters(facts, earlier=10**400),
    "a share above 1": lambda tensors, facts: set_counters(facts, strength=1e308),
    "a record that is not finite": lambda tensors, facts: set_counters(facts, history=[{"images": float("inf")}]),
    "a record without images": lambda tensors, facts: set_counters(facts, history=[{"generator": 1.0}]),
    "a sum without its terms": lambda tensors, facts: set_counters(facts, pending={"generator": [1.0]}),
    "a sum of no terms": lambda tensors, facts: set_counters(facts, pending={"generator": [1.0, 0.0]}),
    "settings that are no mapping": lambda tensors, facts: set_counters(facts, origin={"settings": 3}),
    "a count that is a text": lambda tensors, facts: set_counters(facts, origin={"discriminator_first": "x"}),
    "a discriminator of other types": lambda tensors, facts: facts.update(discriminator='{"size": [], "channels": 1}'),
    "a huge discriminator": lambda tensors, facts: facts.update(discriminator='{"size": 8, "channels": [[4, 1e99]]}'),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_snapshot_that_is_well_formed_but_wrong_is_refused(choose: Choose, tmp_path: Path, case: str) -> None:
    settings = choose(images=4)
    train(settings)
    with safe_open(settings.target / SNAPSHOT, "pt") as file:
        tensors, facts = {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata())  # noqa: SIM118
    WRONG[case](tensors, facts)
    save_file(tensors, tmp_path / "wrong.safetensors", facts)
    with pytest.raises(ModelError, match=r"wrong\.safetensors"):
        read_snapshot(tmp_path / "wrong.safetensors")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no FIFOs")
def test_a_fifo_is_no_snapshot(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "snapshot.safetensors")
    assert not is_snapshot(tmp_path / "snapshot.safetensors")
    with pytest.raises(ModelError, match="not a regular file"):
        read_snapshot(tmp_path / "snapshot.safetensors")
