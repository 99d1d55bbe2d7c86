"""Jobs whose searches start from given codes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import fgraph
from fgraph._errors import FgraphError
from fgraph.inversion.job import InversionCallback, run_job
from fgraph.inversion.starts import encoded_starts, stored_starts
from fgraph.stylegan.generators.stylegan2 import StyleGAN2Generator
from tests.inversion.jobs import Watching, make_job, write_pictures


def test_results_of_a_job_can_start_another(generator: StyleGAN2Generator, tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "in", generator, 2)
    first = run_job(
        make_job(generator, pictures, tmp_path / "codes", None, InversionCallback(), space="w", prior="none")
    )
    job = make_job(
        generator, pictures, tmp_path / "out", tmp_path / "cache", InversionCallback(), space="w+", prior="none"
    )
    starts = stored_starts(job.problem, job.pictures, str(tmp_path / "codes"))
    assert starts["00"].shape == (generator.table.num_ws, generator.table.w_dim)
    assert torch.equal(starts["01"][2], first["01"].latent)
    refined = run_job(replace(job, starts=starts))
    for name, result in refined.items():
        assert result.curve[0, 1] < first[name].curve[0, 1]  # its first step starts where the other search ended
    watching = Watching()
    run_job(replace(job, starts=starts, callback=watching))
    assert watching.done == [("00", True), ("01", True)]
    watching = Watching()
    run_job(replace(job, callback=watching))  # from the mean: another result
    assert watching.done == [("00", False), ("01", False)]
    with pytest.raises(FgraphError, match=r"inversion\.start: .*00\.safetensors"):
        stored_starts(job.problem, job.pictures, str(tmp_path / "in"))


def test_codes_that_do_not_fit(generator: StyleGAN2Generator, tmp_path: Path) -> None:
    job = make_job(
        generator, write_pictures(tmp_path / "in", generator, 2), tmp_path, None, InversionCallback(), space="w"
    )
    styles = np.zeros((2, generator.table.style_length), np.float32)
    for name, array in (("styles", styles), ("three", np.zeros((3, generator.table.w_dim))), ("odd", np.zeros((2, 7)))):
        np.save(tmp_path / f"{name}.npy", array)
    for name, message in (
        ("styles", "codes in s cannot be turned back into w: give inversion.space=s"),
        ("three", "holds 3 codes; expected 1 or 2"),
        ("odd", r"have shape \[2, 7\], which do not fit"),
    ):
        with pytest.raises(FgraphError, match=message):
            stored_starts(job.problem, job.pictures, str(tmp_path / f"{name}.npy"))


def test_an_encoder_finds_the_starts(tmp_path: Path) -> None:
    avatar = fgraph.load_generator("avatar")
    assert isinstance(avatar, StyleGAN2Generator)
    pictures = write_pictures(tmp_path / "in", avatar, 2)
    job = make_job(avatar, pictures, tmp_path / "out", None, InversionCallback(), space="s", steps=1)
    starts = encoded_starts(job.problem, job.pictures, job.reading, "avatar")
    graph = fgraph.load(
        "{models: {main: avatar}, nodes: {of: {op: image, path: '" + str(pictures / "00.png") + "'}, "
        "code: {op: encode, of: of}}, outputs: [code]}"
    )
    code = torch.from_numpy(fgraph.run(graph, device="cpu")["code"].array)
    torch.testing.assert_close(starts["00"][None], avatar.affine(code))
    with pytest.raises(FgraphError, match="do not fit"):
        encoded_starts(
            replace(job.problem, generator=fgraph.load_generator("landscape128")), job.pictures, job.reading, "avatar"
        )
