"""Stand-ins for torch's tensors in a pickle, and the legacy streams that hold their numbers. Without torch."""

from __future__ import annotations

from typing import Any

from fgraph._errors import show
from fgraph._files import open_file
from fgraph.stylegan.checkpoints.pickles.machine import Globals
from fgraph.stylegan.checkpoints.pickles.opcodes import MAX_OPCODES, run_pickle
from fgraph.stylegan.checkpoints.pickles.refusal import PickleRefused
from fgraph.stylegan.checkpoints.pickles.span import BytesSource, FileSource, Span
from fgraph.stylegan.checkpoints.pickles.stand_ins import Factory, Unknown, make_dict, make_set
from fgraph.stylegan.checkpoints.pickles.stored import STORAGES, Storage, StoredTensor, is_size, item_size, view

MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
# The first three pickles as torch writes them on most machines: the number, the protocol, and the sizes of integers.
USUAL_HEAD = (
    b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
    b"\x80\x02M\xe9\x03."
    b"\x80\x02}q\x00(X\x10\x00\x00\x00protocol_versionq\x01M\xe9\x03X\r\x00\x00\x00little_endianq\x02\x88X\n\x00\x00\x00"
    b"type_sizesq\x03}q\x04(X\x05\x00\x00\x00shortq\x05K\x02X\x03\x00\x00\x00intq\x06K\x04X\x04\x00\x00\x00longq\x07K\x04uu."
)
_HEAD = 8192  # bytes; the pickles before the numbers of a storage take fewer
_STORAGE_OPCODES = 200  # most opcodes of each of the five pickles, which have about 30
_MOST_STORAGES = 4000  # a 1024-pixel model, its discriminator and the averaged model have about 700


def _tensor(*arguments: Any) -> StoredTensor:
    """Stand in for `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata])`."""
    if not 6 <= len(arguments) <= 7:
        raise PickleRefused("it has a tensor of an unknown layout")
    return view(*arguments[:4])


def _parameter(*arguments: Any) -> StoredTensor:
    """Stand in for `_rebuild_parameter(data, requires_grad, hooks)`."""
    if not arguments or type(arguments[0]) is not StoredTensor:
        raise PickleRefused("it has a parameter without a tensor")
    return arguments[0]


def torch_globals() -> dict[tuple[str, str], Any]:
    """Return the globals of tensors and plain containers in torch's pickles, with their stand-ins."""
    return {
        ("collections", "OrderedDict"): Factory("OrderedDict", make_dict),
        ("builtins", "set"): Factory("set", make_set),
        ("__builtin__", "set"): Factory("set", make_set),
        ("torch._utils", "_rebuild_tensor_v2"): Factory("_rebuild_tensor_v2", _tensor),
        ("torch._utils", "_rebuild_parameter"): Factory("_rebuild_parameter", _parameter),
        **_STORAGE_GLOBALS,
    }


class _Kind(str):
    """The item type of a storage, as a subclass of `str`, so that no string of the pickle passes for it."""

    __slots__ = ()


# The globals of torch's storage types: the stand-in of each is the type of its items.
_STORAGE_GLOBALS = {("torch", name): _Kind(dtype) for name, dtype in STORAGES.items()}


def storage_id(pid: Any) -> tuple[str, str, int]:
    """Return (type, key, items) of a storage's persistent id, ('storage', type, key, location, items[, view]).

    Raises:
        PickleRefused: the value is not the id of a storage.
    """
    if type(pid) is tuple and len(pid) in (5, 6) and type(pid[0]) is str and pid[0] == "storage":
        _, kind, key, _, items = pid[:5]
        if type(kind) is _Kind and type(key) is str and is_size(items) and pid[5:] in ((), (None,)):
            return str(kind), key, items
    raise PickleRefused("it has a storage of an unknown kind")


class StorageReader:
    """A reader of the storages in one of NVlabs' pickles; each is the value of a legacy `torch.save` stream."""

    def __init__(self) -> None:
        # A stream from the memo is read once. Streams that are equal can belong to two tensors.
        self._known: dict[int, tuple[Span | bytes, Storage]] = {}

    def __call__(self, blob: Any) -> Storage:
        """Return the storage in a stream.

        Raises:
            PickleRefused: the stream is something else, or there are too many.
        """
        if type(blob) not in (bytes, Span):
            raise PickleRefused("it has a storage that is not bytes")
        if id(blob) not in self._known:
            if len(self._known) >= _MOST_STORAGES:
                raise PickleRefused(f"it has more than {_MOST_STORAGES} storages, which no checkpoint needs")
            self._known[id(blob)] = blob, _read_storage(blob)
        return self._known[id(blob)][1]


def _read_storage(blob: Span | bytes) -> Storage:
    if isinstance(blob, Span) and not blob.utf8:
        with open_file(blob.path) as file:
            return _one_storage(FileSource(file, blob.path, blob.start, blob.length), blob, blob.start, blob.length)
    start = blob.read(0, _HEAD) if isinstance(blob, Span) else blob
    size = blob.size if isinstance(blob, Span) else len(blob)
    return _one_storage(BytesSource(start, size), blob, 0, size)


def _one_storage(source: FileSource, blob: Span | bytes, start: int, length: int) -> Storage:
    stream = LegacyStream(source, _STORAGE_GLOBALS, _STORAGE_OPCODES)
    if type(stream.value) is not Storage or len(stream.storages) != 1:
        raise PickleRefused("a tensor's numbers are not one storage")
    stream.locate(blob, start)
    if source.position != start + length:
        raise PickleRefused("a tensor's numbers are cut short, or more follows them")
    return stream.value


class LegacyStream:
    """The five pickles at the start of a legacy `torch.save`: `value` is the object; the storages' numbers follow."""

    def __init__(self, source: FileSource, known: Globals, limit: int = MAX_OPCODES) -> None:
        self._source = source
        self.storages: dict[str, Storage] = {}
        if not source.skip_expected(USUAL_HEAD):
            self._read_head(limit)
        self.value = run_pickle(source, known, self._declare, limit)
        keys = run_pickle(source, {}, limit=limit)
        if type(keys) is not list or not all(type(key) is str for key in keys) or set(keys) != set(self.storages):
            raise PickleRefused("its list of storages does not match its tensors")
        self._keys: list[str] = keys

    def locate(self, data: Span | bytes, start: int) -> None:
        """Set the place of each storage's numbers in `data`, which starts at the source's position `start`."""
        for key in self._keys:
            storage = self.storages[key]
            if int.from_bytes(self._source.read(8), "little", signed=True) != storage.items:
                raise PickleRefused(
                    f"the storage '{show(key)}' does not have the {storage.items} numbers that it states"
                )
            storage.data, storage.start = data, self._source.position - start
            self._source.skip(storage.items * item_size(storage.dtype))

    def _read_head(self, limit: int) -> None:
        """Check the first three pickles."""
        self._check(run_pickle(self._source, {}, limit=limit), MAGIC)
        self._check(run_pickle(self._source, {}, limit=limit), _LEGACY_PROTOCOL)
        system = run_pickle(self._source, {}, limit=limit)
        if type(system) is not dict or system.get("little_endian") is not True:
            raise PickleRefused("it was written by a machine of another byte order")

    @staticmethod
    def _check(found: Any, expected: int) -> None:
        if type(found) is not int or found != expected:
            raise PickleRefused("it is not what torch.save writes")

    def _declare(self, pid: Any) -> Storage | Unknown:
        if type(pid) is tuple and len(pid) == 4 and type(pid[1]) is Unknown:
            return pid[1]  # ('module', class, file, source), of the class of a module; its source is dropped
        dtype, key, items = storage_id(pid)
        known = self.storages.setdefault(key, Storage(b"", dtype, items))
        if (known.dtype, known.items) != (dtype, items):
            raise PickleRefused(f"the storage '{show(key)}' is declared twice, differently")
        return known
