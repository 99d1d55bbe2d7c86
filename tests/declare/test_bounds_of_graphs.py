"""Numbers far beyond use are refused with their bound; short graphs that name one node many times stay cheap."""

import sys
from typing import Any

import pytest
from pydantic import BaseModel

import fgraph
from fgraph import _limits
from fgraph._errors import GraphError
from fgraph.declare import Graph
from fgraph.declare.checking import Head
from fgraph.masks import Box, Complement, MaskExpr, combine, rasterise, rasterise_window, support
from fgraph.node import Noise
from nodes import NODES
from nodes.rows import _resolve

HEAD = "nodes:\n  c: {op: sample}\n  d: {op: sample, seed: 5}\n  m: {op: mask, kind: ramp}\n"


def decoded(lines: str, last: str) -> str:
    return f"{HEAD}{lines}  image: {{op: decode, of: {last}}}\noutputs: [image]\n"


def masked(mask: str) -> str:
    return decoded(f"  e: {mask}\n  n: {{op: blend, a: c, b: d, mask: e}}\n", "n")


def bent(channels: str) -> str:
    return decoded(f"  e: {{op: bend, kind: scale, of: c, layers: all, channels: '{channels}', factor: 2}}\n", "e")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        *((decoded(f"  e: {{op: sample, count: {n}}}\n", "e"), "from 1 to 100000") for n in (10**6, 10**18, 10**30)),
        (decoded("  e: {op: sample, count: 1e30}\n", "e"), "from 1 to 100000"),
        (decoded("  e: {op: sample, count: 60000, seed: [1, 2]}\n", "e"), "120000 rows; at most 100000 are allowed"),
        (decoded("  e: {op: rows, of: c, take: '" + ",".join([":"] * 200_000) + "'}\n", "e"), "more than 100000 rows"),
        (decoded("  e: {op: mosaic, of: c, grid: [1000000000, 1000000000]}\n", "e"), "from 1 to 10000"),
        (decoded(f"  e: {{op: concat, of: [{', '.join('c' * 5000)}]}}\n", "e"), "a list of 1 to 256 ids"),
        (decoded("  e: {op: pad, of: c, left: 1e9}\n", "e"), "pad makes 4e+09 pixels a side"),
        (decoded("  e: {op: pad, of: c, left: '1e100000000'}\n", "e"), "at most 1e+09"),
        (decoded("  e: {op: pad, of: c, left: '1/3" + "3" * 5000 + "'}\n", "e"), "at most 100 characters"),
        (decoded("  e: {op: pad, of: c, left: '1e999'}\n", "e"), "'1e999' is out of range: at most 1e+09"),
        (decoded("  e: {op: shift, of: c, dx: -1e19}\n", "e"), "at most 1e+09"),
        (decoded("  e: {op: shift, of: c, dx: 1e-320}\n", "e"), "at most 1e+09"),
        (decoded("  e: {op: bend, kind: translate, of: c, dx: [0, 1e308]}\n", "e"), "at most 1e+09"),
        (decoded("  e: {op: transform, of: c, scale: 1e300}\n", "e"), "at most 1e+09"),
        (masked("{op: mask, kind: ellipse, radii: [1e-320, 0.1]}"), "at least 1e-100"),
        (masked("{op: mask, kind: ramp, start: 0, stop: 1e308}"), "'1e+308' is out of range: at most 1e+09, and 0 or"),
        (decoded("  e: {op: resize, of: c, width: 1e9}\n", "e"), "resize makes 4e+09 pixels a side"),
        (bent("0..1000000000"), "above 99999"),
        (bent("9" * 5000), "above 99999"),
        (masked("{op: mask, kind: box, box: [0, 0, 1, 0.5], feather: 1e9}"), "from 0 to 1"),
        (masked("{op: mask, kind: box, box: [0, 0, 1, 0.5], raster: 8192}"), "from 1 to 2048"),
        (masked("{op: mask, kind: box, box: [0, 0, 1, 0.5], raster: 64, sigma: [9999, 1]}"), "from 0 to 256"),
        (masked(f"{{op: mask, kind: polygon, points: [{', '.join(['[0, 1]'] * 3000)}]}}"), "at most 2000 lists"),
        (masked("{op: mask, kind: ramp, feather: [0.1, 0.2], alpha: [0.1, 0.2, 0.3]}"), "do not broadcast"),
        (f"{HEAD}  p: {{op: image, path: x.png, size: 1000000000}}\noutputs: [p]\n", "from 1 to 8192"),
        (f"{HEAD}  p: {{op: image, path: x.png, size: 0}}\noutputs: [p]\n", "from 1 to 8192"),
        (f"{HEAD}  p: {{op: image, path: x.png, size: [-1, 4]}}\noutputs: [p]\n", "from 1 to 8192"),
        (f"seed: {10**40}\n{HEAD}outputs: [c]\n", "from 0 to 9223372036854775807"),
    ],
)  # fmt: skip
def test_absurd_numbers_are_faults_with_the_bound(text: str, says: str) -> None:
    faults = fgraph.check(text)
    assert says in str(GraphError(faults))
    assert all(fault.line for fault in faults)


def test_every_whole_number_of_a_node_has_bounds() -> None:
    """The schema states the bounds of each number, so that readers of the schema know them."""
    open_ended = []
    models: list[type[BaseModel]] = [*NODES, Noise, Head]
    for model in models:
        schema = model.model_json_schema()
        open_ended += [f"{model.__name__}.{path}" for path in _unbounded(schema, "", schema.get("$defs", {}))]
    assert open_ended == []


def _unbounded(schema: Any, path: str, defs: dict[str, Any]) -> list[str]:
    if isinstance(schema, list):
        return [found for one in schema for found in _unbounded(one, path, defs)]
    if not isinstance(schema, dict):
        return []
    if schema.get("type") == "integer" and "const" not in schema and "enum" not in schema:
        bounded = {"maximum", "exclusiveMaximum"} & set(schema) and {"minimum", "exclusiveMinimum"} & set(schema)
        return [] if bounded else [path]
    found = []
    for key, value in schema.items():
        if key == "properties":
            for name, one in value.items():
                found += _unbounded(one, f"{path}.{name}".strip("."), defs)
        elif key not in ("default", "description", "title"):
            found += _unbounded(value, path, defs)
    return found


def test_many_nodes_are_refused_before_they_are_made() -> None:
    many: dict[str, Any] = {f"n{number}": {"op": "sample"} for number in range(_limits.NODES + 1)}
    with pytest.raises(GraphError, match=f"more than {_limits.NODES} nodes") as caught:
        fgraph.load({"nodes": many, "outputs": ["n0"]})
    assert len(caught.value.faults) == 1
    text = "nodes:\n" + "".join(f" n{number}: {{}}\n" for number in range(_limits.NODES + 1))
    with pytest.raises(GraphError, match=rf"line {_limits.NODES + 2}: the graph has more than {_limits.NODES} nodes"):
        fgraph.load(text)


MISTAKES = {
    "no such node": "  n{n}: {{op: decode, of: m{n}}}\n",
    "no such node inside": "  n{n}: {{op: decode, of: m{n}.x}}\n",
    "no such op": "  n{n}: {{op: sampel{n}}}\n",
    "no op": "  n{n}: {{seed: 1}}\n",
    "no such model": "  n{n}: {{op: sample, model: m{n}}}\n",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_hints_for_many_mistakes_take_few_comparisons(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def count(name: str, known: Any, **options: Any) -> list[str]:
        compared.append(name)
        return list(known)[:1]

    monkeypatch.setattr("difflib.get_close_matches", count)
    models = ", ".join(f"k{n}: landscape" for n in range(2000))
    nodes = "".join(MISTAKES[mistake].format(n=n) for n in range(2000))
    faults = fgraph.check(f"models: {{{models}}}\n{HEAD}{nodes}outputs: [c]\n")
    assert len(faults) == 2000
    assert len(compared) <= 40  # in two stages
    assert len(str(GraphError(faults))) < 100_000
    assert str(GraphError(faults)).endswith("... and 1900 more")


def test_a_dotted_name_is_followed_to_a_bounded_depth() -> None:
    (fault,) = fgraph.check(decoded(f"  e: {{op: tap, of: {'a.' * 300_000}b, layer: 0}}\n", "c"))
    assert "which is not a node" in fault.message


def blends(count: int, a: str, b: str, edit: str = "") -> str:
    """Return blends of the previous pass with another pass, each optionally after an edit."""
    lines = "  n0: {op: tap, of: c, layer: b4.conv1}\n  o0: {op: tap, of: d, layer: b4.conv1}\n"
    for n in range(1, count + 1):
        before = n - 1
        if edit:
            lines += f"  s{n}: {{op: {edit}, of: n{n - 1}, dx: 0.25}}\n"
        lines += (
            f"  n{n}: {{op: blend, a: {a.format(n=n, before=before)}, b: {b.format(n=n, before=before)}, mask: m}}\n"
        )
        lines += f"  o{n}: {{op: blend, a: o{before}, b: n{before}, mask: m}}\n" if "o{before}" in b else ""
    return decoded(lines, f"n{count}")


def test_a_pass_blended_with_itself_is_walked_once() -> None:
    """As trees, these have 2^90 leaves."""
    assert fgraph.check(blends(90, "n{before}", "n{before}")) == []
    assert fgraph.check(blends(45, "s{n}", "s{n}", "shift")) == []
    once, often = (fgraph.compile(blends(n, "n{before}", "n{before}"), device="cpu") for n in (1, 90))
    assert often.cost.layer_calls == once.cost.layer_calls


def test_blends_of_blends_have_a_bound() -> None:
    assert fgraph.check(blends(90, "n{before}", "o0")) == []
    for text, says in (
        (blends(400, "n{before}", "o0"), f"nested more than {_limits.NESTED} deep"),
        (blends(60, "n{before}", "o{before}"), f"mixes more than {_limits.TERMS} passes"),
    ):
        faults = fgraph.check(text)
        assert faults
        assert all(says in fault.message and fault.line for fault in faults)


def combined(count: int, options: str = "") -> str:
    lines = "  m0: {op: mask, kind: box, box: [0.25, 0.25, 0.5, 0.5]}\n"
    for n in range(1, count + 1):
        lines += f"  m{n}: {{op: mask, kind: combine, of: [m{n - 1}, m{n - 1}], how: max{options}}}\n"
    return decoded(f"{lines}  n: {{op: blend, a: c, b: d, mask: m{count}}}\n", "n")


def test_masks_of_masks_are_drawn_once_each() -> None:
    plans = [fgraph.compile(combined(n), device="cpu") for n in (1, 60)]
    assert plans[0].cost.layer_calls == plans[1].cost.layer_calls
    assert fgraph.compile(combined(24, ", invert: true, alpha: 0.5, feather: 0.01"), device="cpu")
    (fault,) = fgraph.check(combined(400))
    assert f"masks are nested more than {_limits.NESTED} deep" in fault.message


def shared(levels: int) -> MaskExpr:
    mask: MaskExpr = Box((0, 0, 0.5, 0.5))
    for _ in range(levels):
        mask = combine("add", mask, Complement(mask))
    return mask


def test_shared_masks_are_compared_and_hashed_once() -> None:
    one, other = shared(40), shared(40)
    assert one == other
    assert hash(one) == hash(other)
    assert one != shared(39)
    assert one.depth == 81
    assert rasterise(one, 4, 4).shape == (4, 4)
    assert rasterise_window(one, 4, 4, (0, 0, 2, 2)).shape == (2, 2)
    assert support(one, 8, 8) == (0, 0, 8, 8)


def test_sub_graphs_in_python_have_a_bound() -> None:
    inner = Graph()
    inner.outputs = {"x": inner.sample(seed=1)}
    for _ in range(_limits.NESTED + 20):
        outer = Graph()
        outer.outputs = {"x": outer.subgraph(inner)}
        inner = outer
    (fault, *_) = fgraph.check(inner)
    assert f"sub-graphs are nested more than {_limits.NESTED} deep" in fault.message


def joint(parts: int) -> str:
    """Return a graph that joins this many codes."""
    codes = "".join(f"  c{n}: {{op: sample, seed: {n}}}\n" for n in range(parts))
    joined = f"  e: {{op: concat, of: [{', '.join(f'c{n}' for n in range(parts))}]}}\n"
    return f"nodes:\n{codes}{joined}  image: {{op: decode, of: e}}\noutputs: [image]\n"


def calls_of(text: str) -> int:
    """Count the calls of Python functions that compiling a graph takes."""
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        fgraph.compile(text, device="cpu")
    finally:
        sys.setprofile(before)
    return count


def test_the_work_of_a_joint_is_in_proportion_to_its_parts() -> None:
    fgraph.compile(joint(2), device="cpu")  # fills caches
    few, more, many = (calls_of(joint(parts)) for parts in (16, 48, 112))
    assert many - more <= 2.2 * (more - few)  # 64 parts more, against 32


def test_joints_of_joints_are_bounded_by_the_passes_that_they_join() -> None:
    """Thirty nodes that each join the one before with itself would join a billion passes."""
    chain = "".join(f"  e{n}: {{op: concat, of: [e{n - 1}, e{n - 1}]}}\n" for n in range(1, 31))
    (fault,) = fgraph.check(decoded(f"  e0: {{op: tap, of: c, layer: b4.conv1}}\n{chain}", "e30"))
    assert fault.where == "nodes.e9"
    assert "joins more than 256 passes" in fault.message


def test_outputs_whose_files_would_be_one_are_refused() -> None:
    """Disks of macOS and Windows ignore the case of names: one picture would replace the other."""
    nodes = {"code": {"op": "sample"}, "image": {"op": "decode", "of": "code"}}
    (fault,) = fgraph.check({"nodes": nodes, "outputs": {"image": "image", "Image": "image"}})
    assert fault.message == "'Image' and 'image' are the same file on disks that ignore case: rename one"
    assert not fgraph.check({"nodes": nodes, "outputs": {"a" * 200: "image"}})
    (fault,) = fgraph.check({"nodes": nodes, "outputs": {"a" * 201: "image"}})
    assert "cannot name an output" in fault.message
    assert len(fault.message) < 200


@pytest.mark.parametrize("name", ["con", "NUL", "Aux.old", "com1", "lpt9.a.b"])
def test_outputs_with_the_name_of_a_device_are_refused(name: str) -> None:
    """On Windows, `con.png` is the console."""
    nodes = {"code": {"op": "sample"}, "image": {"op": "decode", "of": "code"}}
    (fault,) = fgraph.check({"nodes": nodes, "outputs": {name: "image"}})
    assert "Windows would write to a device" in fault.message
    assert not fgraph.check({"nodes": nodes, "outputs": {f"x{name}": "image"}})


def test_many_slices_of_many_rows_make_no_lists() -> None:
    assert isinstance(_resolve(":", _limits.ROWS), range)  # a list for each slice took minutes
    nodes = {
        "codes": {"op": "sample", "count": _limits.ROWS},
        "few": {"op": "rows", "of": "codes", "take": ",".join(["0:0"] * _limits.ROWS)},
        "many": {"op": "rows", "of": "codes", "take": "0:0," * _limits.ROWS + "0"},
        "odd": {"op": "rows", "of": "codes", "take": "x" * 50_000},
    }
    faults = fgraph.check({"nodes": nodes, "outputs": ["few"]})
    assert len(faults) == 3
    assert max(len(fault.message) for fault in faults) < 300
