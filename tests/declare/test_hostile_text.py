"""Expensive YAML, and values that YAML misreads: each is a fault with its line, after bounded work."""

import os
from pathlib import Path

import pytest

import fgraph
from fgraph._errors import Fault, GraphError
from fgraph.declare import read
from fgraph.declare.document import DEEPEST, MOST_REPEATED, parse
from fgraph.declare.interpolation import MOST_VALUES, escaped
from tests.declare.toys import OPS


def multiplied(template: str, item: str, separator: str) -> str:
    """Return twelve parameters that each name the previous one nine times: 9 ** 12 values if expanded."""
    lines = [
        f"  a{n}: " + template.format(n=n, items=separator.join([item.format(before=n - 1)] * 9)) for n in range(1, 13)
    ]
    return "\n".join(lines) + "\n"


BILLION = "params:\n  a0: &a0 [x]\n" + multiplied("&a{n} [{items}]", "*a{before}", ", ")
MERGES = "params:\n  a0: &a0 {x: 1}\n" + multiplied("&a{n} {{<<: [{items}]}}", "*a{before}", ", ")
LISTS = "params:\n  a0: [x]\n" + multiplied("[{items}]", "'${{params.a{before}}}'", ", ")
TEXTS = "params:\n  a0: xxxxxxxx\n" + multiplied("'{items}'", "${{.a{before}}}", "")


def faults_of(text: str) -> list[Fault]:
    return read(f"{text}nodes: {{}}\n", ops=OPS)[1]


@pytest.mark.parametrize("text", [BILLION, MERGES])
def test_aliases_and_merges_multiply_no_further_than_a_bound(text: str) -> None:
    document = parse(text, "x.yaml")
    assert document.data is None
    (fault,) = document.faults
    assert fault.message == f"aliases and merges expand to more than {MOST_REPEATED} values"
    assert (fault.file, fault.line is not None) == ("x.yaml", True)


@pytest.mark.parametrize("text", [LISTS, TEXTS])
def test_interpolations_multiply_no_further_than_a_bound(text: str) -> None:
    faults = faults_of(text)
    assert faults
    assert all("cannot be resolved" in fault.message and fault.line for fault in faults)
    assert "longer than" in faults[0].message or f"more than {MOST_VALUES} values" in faults[0].message


def test_the_total_of_all_interpolations_is_bounded() -> None:
    many = ", ".join(['"${params.big}"'] * 200)
    text = f"params: {{big: [{', '.join('0' * 1000)}], many: [{many}]}}\n"
    faults = faults_of(text)
    assert "all interpolations together" in faults[0].message
    assert len(faults) == 100  # of 200 lists of 1,000 values


def test_a_run_of_backslashes_is_searched_once() -> None:
    """A search that starts again at each backslash takes minutes."""
    run = "\\" * 400_000
    (fault,) = faults_of(f"params: {{a: 1, b: '{run}x${{params.a}}'}}\n")
    assert "longer than" in fault.message
    data = {"b": f"{run}x${{params.a}}"}
    assert escaped(data)["b"].endswith("x\\${params.a}")


def test_a_long_chain_and_a_circle_of_interpolations() -> None:
    chain = "".join(f'  a{n}: "${{.a{n + 1}}}"\n' for n in range(20_000))
    faults = faults_of(f"params:\n{chain}  a20000: 1\n")
    assert all(f"a chain of more than {DEEPEST} values" in fault.message for fault in faults)
    (a, b) = faults_of('params: {a: "${.b}", b: "${.a}"}\n')
    assert "it is circular: params.a -> params.b -> params.a" in a.message
    assert "circular" in b.message


@pytest.mark.parametrize(
    "text",
    ["[" * 900, "[" * 200_000, "{a: " * 900 + "1" + "}" * 900, "- " * 900 + "1", "- " * 100_000 + "1"],
    ids=["lists", "many lists", "mappings", "dashes", "many dashes"],
)
def test_deep_nesting_is_a_fault(text: str) -> None:
    (fault,) = parse(text, "x.yaml").faults
    assert "nest" in fault.message  # of fgraph, or of the parser of YAML, which has a bound of its own
    assert fault.line == 1


def test_sub_graphs_in_each_other_are_bounded(tmp_path: Path) -> None:
    head = "nodes:\n" + "".join(f"{' ' * (4 * n + 2)}s:\n{' ' * (4 * n + 4)}nodes:\n" for n in range(300))
    file = tmp_path / "deep.yaml"
    file.write_text(head + " " * 1210 + "x: {op: sample}\n")
    with pytest.raises(GraphError, match=r"deep\.yaml:\d+: .*nested more than") as caught:
        fgraph.load(file)
    assert len(caught.value.faults) == 1
    data: dict[str, object] = {"x": {"op": "sample"}}
    for _ in range(300):
        data = {"s": {"op": "subgraph", "nodes": data, "output": "x"}}
    with pytest.raises(GraphError, match="nested more than"):
        fgraph.load({"nodes": data})
    loop: dict[str, object] = {}
    loop["nodes"] = loop
    with pytest.raises(GraphError, match="nested more than"):
        fgraph.load(loop)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("!!timestamp 9999999-99-99", "has the tag 'timestamp'"),
        ("!!timestamp 2026-01-01", "has the tag 'timestamp'"),
        ("!!binary aGVsbG8=", "has the tag 'binary'"),
        ("!!set {a, b}", "has the tag 'set'"),
        ("!!omap [a: 1]", "has the tag 'omap'"),
        ("!!python/name:os.system x", "has the tag"),
        ("!!python/object/apply:os.system [ls]", "has the tag"),
        ("!mine x", "has the tag '!mine'"),
        ("!!float abc", "'abc' is not a value of type float"),
        ("!!int abc", "'abc' is not a value of type int"),
        ("!!bool maybe", "'maybe' is not a value of type bool"),
        ("1" * 5000, "has 5000 characters"),
        ("0x" + "f" * 5000, "has 5002 characters"),
        ("1" * 5000 + ".5", "has 5002 characters"),
        ("1:30", "in base 60"),
        ("190:20:30.15", "in base 60"),
        ("010", "in base 8"),
        ("-017", "in base 8"),
    ],
)
def test_values_that_yaml_misreads(value: str, says: str, tmp_path: Path) -> None:
    (fault,) = parse(f"a: 1\nseed: {value}\n", "x.yaml").faults
    assert says in fault.message
    assert (fault.file, fault.line, fault.where) == ("x.yaml", 2, "seed")
    file = tmp_path / "x.yaml"
    file.write_text(f"seed: {value}\nnodes: {{a: {{op: sample}}}}\noutputs: [a]\n")
    with pytest.raises(GraphError, match=r"x\.yaml:1: seed: "):
        fgraph.load(file)


def test_plain_numbers_stay_numbers() -> None:
    text = "[0, 10, -7, 0x1f, 0b11, 1_000, 0.5, 08.5, 1e3, 007.5, '010', '1:30', 0o7]"
    document = parse(text)
    assert not document.faults
    assert document.data == [0, 10, -7, 31, 3, 1000, 0.5, 8.5, 1000.0, 7.5, "010", "1:30", "0o7"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("nodes: {}".encode("utf-16"), "not text in UTF-8"),
        ("nodes: {}".encode("utf-16-le"), "this is not YAML"),
        ("# größe\nnodes: {}".encode("latin-1"), "not text in UTF-8"),
        (b"nodes: {}\x00", "this is not YAML"),
        (b"[1, 2]", "expected a mapping"),
        (b"nodes", "expected a mapping"),
    ],
)
def test_files_that_are_not_graph_text(content: bytes, says: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(content)
    with pytest.raises(GraphError, match=says) as caught:
        fgraph.load(file)
    assert str(file) in str(caught.value)


def test_a_byte_order_mark_is_not_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(b"\xef\xbb\xbfnodes: {a: {op: sample}}\noutputs: [a]\n")
    assert list(fgraph.load(file).spec.nodes) == ["a"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no named pipes")
def test_a_pipe_and_a_device_are_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(GraphError, match="not a regular file"):
            fgraph.load(path)


def test_a_large_file_is_refused_before_it_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fgraph._limits.GRAPH_FILE", 2**20)
    file = tmp_path / "x.yaml"
    file.write_text("#" * (2**20 + 1))
    with pytest.raises(GraphError, match="larger than 1"):
        fgraph.load(file)


@pytest.mark.parametrize("name", ["~nobody_of_this_name/x.npz", "~/x\0.npz", "x" * 5000, "../" * 2000])
def test_paths_that_lead_nowhere(name: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    quoted = name.replace("\0", "\\0")
    file.write_text(f'nodes:\n  a: {{op: latent, file: "{quoted}"}}\n  b: {{op: decode, of: a}}\noutputs: [b]\n')
    with pytest.raises(GraphError):
        fgraph.compile(file)
