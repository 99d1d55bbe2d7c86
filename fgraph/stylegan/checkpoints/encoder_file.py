"""Reading encoders: published checkpoints of pSp, e4e, ReStyle and StyleGAN3-editing, and fgraph's own files.

No code in a file is run. A published checkpoint is a dict with `state_dict`, whose names start with `encoder.`, `opts`
and `latent_avg`; it may hold the generator as well. fgraph's own `.safetensors` have these metadata:

| key | is |
| --- | --- |
| `format`, `format_version` | `fgraph-encoder`; `1` |
| `size`, `channels` | pixels of the input, JSON {resolution: channels} |
| `image_channels`, `styles`, `w_dim`, `iterations` | counts |
| `model`, `model_sha256` | the generator that it was fitted to, and the digest of its tensors |
| `sha256` | digest of the tensors as stored, checked when they are loaded |
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fgraph._errors import ModelError, show
from fgraph.stylegan.checkpoints.contents import LARGEST_BLOCKS, Weight
from fgraph.stylegan.checkpoints.families.published_encoders import read_published
from fgraph.stylegan.checkpoints.header import BUNDLED, find_model, read_model, sniff
from fgraph.stylegan.checkpoints.pickles.files import read_pickled
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused
from fgraph.stylegan.checkpoints.tensor_file import read_tensor_header
from fgraph.stylegan.tables.discriminator import DiscriminatorTable, discriminator_shapes
from fgraph.stylegan.tables.encoder import EncoderTable

if TYPE_CHECKING:
    import torch

    from fgraph.stylegan.nn.encoder import Encoder

FORMAT, VERSION = "fgraph-encoder", "1"
MEAN = "mean"
_FOLDER = Path(__file__).parent.parent / "bundled" / "encoders"
_MOST = 8192  # the most channels, rows of W+ and numbers of w; published encoders have 512, 18 and 512
_LARGEST = 1024  # pixels of the input
_EXPECTED = "expected a checkpoint of pSp, e4e, ReStyle or StyleGAN3-editing, or a .safetensors of mode=train-encoder"


@dataclass(frozen=True)
class EncoderHeader:
    """An encoder without its weights."""

    path: Path
    table: EncoderTable
    identity: tuple[int, int]  # time and size of the file
    weights: Mapping[str, Weight] = field(compare=False, repr=False)
    metadata: Mapping[str, str] = field(compare=False, repr=False)


def find_encoder(source: str | Path) -> Path:
    """Return the file of an encoder.

    Args:
        source: the name of a bundled model, whose encoder comes with it; a path or a URL.

    Raises:
        ModelError: there is no such file.
    """
    return _FOLDER / f"{source}.safetensors" if str(source) in BUNDLED else find_model(source)


def read_encoder(source: str | Path) -> EncoderHeader:
    """Read the header of an encoder, without torch and without the weights.

    Args:
        source: the name of a bundled model, a path or a URL.

    Raises:
        ModelError: the file does not exist, cannot be read, or holds no encoder that fgraph runs.
    """
    return _read_at(find_encoder(source)) if str(source) in BUNDLED else read_model(source, _read_at)


def load_encoder(header: EncoderHeader, dtype: torch.dtype) -> Encoder:
    """Load the weights of an encoder, on the CPU.

    Raises:
        ModelError: the file has changed, or a tensor holds numbers that are not finite.
    """
    import torch

    from fgraph.stylegan.checkpoints.weights import load_weights
    from fgraph.stylegan.nn.encoder import Encoder

    if _identity(header.path) != header.identity:
        raise ModelError(f"{header.path}: has changed since its header was read; run again")
    with torch.inference_mode(False):
        tensors, _ = load_weights(header.weights, header.metadata, str(header.path), ("cpu", dtype), {})
    return Encoder(header.table, {name: one for name, one in tensors.items() if name != MEAN}, tensors.get(MEAN))


def save_encoder(encoder: Encoder, path: Path, facts: Mapping[str, str]) -> None:
    """Write an encoder as fgraph's own file, in float16.

    The file appears whole or not at all.

    Args:
        encoder: the encoder.
        path: the path of the file.
        facts: further metadata.

    Raises:
        SaveError: the file cannot be written.
    """
    import torch

    from fgraph._atomic import write_atomic
    from fgraph.stylegan.checkpoints.weights import encode_tensors
    from fgraph.stylegan.generators.digest import content_digest

    assert encoder.mean is not None
    tensors = {name: value.detach().to("cpu", torch.float16) for name, value in encoder.tensors.items()}
    tensors[MEAN] = encoder.mean.detach().cpu()
    metadata = {**facts, **describe_encoder(encoder.table), "sha256": content_digest(tensors)}
    write_atomic(path, encode_tensors(tensors, metadata))


def describe_encoder(table: EncoderTable) -> dict[str, str]:
    """Return the metadata that describe the table in fgraph's own file."""
    network = table.network
    assert isinstance(network, DiscriminatorTable)
    return {
        "format": FORMAT,
        "format_version": VERSION,
        "size": str(network.size),
        "channels": json.dumps(dict(network.channels)),
        **{name: str(getattr(table, name)) for name in ("image_channels", "styles", "w_dim", "iterations")},
    }


def encoder_table_of(metadata: Mapping[str, str], where: str) -> EncoderTable:
    """Return the table that the metadata of fgraph's own file describe.

    Raises:
        ModelError: the file is of another program or a later version, or its metadata are wrong.
    """
    if metadata.get("format") != FORMAT:
        found = show(metadata.get("format"))
        raise ModelError(f"{where}: is a .safetensors file of format {found}, which holds no encoder; {_EXPECTED}")
    if (version := metadata.get("format_version")) != VERSION:
        raise ModelError(f"{where}: is of format version {show(version)}; this fgraph reads {VERSION}: update fgraph")
    try:
        counts = {name: _count(metadata[name]) for name in ("image_channels", "styles", "w_dim", "iterations")}
        channels = sorted((int(side), _count(str(n))) for side, n in json.loads(metadata["channels"]).items())
        size = int(metadata["size"])
    except (KeyError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise ModelError(f"{where}: its metadata are wrong: {error!r:.200}") from error
    if [side for side, _ in channels] != [4 << i for i in range(len(channels))] or channels[-1][0] != size:
        raise ModelError(f"{where}: has channels for {show([side for side, _ in channels])}; expected 4, 8, ... {size}")
    if size > _LARGEST or not 1 < len(channels) <= LARGEST_BLOCKS:
        raise ModelError(f"{where}: reads images of {size} pixels; expected 8 to {_LARGEST}")
    return residual_encoder_table(tuple(channels), **counts)


def residual_encoder_table(
    channels: tuple[tuple[int, int], ...], image_channels: int, styles: int, w_dim: int, iterations: int
) -> EncoderTable:
    """Return the table of the encoder that fgraph trains: a residual network on the picture and an image."""
    size = channels[-1][0]
    network = DiscriminatorTable(
        size, channels, image_channels=2 * image_channels, stddev_channels=0, outputs=styles * w_dim
    )
    return EncoderTable(network, styles, w_dim, (size, size), image_channels, is_residual=True, iterations=iterations)


def _count(text: str) -> int:
    if not 1 <= int(text) <= _MOST:
        raise ValueError(f"{text[:60]} is not in 1 to {_MOST}")
    return int(text)


def _read_at(path: Path) -> EncoderHeader:
    return _read(path, _identity(path))


@lru_cache(maxsize=16)
def _read(path: Path, identity: tuple[int, int]) -> EncoderHeader:
    kind = sniff(path)
    if kind == "safetensors":
        table, weights, metadata = _read_own(path)
    else:
        try:
            found = read_published(read_pickled(path, kind), str(path))
        except (PickleRefused, RecursionError) as error:
            raise ModelError(f"{path}: its encoder cannot be read safely: {error}") from error
        if found is None:
            raise ModelError(f"{path}: holds no encoder, whose tensors are named 'encoder.*'; {_EXPECTED}")
        table, weights, metadata = *found, {}
    stored = [weight.stored for weight in weights.values()]
    if max(sum(one.nbytes for one in stored), sum(one.bytes_read for one in stored)) > identity[1]:
        raise ModelError(f"{path}: its tensors share their numbers and are larger than the file; save it again")
    return EncoderHeader(path, table, identity, weights, metadata)


def _identity(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error
    return stat.st_mtime_ns, stat.st_size


def _read_own(path: Path) -> tuple[EncoderTable, Mapping[str, Weight], Mapping[str, str]]:
    header = read_tensor_header(path)
    table = encoder_table_of(header.metadata, str(path))
    assert isinstance(table.network, DiscriminatorTable)
    shapes = {**discriminator_shapes(table.network), MEAN: (table.w_dim,)}
    for name in sorted(shapes.keys() | header.shapes.keys()):
        if header.shapes.get(name) != shapes.get(name):
            raise ModelError(
                f"{path}: '{show(name)}' has shape {show(header.shapes.get(name))}; expected {shapes.get(name)}"
            )
    return table, {name: Weight(header.tensors[name], shape) for name, shape in shapes.items()}, header.metadata
