"""Reading the files of `torch.save`: zip files, and (before torch 1.6) sequences of pickles. Without torch."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from fgraph._errors import show
from fgraph._limits import PICKLE_OF_ZIP
from fgraph.stylegan.checkpoints.pickles.known_globals import known_globals
from fgraph.stylegan.checkpoints.pickles.opcodes import run_pickle
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused
from fgraph.stylegan.checkpoints.pickles.span import FileSource, MemorySource, Span
from fgraph.stylegan.checkpoints.pickles.stored import Storage, item_size
from fgraph.stylegan.checkpoints.pickles.torch_values import LegacyStream, storage_id

_LOCAL_HEADER = 30  # bytes of an entry's own header, before its name
_MAX_ENTRIES = 100_000


def read_legacy(path: Path, file: BinaryIO, size: int) -> Any:
    """Return the object in a legacy file, with a `StoredTensor` for each tensor.

    Raises:
        PickleRefused: the file is damaged, or exceeds a limit.
    """
    source = FileSource(file, path, 0, size)
    stream = LegacyStream(source, known_globals())
    stream.locate(Span(path, 0, size), 0)
    return stream.value


def read_zip(path: Path, file: BinaryIO) -> Any:
    """Return the object in a zip file of torch, with a `StoredTensor` for each tensor.

    Raises:
        PickleRefused: the file is damaged, is not torch's, or exceeds a limit.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = {info.filename: info for info in archive.infolist()}
    except (zipfile.BadZipFile, EOFError, RuntimeError, ValueError, OverflowError, IndexError, struct.error) as error:
        raise PickleRefused(f"it is damaged or cut short ({error})") from error
    name = _pickle_name(entries)
    folder = name.removesuffix("data.pkl")
    spans = _Entries(path, file, entries)
    order = spans.find(f"{folder}byteorder").read(0, 8) if f"{folder}byteorder" in entries else b"little"
    if order != b"little":
        raise PickleRefused("it was written by a machine of another byte order")
    data = spans.find(name)
    if data.length > PICKLE_OF_ZIP:
        raise PickleRefused(f"its {show(name)} is larger than {PICKLE_OF_ZIP >> 20} MiB, which no checkpoint needs")
    known: dict[str, Storage] = {}

    def storage(pid: Any) -> Storage:
        dtype, key, items = storage_id(pid)
        if key not in known:
            span = spans.find(f"{folder}data/{key}") if f"{folder}data/{key}" in entries else None
            if span is None or span.length < items * item_size(dtype):
                raise PickleRefused(f"the data of storage '{show(key)}' is missing or cut short")
            known[key] = Storage(span, dtype, items)
        if (known[key].dtype, known[key].items) != (dtype, items):
            raise PickleRefused(f"the storage '{show(key)}' is declared twice, differently")
        return known[key]

    return run_pickle(MemorySource(data.read()), known_globals(), storage)


def _pickle_name(names: Mapping[str, object]) -> str:
    found = [name for name in names if name == "data.pkl" or name.endswith("/data.pkl")]
    if len(found) != 1 or len(names) > _MAX_ENTRIES:
        raise PickleRefused(f"it is a zip file with {len(found)} entries data.pkl; torch.save writes exactly one")
    return found[0]


class _Entries:
    """The places of the entries of a zip file."""

    def __init__(self, path: Path, file: BinaryIO, entries: Mapping[str, zipfile.ZipInfo]) -> None:
        self._path, self._file, self._entries = path, file, entries
        self._size = file.seek(0, 2)

    def find(self, name: str) -> Span:
        """Return the bytes of an entry.

        Raises:
            PickleRefused: the entry is compressed, encrypted, or missing.
        """
        info = self._entries[name]
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 or info.compress_size != info.file_size:
            raise PickleRefused(f"its entry '{show(name)}' is compressed, which torch.save never does")
        self._file.seek(info.header_offset)
        header = self._file.read(_LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or not header.startswith(b"PK\x03\x04"):
            raise PickleRefused(f"its entry '{show(name)}' is not where the directory states")
        lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        start = info.header_offset + _LOCAL_HEADER + lengths
        if start + info.file_size > self._size:
            raise PickleRefused(f"its entry '{show(name)}' is cut short")
        return Span(self._path, start, info.file_size)
