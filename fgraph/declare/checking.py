"""A document -> a GraphSpec of its valid parts, and the faults of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from fgraph import _limits
from fgraph._typed_model import TypedModel
from fgraph.declare.document import Document
from fgraph.declare.node_checking import NodeChecker
from fgraph.declare.source import DocumentPath
from fgraph.declare.spec import GraphSpec, fault_of_output
from fgraph.declare.wording import show, translate
from fgraph.node import Noise
from fgraph.registry import Registry


class Head(TypedModel):
    """The top level of a graph file, with `nodes` and `outputs` not yet checked."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    version: Literal[1] = Field(1, description="the version of the language")
    seed: int = Field(0, ge=0, le=_limits.SEED, description="the seed from which nodes without a seed derive theirs")
    params: dict[str, Any] = Field({}, description="values for interpolation: '${...params.name}' in a node")
    models: dict[str, Any] = Field({}, description="name -> a bundled name, a path or a URL; 'main' is the default")
    noise: Noise = Field(Noise(), description="the noise of every pass that does not set its own")
    nodes: Any = Field({}, description="the nodes, by id")
    outputs: Any = Field([], description="ids, or a mapping from name to id")


def check(document: Document, ops: Registry) -> GraphSpec:
    """Validate a document; return the spec of its valid parts, and add faults to the document."""
    data = document.data
    if not isinstance(data, Mapping):
        if data is not None or not document.faults:
            document.report(f"found {show(data)}, expected a mapping with {', '.join(Head.model_fields)}")
        return GraphSpec(source=document.places.freeze(), broken_keys=frozenset(Head.model_fields))
    checker = NodeChecker(document, ops)
    head = _check_head(data, checker)
    for name, model in head.models.items():
        if not is_model(model):
            checker.report(("models", name), model_fault(model))
    if "nodes" not in data:
        document.report("a graph needs 'nodes': a mapping from id to node", "nodes")
    nodes = checker.nodes(head.nodes, ("nodes",), "")
    outputs = _check_outputs(head.outputs, checker)
    return GraphSpec(
        **{name: getattr(head, name) for name in ("version", "seed", "params", "models", "noise")},
        nodes=nodes,
        outputs=outputs,
        source=document.places.freeze(),
        broken=frozenset(checker.broken),
        broken_keys=frozenset(
            str(path[0]) for path in document.broken if path and (len(path) == 1 or path[0] != "nodes")
        ),
    )


def is_model(value: Any) -> bool:
    """Return whether a value can be a model: a name, a path, a URL, or a loaded generator."""
    return (isinstance(value, str | Path) and str(value) != "") or hasattr(value, "table")


def model_fault(value: Any) -> str:
    """Return the message for a value that cannot be a model."""
    return f"found {show(value)}, expected a bundled name, a path, a URL or a loaded generator"


def _check_head(data: Mapping[str, Any], checker: NodeChecker) -> Head:
    if "defaults" in data:
        checker.report(("defaults",), "a 'defaults' list works only in a file")
        data = {key: value for key, value in data.items() if key != "defaults"}
    try:
        return Head.model_validate(data)
    except ValidationError as error:
        wrong = set()
        for field_error in translate(Head, "a graph", data, error):
            wrong.add(field_error.path[0])
            checker.report(field_error.path, field_error.message, field_error.hint)
        return Head.model_validate({key: value for key, value in data.items() if key not in wrong})


def _check_outputs(outputs: Any, checker: NodeChecker) -> dict[str, str]:
    if isinstance(outputs, list | tuple):
        pairs: list[tuple[str | int, Any, Any]] = [(index, item, item) for index, item in enumerate(outputs)]
    elif isinstance(outputs, Mapping):
        pairs = [(name, name, item) for name, item in outputs.items()]
    else:
        checker.report(("outputs",), f"found {show(outputs)}, expected a list of ids, or a mapping from name to id")
        return {}
    found: dict[str, str] = {}
    alike: dict[str, str] = {}  # names in lower case -> names
    for key, name, reference in pairs:
        path: DocumentPath = ("outputs", key)
        if not isinstance(reference, str):
            checker.report(path, f"found {show(reference)}, expected the id of a node")
        elif (wrong := fault_of_output(str(name))) is not None:
            checker.report(path, f"{show(name)} {wrong}")
        elif name in found:
            checker.report(path, f"'{name}' is given twice")
        elif (folded := name.casefold()) in alike:
            message = f"'{name}' and '{alike[folded]}' are the same file on disks that ignore case: rename one"
            checker.report(path, message)
        else:
            found[name], alike[folded] = reference, name
            checker.document.places.alias(path, ("outputs", name))
    return found
