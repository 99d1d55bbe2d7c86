"""Lowering: the Wirings of one or many graphs -> one Program.

Nodes of one class with equal static fields and equal inputs form a stack. A stack is lowered once, with the rows of its
nodes end to end, across all graphs. So lowering a sweep of a thousand graphs takes the time of a few graphs.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np

from fgraph._errors import Fault
from fgraph._ports import Kind
from fgraph.digraph import WiredNode
from fgraph.ir.program import Output, Program, SourceLocation, as_index
from fgraph.lowering.build import Build
from fgraph.lowering.inputs import Inputs, Slot
from fgraph.lowering.planes import described, on_plane
from fgraph.lowering.values import Features, Image, Latent, Mask, Photograph, Value, check_carrier
from fgraph.masks import check_depth
from fgraph.node import Node
from fgraph.stacks.context import Context, Stack, StackNode
from fgraph.stylegan.tables.base import Table

_SHOWN_FAULTS = 20  # the most faults to report of one mistake in many graphs
_TRIED = 1000  # nodes of a stack that are lowered one by one to find those at fault


def lower(contexts: Sequence[Context], tables: Mapping[str, Table]) -> tuple[Program, list[Fault]]:
    """Lower all graphs into one Program; leave out nodes with faults and the nodes that depend on them."""
    build = Build(tables)
    stacks, slots = _stack(contexts)
    source_locations: list[SourceLocation] = []
    faults: list[Fault] = []
    for stack in stacks:
        _lower_stack(build, stack, stacks, source_locations, faults)
    outputs: list[Output] = []
    for context in contexts:
        outputs += _outputs(build, context, stacks, slots, faults)
    program = Program(tuple(build.instructions), tuple(outputs), dict(tables), tuple(source_locations), len(contexts))
    return program, faults


def _stack(contexts: Sequence[Context]) -> tuple[list[Stack], dict[tuple[int, str], Slot]]:
    stacks: dict[Hashable, Stack] = {}
    slots: dict[tuple[int, str], Slot] = {}
    for context in contexts:
        for wired in context.wiring.nodes:
            read = {port: tuple(slots[context.number, one] for one in ids) for port, ids in wired.inputs.items()}
            stack = stacks.setdefault(_stack_key(context, wired, read), Stack(len(stacks)))
            slot = Slot(stack.number, stack.rows, wired.rows)
            slots[context.number, wired.id] = slot
            stack.members.append(StackNode.of(context, wired, slot, read))
            stack.rows += wired.rows
    return list(stacks.values()), slots


def _stack_key(context: Context, wired: WiredNode, read: Mapping[str, tuple[Slot, ...]]) -> Hashable:
    ports = tuple((port, tuple(slot.stack for slot in slots)) for port, slots in read.items())
    counts = tuple(slot.rows for slots in read.values() for slot in slots) if wired.node.collapses else None
    return (context.key, wired.node.static_key(), ports, counts)


def _lower_stack(
    build: Build, stack: Stack, stacks: list[Stack], source_locations: list[SourceLocation], faults: list[Fault]
) -> None:
    first = stack.members[0]
    values = [stacks[slot.stack].value for slots in first.read.values() for slot in slots]
    if any(value is None for value in values):
        return  # an input has a fault of its own
    named = getattr(first.node, "model", None)
    if named is not None and named not in first.graph.models:
        return  # reported when the graph was wired or its models were resolved
    rows = []
    for member in stack.members:
        rows += [len(source_locations)] * member.slot.rows
        source_locations.append(SourceLocation(member.graph.number, member.id, member.fault("")))
    build.source_locations = as_index(rows)
    known = {number: one.value for number, one in enumerate(stacks) if one.value}
    try:
        stack.value = _lowered(build, Inputs(build, stack.members, known), first.node, stack.rows)
    except ValueError as error:
        alone = _faults_alone(build, stack.members[:_TRIED], known)
        faults += _distinct(alone or (_fault_of(error, member) for member in stack.members))


def _faults_alone(build: Build, members: list[StackNode], known: Mapping[int, Value]) -> list[Fault]:
    """Return the faults of nodes that are lowered one by one, on a copy of the program.

    A stack may fail because of the data of some of its nodes. The others have no fault.
    """
    trial, found = build.copy(), list[Fault]()
    for member in members:
        try:
            _lowered(trial, Inputs(trial, [member], known), member.node, member.slot.rows)
        except ValueError as error:
            found.append(_fault_of(error, member))
    return found


def _fault_of(error: ValueError, member: StackNode) -> Fault:
    message = str(error.args[0]) if error.args else str(error)
    return member.fault(message, getattr(error, "fgraph_field", None) or _named_field(message, member))


def _lowered(build: Build, inputs: Inputs, node: Node, rows: int) -> Value:
    """Lower a node and check the value that it returns, since users write nodes too."""
    name = f"{type(node).__module__}.{type(node).__qualname__}"
    try:
        value = node.lower(build, inputs)
    except NotImplementedError as error:
        raise ValueError(f"node class {name} has no method lower, which defines its meaning") from error
    if not isinstance(value, Value):
        kinds = "a Latent, Features, Mask, Image or Photograph"
        raise ValueError(f"lower of node class {name} returned {value!r}; it returns {kinds}")
    if value.rows != rows:
        raise ValueError(f"lower of node class {name} made {value.rows} rows; its row_count says {rows}")
    if isinstance(value, Features):
        check_carrier(value.carrier)
    elif isinstance(value, Mask):
        check_depth(value.exprs)
    return value


def _named_field(message: str, member: StackNode) -> str | None:
    """Return the field that a message about sizes begins with, as in `pad left = 0.3 of 4 pixels ...`."""
    words = message.split()
    named = (
        len(words) > 2 and words[0] == member.node.op and words[2] == "=" and words[1] in type(member.node).model_fields
    )
    return words[1] if named else None


def _distinct(faults: Iterable[Fault]) -> list[Fault]:
    places: dict[Hashable, Fault] = {}
    for fault in faults:
        places.setdefault((fault.file, fault.line, fault.where), fault)
    return list(places.values())[:_SHOWN_FAULTS]


def _outputs(
    build: Build, context: Context, stacks: list[Stack], slots: Mapping[tuple[int, str], Slot], faults: list[Fault]
) -> list[Output]:
    made = []
    for name, node in context.wiring.outputs.items():
        slot = slots.get((context.number, node))
        value = stacks[slot.stack].value if slot else None
        if slot is None or value is None:
            continue
        picked = value.take(as_index(np.arange(slot.start, slot.start + slot.rows)))
        try:
            made.append(_output(build, context, name, picked))
        except ValueError as error:  # a mask whose edits do not fit the size, or a plane, which has no pixels
            owner = next(member for member in stacks[slot.stack].members if member.slot == slot)
            faults.append(owner.fault(str(error)))
    return made


def _output(build: Build, context: Context, name: str, value: Value) -> Output:
    if isinstance(value, Latent):
        return Output(context.number, name, Kind.LATENT, {"code": value.code, **value.facts}, value.model, value.space)
    if isinstance(value, Features):
        if on_plane(build, value):
            raise ValueError(
                f"{described(value.model, build.table(value.model))} has no features at const, only a plane to sample: "
                "tap it at input or later"
            )
        tensors = {"activation": value.activation} | ({"skip": value.skip} if value.skip else {})
        return Output(context.number, name, Kind.FEATURES, tensors, value.model)
    if isinstance(value, Mask):
        height, width = build.table(context.models["main"]).size
        build.source_locations = as_index([0])
        return Output(context.number, name, Kind.MASK, {"mask": build.draw(value.exprs, height, width)})
    if isinstance(value, Photograph):
        return Output(context.number, name, Kind.PHOTOGRAPH, value.tensors, pasting=value.pasting)
    assert isinstance(value, Image)
    return Output(context.number, name, Kind.IMAGE, {"pixels": value.pixels})
