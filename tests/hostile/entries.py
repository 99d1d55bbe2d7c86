"""Entry points: each way in which an untrusted file reaches fgraph, as a function of the file's path."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

GRAPH = "{{nodes: {{{nodes}, image: {{op: decode, of: z}}}}, outputs: [image]}}"


def _model(path: Path) -> None:
    from fgraph.stylegan.checkpoints.header import read_header
    from fgraph.stylegan.loading import load_generator

    read_header(path)
    load_generator(path)


def _discriminator(path: Path) -> None:
    from fgraph.stylegan.checkpoints.discriminator_file import load_discriminator

    load_discriminator(path)


def _encoder(path: Path) -> None:
    import torch

    from fgraph.stylegan.checkpoints.encoder_file import load_encoder, read_encoder

    load_encoder(read_encoder(path), torch.float32)


def _inspect(path: Path) -> None:
    from fgraph.stylegan import inspect

    inspect(path)


def _node(nodes: str) -> Callable[[Path], None]:
    """Check a graph with a node that reads the file."""

    def enter(path: Path) -> None:
        import json

        import fgraph
        from fgraph._errors import GraphError

        faults = fgraph.check(GRAPH.format(nodes=nodes.replace("FILE", json.dumps(str(path)))))
        if faults:
            raise GraphError(faults)

    return enter


def _deviations(path: Path) -> None:
    from fgraph._errors import FgraphError
    from fgraph.array_files.pickled import read_style_moments

    try:
        read_style_moments(path)
    except ValueError as error:  # which a graph reports as a fault of its node
        raise FgraphError(str(error)) from error


def _regions(path: Path) -> None:
    from fgraph._errors import FgraphError
    from fgraph.array_files.regions import read_regions

    try:
        read_regions(path)
    except ValueError as error:  # which the command reports
        raise FgraphError(str(error)) from error


def _snapshot(path: Path) -> None:
    from fgraph.training.snapshot import read_snapshot

    read_snapshot(path)


def _encoder_snapshot(path: Path) -> None:
    from fgraph.training.encoder_snapshot import read_encoder_snapshot

    read_encoder_snapshot(path)


def _training_data(path: Path) -> None:
    from fgraph.training.pictures import read_pictures

    read_pictures(path, 16, _cache())


@cache
def _cache() -> Path:
    """Return a folder of this process for the files that readers cache."""
    return Path(tempfile.mkdtemp())


def _picture(path: Path) -> None:
    from fgraph._errors import FgraphError
    from fgraph._imaging.read import load_picture

    try:
        load_picture(str(path), (64, 64))
    except ValueError as error:  # which a graph reports as a fault of its node
        raise FgraphError(str(error)) from error


def _photograph(path: Path) -> None:
    from fgraph._errors import FgraphError
    from fgraph.photographs import read_stored

    try:
        read_stored(str(path))
    except ValueError as error:  # which a graph reports as a fault of its node
        raise FgraphError(str(error)) from error


def _landmarks(path: Path) -> None:
    from fgraph.faces import read_landmarks

    read_landmarks(path)


def _record(path: Path) -> None:
    from fgraph.save.restoring import restore_graph

    restore_graph(path)


def _bending(path: Path) -> None:
    from fgraph.declare.bending import convert_bending

    convert_bending(path)


def _graph(path: Path) -> None:
    import fgraph
    from fgraph._errors import GraphError

    if faults := fgraph.check(path):
        raise GraphError(faults)


def _in_config_folder(group: str, path: Path) -> None:
    """Check a graph on the command line, with the file in `--config-dir` as the graph or as a sub-graph of it."""
    from fgraph._errors import FgraphError
    from fgraph.cli import main

    mine, nodes = _cache() / group, "nodes: {s: {op: sample}, image: {op: decode, of: s}}\noutputs: [image]\n"
    for name in ("graph", "subgraph"):
        (mine / name).mkdir(parents=True, exist_ok=True)
    (mine / "graph" / "one.yaml").write_text(f"defaults: [/subgraph@nodes.sub: one, _self_]\n{nodes}")
    (mine / group / "one.yaml").write_bytes(path.read_bytes())
    printed = io.StringIO()
    with contextlib.redirect_stderr(printed), contextlib.redirect_stdout(printed):
        code = main(["--config-dir", str(mine), "graph=one", "mode=check", f"hydra.run.dir={mine}/run"])
    if code not in (0, 2) or "Traceback" in printed.getvalue():
        raise RuntimeError(f"exit code {code}: {printed.getvalue()}")
    if code:
        raise FgraphError(printed.getvalue())


def _job(path: Path) -> None:
    """Parse the graph of a file as a worker of a sweep does."""
    from fgraph.api.graph_jobs import GraphJob
    from fgraph.declare.document import parse

    document = parse(path.read_text("utf-8", errors="replace"), str(path))
    if isinstance(document.data, Mapping):
        GraphJob(document.data, document.places.freeze()).graph  # noqa: B018


def _upload(path: Path) -> None:
    """Send a file to the studio as its page does, and open what it holds."""
    from fgraph._errors import GraphError
    from fgraph.studio.access import FileAccess
    from fgraph.studio.reading import read_text
    from fgraph.studio.uploads import Uploads

    uploads = Uploads(_cache())
    upload = uploads.add(path.read_bytes())
    if upload.kind == "graph":
        faults = read_text(upload.text, _cache() / "dropped.yaml", FileAccess()).faults
        if faults:
            raise GraphError(faults)


def _uploaded_photograph(path: Path) -> None:
    from fgraph.studio.uploads import Uploads

    Uploads(_cache()).add(path.read_bytes(), "photo")


def _cache_entry(path: Path) -> None:
    """Read a file as an entry of the cache, with a valid digest."""
    from fgraph._cache import sealed
    from fgraph._errors import FgraphError
    from fgraph.inversion.cache import read_entry

    kept = _cache() / "entry.safetensors"
    kept.write_bytes(sealed(path.read_bytes()))
    if read_entry(kept, "key") is None:
        raise FgraphError("it is made again")


def _history(path: Path) -> None:
    """Read a file as a state of the studio."""
    from fgraph._errors import FgraphError
    from fgraph.studio.history import History

    name = "0" * 16
    (_cache() / f"{name}.json").write_bytes(path.read_bytes())
    if not History(_cache()).states:
        raise FgraphError("it is left out")


def enter_canary(path: Path) -> None:
    """Do something that readers must not do, which the jail has to catch."""
    import os

    os.system(f"touch {path}.ran")


ENTRIES: Mapping[str, Callable[[Path], None]] = {
    "model": _model,
    "discriminator": _discriminator,
    "encoder": _encoder,
    "encoder of a node": _node("s: {op: sample}, i: {op: decode, of: s}, z: {op: encode, of: i, encoder: FILE}"),
    "inspect": _inspect,
    "latent": _node("z: {op: latent, file: FILE}"),
    "direction": _node("s: {op: sample}, z: {op: direction, kind: file, of: s, file: FILE}"),
    "mapper": _node("s: {op: sample}, z: {op: direction, kind: mapper, of: s, file: FILE}"),
    "table of edits": _node("s: {op: sample}, z: {op: direction, kind: named, name: a, of: s, edits: FILE}"),
    "deviations": _deviations,
    "regions": _regions,
    "transforms": _node("s: {op: sample}, z: {op: transform, of: s, file: FILE}"),
    "noise": _node("s: {op: sample}, z: {op: tap, of: s, layer: b8.conv0, noise: {mode: given, file: FILE}}"),
    "curve": _node("s: {op: sample}, z: {op: lerp, a: s, b: s, t: {file: FILE}}"),
    "snapshot": _snapshot,
    "snapshot of an encoder": _encoder_snapshot,
    "training data": _training_data,
    "picture": _picture,
    "photograph": _photograph,
    "landmarks": _landmarks,
    "picture record": _record,
    "bending": _bending,
    "graph": _graph,
    "job of a sweep": _job,
    "upload": _upload,
    "uploaded photograph": _uploaded_photograph,
    "cache entry": _cache_entry,
    "state of the studio": _history,
}
SLOW_ENTRIES: Mapping[str, Callable[[Path], None]] = {  # tests open a few files; tools/campaign.py opens all
    "--config-dir": partial(_in_config_folder, "graph"),
    "sub-graph": partial(_in_config_folder, "subgraph"),
}
CANARY = "canary"
