"""Hostile and broken files, as a stranger could send them. `all_cases` names each, with its bytes and its suffix."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import torch

from tests.hostile.opcodes import MARK, START, STOP, Raw, built, call, module, named, pickled, stacked, text, value
from tests.hostile.stand_in_cases import stand_in_cases
from tests.network_pickles import legacy_storage

PERSISTENT = ("torch_utils.persistence", "_reconstruct_persistent_obj")
Case = tuple[str, str, bytes]  # name, suffix, content

HARMFUL = [
    ("os", "system"), ("posix", "system"), ("nt", "system"), ("builtins", "eval"), ("builtins", "exec"),
    ("__builtin__", "eval"), ("builtins", "__import__"), ("builtins", "compile"), ("builtins", "open"), ("io", "open"),
    ("subprocess", "Popen"), ("subprocess", "check_output"), ("pty", "spawn"), ("runpy", "run_path"),
    ("importlib", "import_module"), ("pickle", "loads"), ("_pickle", "loads"), ("marshal", "loads"),
    ("torch", "load"), ("torch.serialization", "load"), ("torch.hub", "load"), ("torch.jit", "load"), ("numpy", "load"),
    ("numpy.testing._private.utils", "runstring"), ("timeit", "timeit"), ("pdb", "run"), ("cProfile", "run"),
    ("code", "interact"), ("shutil", "rmtree"), ("webbrowser", "open"), ("ctypes", "CDLL"), ("types", "FunctionType"),
    ("functools", "partial"), ("operator", "attrgetter"), ("copyreg", "_reconstructor"), ("argparse", "FileType"),
    ("dnnlib.util", "call_func_by_name"), ("dnnlib.util", "open_url"), ("torch_utils.persistence", "import_hook"),
    ("torch_utils.persistence", "_src_to_module"), ("torch._utils", "_rebuild_wrapper_subclass"),
    ("torch._tensor", "_rebuild_from_type_v2"), ("torch.storage", "_StorageBase"), ("numpy", "fromfile"),
]  # fmt: skip
DOTTED = [
    ("collections", "OrderedDict.fromkeys"), ("collections", "OrderedDict.__class__"),
    ("torch._utils", "_rebuild_tensor_v2.__globals__"), ("torch.storage", "_load_from_bytes.__globals__"),
    ("_codecs", "encode.__self__"), ("torch", "FloatStorage.__init__"), ("os", "path.os.system"),
    ("dnnlib.util", "EasyDict.__reduce__"), ("", ""), ("collections.OrderedDict", "fromkeys"),
]  # fmt: skip
KNOWN = [
    ("collections", "OrderedDict"), ("builtins", "set"), ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"), ("torch.storage", "_load_from_bytes"), ("dnnlib.util", "EasyDict"),
    ("torch_utils.persistence", "_reconstruct_persistent_obj"), ("numpy", "ndarray"), ("numpy", "dtype"),
    ("numpy.core.multiarray", "scalar"), ("_codecs", "encode"), ("dnnlib.tflib.network", "Network"),
    ("torch", "FloatStorage"), ("numpy.core.numeric", "_frombuffer"),
]  # fmt: skip


def all_cases(marker: Path, good: dict[str, bytes]) -> Iterator[Case]:
    """Return every case; a case that runs a command touches `marker`. `good` has whole files by their names."""
    command = f"touch {marker}"
    for name, stream in _streams(command):
        yield f"pickle: {name}", ".pkl", stream
        yield f"in a zip: {name}", ".pt", zipped({"archive/data.pkl": stream, "archive/data/0": b"\0" * 64})
        yield f"in a tensor: {name}", ".pkl", _holding(call(named("torch.storage", "_load_from_bytes"), stream))
        yield f"in a legacy file: {name}", ".pt", _legacy(stream)
    for name, stream in _wild():
        yield f"pickle: {name}", ".pkl", stream
    for name, stream in stand_in_cases(command):
        yield name, ".pkl", stream
        yield f"{name}, in a zip", ".pt", zipped({"archive/data.pkl": stream})
    for name, content in {**_tensors(), **_arrays(), **_networks()}.items():
        yield name, ".pkl", content
    for name, content in {**_zips(), **_safetensors()}.items():
        yield name, ".safetensors" if name.startswith("safetensors") else ".pt", content
    for name, content in good.items():
        for part in range(16):
            yield f"cut at {part}/16: {name}", Path(name).suffix, content[: part * len(content) // 16]
        yield f"with a tail: {name}", Path(name).suffix, content + b"\0tail"


def _streams(command: str) -> Iterator[tuple[str, bytes]]:
    for known, name in HARMFUL:
        yield f"{known}.{name}", pickled(call(named(known, name), command))
    for known, name in DOTTED:
        yield f"dotted {known}.{name}", pickled(call(stacked(known, name), command))
    for known, name in KNOWN:
        yield f"build {name}", pickled(built(named(known, name), {"make": command, "__call__": command}))
        yield f"build slots {name}", pickled(built(named(known, name), (None, {"make": command})))
        yield f"call {name} oddly", pickled(call(named(known, name), command, 1, None, [], {}, 2, 3, 4, 5))
        yield f"call {name} with nothing", pickled(call(named(known, name)))
    yield from _routes(command)


def _routes(command: str) -> Iterator[tuple[str, bytes]]:
    """Yield a call of os.system by every opcode that calls."""
    system, argument = b"cos\nsystem\n", text(command)
    yield "STACK_GLOBAL", pickled(call(stacked("os", "system"), command))
    yield "INST", START + MARK + argument + b"ios\nsystem\n" + STOP
    yield "OBJ", START + MARK + system + argument + b"o" + STOP
    yield "NEWOBJ", START + system + argument + b"\x85\x81" + STOP
    yield "NEWOBJ_EX", START + system + argument + b"\x85}\x92" + STOP
    yield "EXT1", START + b"\x82\x01" + argument + b"\x85R" + STOP
    yield "EXT2", START + b"\x83\x01\x00" + argument + b"\x85R" + STOP
    yield "EXT4", START + b"\x84\x01\x00\x00\x00" + argument + b"\x85R" + STOP
    yield "protocol 0", b"cos\nsystem\n(S'" + command.encode() + b"'\ntR."
    yield "PERSID", START + b"Pos.system\n" + STOP
    yield "BINPERSID", START + argument + b"Q" + STOP
    yield "getattr chain", pickled(call(call(named("builtins", "getattr"), named("os", "path"), "os"), command))
    yield "through the memo", START + system + b"q\x000h\x00" + argument + b"\x85R" + STOP
    yield "REDUCE of a string", START + text("os.system") + argument + b"\x85R" + STOP
    yield "NEXT_BUFFER", START + b"\x97" + STOP
    yield "READONLY_BUFFER", START + argument + b"\x98" + STOP


def _wild() -> Iterator[tuple[str, bytes]]:
    """Yield streams that demand much memory or time, or have no meaning."""
    far = struct.pack("<Q", 10 << 30)
    yield "10 GiB of bytes", START + b"\x8e" + far + b"abc" + STOP
    yield "10 GiB of bytearray", b"\x80\x05\x96" + far + b"abc" + STOP
    yield "10 GiB of text", START + b"\x8d" + far + b"abc" + STOP
    yield "2^63 bytes", START + b"\x8e" + struct.pack("<Q", 1 << 63) + b"abc" + STOP
    yield "4 GB of BINBYTES", START + b"B\xff\xff\xff\xffabc" + STOP
    yield "a huge frame", START + b"\x95" + b"\xff" * 8 + b"N" + STOP
    yield "a huge memo", START + b"Nr\xff\xff\xff\xff" + STOP
    yield "LONG4", START + b"\x8b\xff\xff\xff\x7f1" + STOP
    yield "LONG1 of 255 bytes", START + b"\x8a\xff" + b"\x7f" * 255 + STOP
    yield "a global without end", START + b"c" + b"a" * 100_000
    yield "protocol 200", b"\x80\xc8N."
    yield "nothing on the stack", START + STOP
    yield "too much on the stack", START + b"NNN" + STOP
    yield "an open mark", START + b"(N" + STOP
    yield "no mark", START + b"t" + STOP
    yield "below the mark", START + b"}(K\x01R" + STOP
    yield "a set of lists", START + b"\x8f(]\x90" + STOP
    yield "a key that is a list", START + b"}]Ns" + STOP
    yield "a key without a value", START + b"}(Nu" + STOP
    yield "text that is none", START + b"X\x02\x00\x00\x00\xff\xfe" + STOP
    shared = [(2**61 - 1) * i for i in range(60_000)]  # all have the hash 0
    yield "a set of numbers of one hash", pickled({"G_ema": call(named("builtins", "set"), shared)})
    yield "three million opcodes", START + b"N" * 3_000_000 + STOP
    yield "a million lists inside each other", START + b"]" * 1_000_000 + b"a" * 999_999 + STOP
    yield "a million tuples inside each other", START + b")" + b"\x85" * 1_000_000 + STOP
    yield "a deep tuple as a key", START + b"}" + b")" + b"\x85" * 500_000 + b"Ns" + STOP
    yield "2^60 tuples", START + b")" + b"\x94h\x00\x86" + b"".join(
        b"\x94h" + bytes([i]) + b"\x86" for i in range(1, 61)) + STOP  # fmt: skip
    yield "a list in itself", START + b"]\x94h\x00a" + STOP
    yield "a dict in itself", START + b"}\x94" + text("G_ema") + b"h\x00s" + STOP
    yield "keys that collide", START + b"}(" + b"".join(
        b"\x8a\x08" + struct.pack("<q", i * ((1 << 61) - 1)) + b"N" for i in range(2)) + b"u" + STOP  # fmt: skip
    yield "an EasyDict of pairs", pickled(call(named("dnnlib.util", "EasyDict"), [["a", 1], ["b"]]))


def _holding(item: object) -> bytes:
    """Return a checkpoint with this as a parameter."""
    return pickled({"G_ema": module("Generator", {"_modules": {}, "_parameters": {"x": item}})})


def _blob(numel: int = 4, **changes: object) -> bytes:
    """Return the stream of a storage, with parts of it changed."""
    kind = changes.get("kind", named("torch", "FloatStorage"))
    parts = {
        "magic": 0x1950A86A20F9469CFC6C, "version": 1001, "system": {"protocol_version": 1001, "little_endian": True},
        "id": Raw(value(("storage", kind, "0", "cpu", numel, None)) + b"Q"), "keys": ["0"],
    } | {name: change for name, change in changes.items() if name not in ("kind", "count", "raw")}  # fmt: skip
    raw = changes.get("raw", b"\0" * 16)
    assert isinstance(raw, bytes)
    return b"".join(map(pickled, parts.values())) + struct.pack("<q", int(str(changes.get("count", numel)))) + raw


def _legacy(stream: bytes) -> bytes:
    """Return a legacy file whose object is this pickle."""
    head = b"".join(map(pickled, [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]))
    head = head.replace(START, b"\x80\x02")  # torch writes protocol 2
    return head + stream + pickled([])


def _tensor(*arguments: object, blob: bytes | None = None) -> bytes:
    load = call(named("torch.storage", "_load_from_bytes"), _blob() if blob is None else blob)
    return _holding(call(named("torch._utils", "_rebuild_tensor_v2"), load, *arguments))


def _tensors() -> dict[str, bytes]:
    shapes: dict[str, tuple[object, ...]] = {
        "a huge stride": (0, (2, 2), (1 << 40, 1)), "a stride of 2^62": (0, (2,), (1 << 62,)),
        "a negative stride": (0, (2,), (-1,)), "a negative size": (0, (-2,), (1,)),
        "a negative offset": (-1, (2,), (1,)),
        "an offset beyond": (4, (1,), (1,)), "sizes that overflow": (0, (1 << 33, 1 << 33), (0, 0)),
        "10 GB by stride 0": (0, (10 << 30,), (0,)), "40 axes": (0, (1,) * 40, (1,) * 40),
        "a size that is a truth": (0, (True,), (1,)), "a size that is a fraction": (0, (2.0,), (1,)),
        "a size that is text": (0, ("2",), (1,)), "sizes in a list": (0, [2], (1,)), "unequal axes": (0, (2, 2), (1,)),
        "an offset of None": (None, (2,), (1,)),
    }  # fmt: skip
    cases = {f"tensor: {name}": _tensor(*shape, False, {}) for name, shape in shapes.items()}
    blobs: dict[str, bytes] = {
        "cut": _blob(raw=b"\0" * 15), "too long": _blob(raw=b"\0" * 17), "10 GB": _blob(10 << 30),
        "a negative count": _blob(-4), "another count": _blob(count=3), "other magic": _blob(magic=7),
        "another version": _blob(version=1000), "big-endian": _blob(system={"little_endian": False}),
        "other keys": _blob(keys=["1"]), "more keys": _blob(keys=["0", "0"]), "a key that is a list": _blob(keys=[[]]),
        "an unknown type": _blob(kind=named("torch", "ComplexFloatStorage")), "a type as text": _blob(kind="float32"),
        "no storage": _blob(id=[1, 2]), "empty": b"", "a zip": zipped({"archive/data.pkl": pickled({})}),
        "a module": _blob(id=module("Generator", {})), "itself": _blob(id=Raw(b"]\x94h\x00a")),
        "a real one, cut": legacy_storage(torch.zeros(4))[:-1],
    }  # fmt: skip
    cases |= {f"storage: {name}": _tensor(0, (2,), (1,), False, {}, blob=blob) for name, blob in blobs.items()}
    cases["a parameter that is no tensor"] = _holding(call(named("torch._utils", "_rebuild_parameter"), [1], True, {}))
    cases["a tensor of no storage"] = _holding(
        call(named("torch._utils", "_rebuild_tensor_v2"), b"1234", 0, (1,), (1,), False, {})
    )
    return cases


def _dtype(code: object, state: object = (3, "<", None, None, None, -1, -1, 0)) -> Raw:
    return built(call(named("numpy", "dtype"), code, False, True), state)


def _arrays() -> dict[str, bytes]:
    def array(shape: object, dtype: Raw, raw: object) -> bytes:
        token = call(named("numpy.core.multiarray", "_reconstruct"), named("numpy", "ndarray"), (0,), b"b")
        state = {"version": 4, "static_kwargs": {}, "components": {}}
        state["variables"] = [("lod", built(token, (1, shape, dtype, False, raw)))]
        return pickled((1, 2, built(call(named("dnnlib.tflib.network", "Network")), state)))

    scalar = named("numpy._core.multiarray", "scalar")
    number = _dtype("f8")
    return {
        "array of objects": array((1,), _dtype("O8", (3, "|", None, None, None, -1, -1, 63)), [1]),
        "array with fields": array((1,), _dtype("V8", (3, "|", None, ("a",), {"a": 1}, 8, 1, 0)), b"\0" * 8),
        "array of text": array((1,), _dtype("U1000000000"), b"\0" * 8),
        "array, big-endian": array((1,), _dtype("f8", (3, ">", None, None, None, -1, -1, 0)), b"\0" * 8),
        "array of negative size": array((-1,), number, b"\0" * 8),
        "array of 10 GB": array((10 << 30,), number, b"\0" * 8),
        "array that overflows": array((1 << 62, 4), number, b""),
        "array of other bytes": array((3,), number, b"\0" * 8),
        "array of no bytes": array((1,), number, [1.0]),
        "array without content": array((1,), Raw(b"N"), b""),
        "array changed twice": _holding(built(built(call(named("numpy", "dtype"), "f8"), (3, "<")), (3, "<"))),
        "array from a list": _holding(call(named("numpy.core.numeric", "_frombuffer"), [1], number, (1,), "C")),
        "scalar of other bytes": _holding(call(scalar, number, b"1")),
        "scalar of objects": _holding(call(scalar, _dtype("O8"), b"12345678")),
        "scalar of text": _holding(call(scalar, "f8", b"12345678")),
        "bytes in another encoding": _holding(call(named("_codecs", "encode"), "x", "rot13")),
        "bytes beyond Latin-1": _holding(call(named("_codecs", "encode"), "\u2603", "latin1")),
    }  # fmt: skip


def _networks() -> dict[str, bytes]:
    """Return readable pickles that hold no valid network."""
    cycle = Raw(
        b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n}\x94(" + text("type") + text("class")
        + text("class_name") + text("Generator") + text("state") + b"}\x94" + b"u\x85R\x94"
    )  # fmt: skip
    own = (
        b"h\x01"
        + text("_modules")
        + value({})
        + b"\x94("
        + text("mapping")
        + b"h\x02"
        + text("synthesis")
        + b"h\x02us0"
    )
    parts = {
        "nothing": {}, "a number": 1, "text": "G_ema", "a list": [1, 2, 3], "None": None,
        "G_ema that is a dict": {"G_ema": {}}, "an empty module": {"G_ema": module("Generator", {})},
        "a module without state": {"G_ema": module("Generator", [1])},
        "a module that is no dict": {"G_ema": call(named(*PERSISTENT), [1])},
        "modules that are numbers": {"G_ema": module("Generator", {"_modules": {"mapping": 1, "synthesis": 2}})},
        "modules in a list": {"G_ema": module("Generator", {"_modules": [1]})},
        "a million blocks": {"G_ema": module("Generator", {"z_dim": 1, "_modules": {
            "mapping": module("M", {}), "synthesis": module("S", {"block_resolutions": list(range(100_000))})}})},
        "a Network without state": (1, 2, call(named("dnnlib.tflib.network", "Network"))),
        "a Network of text": (1, 2, built(call(named("dnnlib.tflib.network", "Network")), "state")),
        "a network of two": (1, 2),
    }  # fmt: skip
    cases = {f"network: {name}": pickled(part) for name, part in parts.items()}
    cases["network: a module in itself"] = START + b"}" + text("G_ema") + cycle.code + own + b"s" + STOP
    return cases | _again_and_again()


def _again_and_again() -> dict[str, bytes]:
    """Return values that are stored once, and then processed by as many calls as opcodes are allowed."""

    def repeated(noted: bytes, code: bytes, count: int = 60_000) -> bytes:
        return START + noted + b"\x94]" + MARK + code * count + b"e\x86" + STOP

    blob = _blob(1 << 20, raw=b"\0" * (4 << 20)).decode("latin-1")
    text_blob = named("_codecs", "encode").code + value((blob, "latin1")) + b"R"
    load = named("torch.storage", "_load_from_bytes").code + b"h\x00\x85R"
    slow = START + b"]" + b"Na" * 100_000 + STOP
    pairs = [(f"a{i}", 1) for i in range(20_000)]
    shape = (1,) * 20_000
    many = [("x", 1.0)] * 20_000
    leaf = built(call(named("dnnlib.tflib.network", "Network")),
                 {"version": 4, "static_kwargs": {}, "components": {}, "variables": many})  # fmt: skip
    wide = Raw(
        leaf.code + b"\x94" + b"".join(
            named("dnnlib.tflib.network", "Network").code + b")R}(" + text("version") + value(4) + text("static_kwargs")
            + b"}" + text("variables") + b"]" + text("components") + b"}(" + b"".join(
                text(f"p{i}") + b"h" + bytes([depth]) for i in range(3000)) + b"uub\x94" for depth in range(3))
    )  # fmt: skip
    return {
        "again: one text for many storages": repeated(text_blob, load),
        "again: a long pickle inside": repeated(value(slow), load, 5000),
        "again: many short pickles inside": START + b"]" + MARK + text("a" * 99) + b"".join(
            named("torch.storage", "_load_from_bytes").code + value(_blob(1, raw=bytes([i & 255, i >> 8, 0, 0])))
            + b"\x85R" for i in range(30_000)) + b"e" + STOP,
        "again: a text encoded": repeated(text("a" * 60_000), named("_codecs", "encode").code + b"h\x00"
            + text("latin1") + b"\x86R"),
        "again: a dict of pairs": repeated(value(pairs), named("collections", "OrderedDict").code + b"h\x00\x85R"),
        "again: a set": repeated(value(list(range(20_000))), named("builtins", "set").code + b"h\x00\x85R"),
        "again: a long shape": repeated(value(shape), named("torch._utils", "_rebuild_tensor_v2").code + MARK + b"N"
            + value(0) + b"h\x00h\x00\x89}tR"),
        "again: parts in parts": pickled((1, 2, wide)),
        "again: one variable": pickled((1, 2, leaf)),
    }  # fmt: skip


def zipped(entries: dict[str, bytes], **options: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:  # type: ignore[call-overload]
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _zips() -> dict[str, bytes]:
    good = pickled({"g_ema": {}})
    storage = Raw(value(("storage", named("torch", "FloatStorage"), "0", "cpu", 10 << 28, None)) + b"Q")
    outside = Raw(value(("storage", named("torch", "FloatStorage"), "../../etc/passwd", "cpu", 1, None)) + b"Q")
    small = zipped({"archive/data.pkl": good})
    lying = small.replace(struct.pack("<I", len(good)), struct.pack("<I", 0xFFFF0000))
    bomb = zipped({"archive/data.pkl": b"\0" * (64 << 20)}, compression=zipfile.ZIP_DEFLATED, compresslevel=9)
    return {
        "zip bomb": bomb,
        "zip bomb, bzip2": zipped({"archive/data.pkl": b"\0" * (16 << 20)}, compression=zipfile.ZIP_BZIP2),
        "zip whose pickle is 17 MiB": zipped({"archive/data.pkl": b"N" * (17 << 20)}),
        "zip with no pickle": zipped({"readme.txt": b"hello"}),
        "zip with two pickles": zipped({"a/data.pkl": good, "b/data.pkl": good}),
        "zip of 10 GB": zipped({"archive/data.pkl": pickled({"g_ema": {"input.input": storage}})}),
        "zip that reads elsewhere": zipped({"archive/data.pkl": pickled(outside)}),
        "zip that lies of its sizes": lying,
        "zip, encrypted": small.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"),
        "zip, its directory elsewhere": small[:-6] + b"\xff\xff\xff\x7f\0\0",
        "zip, big-endian": zipped({"archive/data.pkl": good, "archive/byteorder": b"big"}),
        "zip of nothing": zipped({}),
        "zip magic alone": b"PK\x03\x04",
        "zip in a zip": zipped({"archive/data.pkl": small}),
    }


def _safetensors() -> dict[str, bytes]:
    def file(header: object, tail: bytes = b"") -> bytes:
        text_of = header if isinstance(header, bytes) else json.dumps(header).encode()
        return struct.pack("<Q", len(text_of)) + text_of + tail

    def one(**changes: object) -> bytes:
        return file({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}}, b"\0" * 8)

    return {
        "safetensors: a header of 2^60": struct.pack("<Q", 1 << 60) + b"{}",
        "safetensors: a deep header": file(b"[" * 1_000_000),
        "safetensors: a list": file([1]), "safetensors: an empty header": file(b""),
        "safetensors: a number of a million digits": file(b'{"a": ' + b"9" * 1_000_000 + b"}"),
        "safetensors: a negative size": one(shape=[-2]), "safetensors: 10 GB": one(shape=[10 << 28]),
        "safetensors: offsets beyond": one(data_offsets=[8, 16]), "safetensors: offsets back": one(data_offsets=[8, 0]),
        "safetensors: a negative offset": one(data_offsets=[-8, 0]), "safetensors: an unknown type": one(dtype="F8"),
        "safetensors: a type that is a list": one(dtype=[]), "safetensors: a shape that is text": one(shape="2"),
        "safetensors: 100 axes": one(shape=[1] * 99 + [2]), "safetensors: metadata of numbers": file(
            {"__metadata__": {"a": 1}}),
        "safetensors: of another kind": one(),
        "safetensors: overlapping tensors": file({str(i): {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
                                                  for i in range(1000)}, b"\0" * 8),
        "safetensors: a gap": one(data_offsets=[8, 16]) + b"\0" * 8,
        "safetensors: a format of a million letters": file({"__metadata__": {"format": "x" * 1_000_000}}),
        "safetensors: control characters": file({"__metadata__": {"format": "\x1b]0;title\x07\n"}}),
        "safetensors: a version of a million letters": file({"__metadata__": {
            "format": "fgraph-stylegan2", "format_version": "x" * 1_000_000}}),
        "safetensors: a StyleGAN3 of a million letters": file({"__metadata__": {
            "format": "fgraph-stylegan3", "format_version": "x" * 1_000_000}}),
        "safetensors: numbers of 4,000 digits": file({"__metadata__": {
            "format": "fgraph-stylegan2", "format_version": "1", "architecture": "skip", "size": "9" * 4000,
            "channels": json.dumps({"9" * 4000: 1, "8" * 4000: 2}), "z_dim": "9" * 4000, "w_dim": "1",
            "mapping_layers": "1", "image_channels": "3"}}),
        "safetensors: a delta": file({"__metadata__": {
            "format": "fgraph-stylegan2-delta", "base": "/etc/passwd", "base_sha256": "0" * 64}}),
        "safetensors: a delta to an address": file({"__metadata__": {
            "format": "fgraph-stylegan2-delta", "base": "https://192.0.2.1/a.pt", "base_sha256": "0" * 64}}),
        "safetensors: a delta with a path as digest": file({"__metadata__": {
            "format": "fgraph-stylegan2-delta", "base": "avatar", "base_sha256": "../../etc/passwd"}}),
        "safetensors: odd metadata": file({"__metadata__": {
            "format": "fgraph-stylegan2", "format_version": "1", "architecture": "skip", "size": "1e9"}}),
        "safetensors: endless widths": file({"__metadata__": {
            "format": "fgraph-stylegan2", "format_version": "1", "architecture": "skip", "size": "4",
            "channels": '{"4": 1e400}', "z_dim": "1", "w_dim": "1", "mapping_layers": "1", "image_channels": "3"}}),
        "safetensors: endless layers": file({"__metadata__": {
            "format": "fgraph-stylegan2", "format_version": "1", "architecture": "skip", "size": "4",
            "channels": '{"4": 1}', "z_dim": "1", "w_dim": "1", "mapping_layers": "99999999", "image_channels": "3"}}),
    }  # fmt: skip
