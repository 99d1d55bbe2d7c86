"""Hostile pickles aimed at the inert stand-ins of unknown classes, and at the search for a generator among them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any

from tests.hostile.opcodes import MARK, START, STOP, Raw, built, call, module, named, pickled, stacked, text, value

_SYSTEM = named("os", "system")
_LONG = "a" * 60_000
_NAMES = ("input.input", "synthesis.b4.const", "synthesis.input.freqs", "constant_input.input", "constant_input.weight",
          "synthesis.early_layer.const")  # fmt: skip


def stand_in_cases(command: str) -> Iterator[tuple[str, bytes]]:
    """Yield every case, by name."""
    made = call(_SYSTEM, command)
    for what, item in {"a name": _SYSTEM, "a call": made, "a built call": built(made, {"a": 1})}.items():
        for place, content in _places(item):
            yield f"inert: {what} {place}", pickled(content)
    yield from _changes(command, made)
    yield from _many(made)
    yield from _searched()


def _places(item: Raw) -> Iterator[tuple[str, Any]]:
    """Yield a stand-in in every place of a generator."""
    tensor = named("torch._utils", "_rebuild_tensor_v2")
    yield "as the file", item
    yield "as the network", {"G_ema": item}
    yield "as its parts", {"G_ema": module("Generator", {"_modules": item})}
    yield "as its state", {"G_ema": module("Generator", item)}
    yield "as a part", {"G_ema": module("Generator", {"_modules": {"mapping": item, "synthesis": item}})}
    yield "as a tensor", {"G_ema": module("G", {"_modules": {
        "mapping": module("M", {"_modules": {"fc0": module("F", {"_parameters": {"weight": item}})}}),
        "synthesis": module("S", {"_modules": {"b4": module("B", {"_parameters": {"const": item}})}})}})}  # fmt: skip
    yield "as a storage", {"g_ema": {"input.input": call(tensor, item, 0, (1,), (1,), False, {})}}
    yield "as sizes", {"g_ema": {"input.input": call(tensor, item, item, item, item, item, item)}}
    yield "as a dtype", (1, 2, call(named("numpy.core.multiarray", "scalar"), item, b"12345678"))
    yield "as an array", call(named("numpy._core.numeric", "_frombuffer"), item, item, (1,), "C")
    yield "as pairs", {"G_ema": call(named("collections", "OrderedDict"), [item])}
    yield "as a blob", {"G_ema": call(named("torch.storage", "_load_from_bytes"), item)}
    yield "as a TensorFlow network", (1, 2, item)
    yield "as its variables", (1, 2, built(call(named("dnnlib.tflib.network", "Network")), {
        "version": 4, "static_kwargs": {"resample_kernel": item}, "components": {"a": item}, "variables": [("x", item)],
    }))  # fmt: skip
    for name in _NAMES:
        yield f"as {name}", {"state_dict": {f"decoder.{name}": item}, "latent_avg": item, "meta": item, "fgraph": item}
        yield f"beside {name}", {name: item, "opts": item}


def _changes(command: str, made: Raw) -> Iterator[tuple[str, bytes]]:
    """Yield pickles with opcodes that change or call a stand-in."""
    tail = {"make": command, "__call__": command, "__class__": command, "kind": "ndarray", "state": command}
    yield "inert: a name with a state", pickled({"G_ema": built(_SYSTEM, tail)})
    yield "inert: a name with slots", pickled({"G_ema": built(_SYSTEM, (None, tail))})
    yield "inert: a call with slots", pickled({"G_ema": built(made, (None, tail))})
    yield "inert: two states", pickled({"G_ema": built(built(made, tail), tail)})
    yield "inert: a call of a call", pickled({"G_ema": call(made, command)})
    yield "inert: a new object of a call", START + made.code + value((command,)) + b"\x81" + STOP
    yield "inert: a call of no tuple", START + _SYSTEM.code + value([command]) + b"R" + STOP
    yield "inert: items of a name", START + _SYSTEM.code + MARK + value(command) + b"e" + STOP
    yield "inert: items of a call", START + made.code + MARK + value(command) + b"e" + STOP
    yield "inert: pairs of a call", START + made.code + MARK + value(command) + value(command) + b"u" + STOP
    yield "inert: members of a call", START + made.code + MARK + value([command]) + b"\x90" + STOP
    yield "inert: items below a mark", START + made.code + MARK + MARK + value(command) + b"e" + STOP
    yield "inert: a key", START + b"}" + made.code + b"Ns" + STOP
    yield "inert: a member", START + b"\x8f" + MARK + made.code + b"\x90" + STOP
    yield "inert: a persistent id", START + made.code + b"Q" + STOP
    source = Raw(value(("module", _SYSTEM, "a.py", command)) + b"Q")
    yield "inert: a class with its source", pickled({"g_ema": call(source, command)})
    yield "inert: names that are not text", START + value(1) + value([]) + b"\x93" + STOP
    for kind in ("ndarray", "dtype", "Network"):
        for odd in (("", kind), (kind, ""), ("numpy.core.multiarray._reconstruct", kind), ("builtins", kind)):
            yield f"inert: {odd} as a kind", pickled((1, 2, built(call(stacked(*odd), "f4"), {"version": 4})))
            array = built(call(stacked(*odd)), (1, (1,), call(named("numpy", "dtype"), "f4"), False, b"1234"))
            yield f"inert: {odd} as an array", pickled({"gen_ema": {"input.input": array}})
    pair = call(named("builtins", "tuple"), (1, 2, 3), 4)
    yield "inert: a pair of three", pickled({"gen_ema": {"input.input": pair}})
    yield "inert: a pair in itself", START + b"}" + text("input.input") + named("builtins", "tuple").code + b"]\x94" + (
        b"h\x00\x86\x85Rs" + STOP)  # fmt: skip


def _many(made: Raw) -> Iterator[tuple[str, bytes]]:
    """Yield stand-ins that demand much memory or time."""
    name = text(_LONG) + b"\x94"
    yield "inert: long names", START + name + b"]" + MARK + b"h\x00h\x00\x93" * 60_000 + b"e" + STOP
    short = text("a" * 250) + b"\x94"
    yield "inert: names", START + short + b"]" + MARK + b"h\x00h\x00\x93" * 100_000 + b"e" + STOP
    yield "inert: calls", START + _SYSTEM.code + b"\x94]" + MARK + b"h\x00)R" * 100_000 + b"e" + STOP
    yield "inert: calls of calls", START + b")" + (b"\x94cos\nsystem\nh" + b"\x00\x85R") * 60_000 + STOP
    yield "inert: states in states", START + b"N" + b"\x94cos\nsystem\n)Rh\x00b" * 60_000 + STOP
    yield "inert: items again and again", START + value(list(range(1000))) + b"\x94" + made.code + (
        MARK + b"h\x00" * 100_000 + b"e" + STOP)  # fmt: skip
    yield "inert: itself in itself", START + b"}" + text("G_ema") + made.code + b"\x94h\x00bs" + STOP


def _torch(parts: bytes, tensors: bytes = b"}") -> bytes:
    """Return a module of a class of torch, with parts and tensors as opcodes."""
    state = b"}(" + text("_modules") + parts + text("_parameters") + tensors + b"u"
    return named("torch.nn.modules.module", "Module").code + b")R" + state + b"b"


def _searched() -> Iterator[tuple[str, bytes]]:
    """Yield values in which the search for a generator takes long."""
    odd = "\x1b]0;title\x07\n" + "x" * 3000
    yield "search: a network of an odd name", pickled({odd: module("Generator", {"_modules": {"synthesis": 1}})})
    for sign in _NAMES:
        yield f"search: {sign} under an odd name", _shared([f"{odd}.{sign}", f"{odd}.{odd}"])
    yield "search: a dict in itself", START + b"}\x94" + text("state_dict") + b"h\x00s" + STOP
    yield "search: dicts that are left", START + b"}" * 100_000 + STOP
    nested = b"}" + b"".join(b"\x94}" + text("model") + b"h" + bytes([i]) + b"s" for i in range(200))
    yield "search: wrappers in wrappers", START + nested + STOP
    wide = b"}(" + b"".join(text(f"k{i}") + b"}" for i in range(60_000)) + b"u"
    yield "search: 60,000 dicts", START + wide + STOP
    shared = b"}(" + b"".join(text(f"k{i}") + b"N" for i in range(50_000)) + b"u\x94"
    yield "search: one dict of 50,000 in dicts", START + b"}(" + text("a") + shared + b"".join(
        text(f"w{i}") + b"}" + text("x") + b"h\x00s" for i in range(20_000)) + b"u" + STOP  # fmt: skip
    for sign in _NAMES:
        yield f"search: 20,000 of {sign}", _shared(f"p{i}.{sign}" for i in range(20_000))
        yield f"search: a long prefix of {sign}", _shared([f"{'a.' * 15_000}{sign}", _LONG + sign])
        yield f"search: numbers as {sign}", pickled({f"p{i}.{sign}": i for i in range(20_000)})
        names = [f"{sign.rpartition('.')[0]}.{'x.' * 20_000}{i}" for i in range(10)]
        yield f"search: long names of {sign}", _shared([sign, *names])
        yield (
            f"search: many names of {sign}",
            _shared([sign, *(f"a{i}.b.c.d" for i in range(9000))]),
        )
    part = _torch(b"}") + b"\x94"
    for i in range(60):
        pair = b"}(" + text("a") + b"h" + bytes([i]) + text("b") + b"h" + bytes([i]) + b"u"
        part += b"0" + _torch(pair) + b"\x94"
    yield "search: 2^60 modules", START + part + STOP
    loop = (
        named("torch.nn.modules.module", "Module").code + b")R\x94}(" + text("_modules") + b"}" + text("a") + b"h\x00su"
    )
    yield "search: a module in itself", START + loop + b"b" + STOP
    shared = b"}(" + b"".join(text(f"{'n' * 100}{i}") + b"N" for i in range(40_000)) + b"u\x94"
    modules = b"}(" + text("m0") + _torch(b"}", shared) + b"".join(
        text(f"m{i}") + _torch(b"}", b"h\x00") for i in range(1, 4000)) + b"u"  # fmt: skip
    yield "search: 4,000 modules of 40,000 tensors", START + _torch(modules) + STOP
    for what, layers in {
        "without end": ("99999_99999", (0, 1, 2, 99, 999)),
        "of no size": ("00001_1", range(60)),
    }.items():
        found = [f"synthesis.L{i}_{layers[0]}.weight" for i in layers[1]]
        yield f"search: layers {what}", _shared(["synthesis.input.freqs", *found])


def _tensor() -> Raw:
    """Return a tensor of one number."""
    head = b"".join(map(pickled, (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})))
    storage = Raw(value(("storage", named("torch", "FloatStorage"), "0", "cpu", 1, None)) + b"Q")
    blob = head + pickled(storage) + pickled(["0"]) + struct.pack("<q", 1) + b"\0\0\x80\x3f"
    load = call(named("torch.storage", "_load_from_bytes"), blob)
    return call(named("torch._utils", "_rebuild_tensor_v2"), load, 0, (1,), (1,), False, {})


def _shared(names: Iterable[str]) -> bytes:
    """Return a state dict whose tensors are the same one: the first is pickled, the others recall it."""
    first, *others = names
    content = text(first) + _tensor().code + b"\x94" + b"".join(text(name) + b"h\x00" for name in others)
    return START + b"}(" + content + b"u" + STOP
