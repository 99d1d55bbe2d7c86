"""Write `studio/src/protocol.ts`: the messages of `fgraph.studio.messages` as TypeScript.

python tools/studio_types.py            write the file
python tools/studio_types.py --check    write nothing; exit 1 if the file is out of date
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from fgraph.studio import messages

TARGET = Path(__file__).resolve().parent.parent / "studio" / "src" / "protocol.ts"
_HEAD = "// Written by tools/studio_types.py from fgraph/studio/messages: change those, then run `make generate`.\n"
_JSON = "export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };\n"
_PLAIN = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}
# Messages from the page may leave out fields with defaults; messages from the studio have every field.
_SENT: tuple[tuple[str, Any], ...] = (("AnyRequest", messages.AnyRequest), ("Change", messages.Change))
_RECEIVED: tuple[tuple[str, Any], ...] = (
    ("Answer", messages.Answer),
    ("Event", messages.Event),
    ("BinaryHeader", messages.BinaryHeader),
    ("Catalogue", messages.Catalogue),
    ("Uploaded", messages.Uploaded),
)


def main() -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file is out of date")
    check = parser.parse_args().check
    text = typescript()
    if TARGET.is_file() and TARGET.read_text("utf-8") == text:
        return 0
    if check:
        sys.stdout.write(f"{TARGET.name} is out of date: run `make generate`\n")
        return 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text, "utf-8")
    return 0


def typescript() -> str:
    """Return the declarations of all messages."""
    written: dict[str, str] = {}
    for mode, roots in (("validation", _SENT), ("serialization", _RECEIVED)):
        for name, kind in roots:
            schema = TypeAdapter(kind).json_schema(mode=mode)  # type: ignore[arg-type] # one of two literals
            for defined, definition in schema.pop("$defs", {}).items():
                if defined != "JsonValue":
                    written.setdefault(defined, _declaration(defined, definition))
            written.setdefault(name, _declaration(name, schema))
    return "\n".join([_HEAD, _JSON, *written.values()])


@cache
def _said_below() -> dict[tuple[str, str], str]:
    """Return the text below each field of a message, by class and field."""
    found = {}
    for path in Path(messages.__file__).parent.glob("*.py"):
        classes = (one for one in ast.parse(path.read_text("utf-8")).body if isinstance(one, ast.ClassDef))
        for one in classes:
            for field, below in pairwise(one.body):
                match field, below:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        found[one.name, name] = text
    return found


def _declaration(name: str, schema: dict[str, Any]) -> str:
    comment = _comment(schema.get("description"), "")
    if schema.get("type") != "object":
        return f"{comment}export type {name} = {_type(schema)};\n"
    lines = [f"{comment}export interface {name} {{"]
    for field, inner in schema.get("properties", {}).items():
        optional = "" if field in schema.get("required", []) else "?"
        lines.append(f"{_comment(_said_below().get((name, field)), '  ')}  {field}{optional}: {_type(inner)};")
    return "\n".join([*lines, "}\n"])


def _comment(text: str | None, indent: str) -> str:
    if not text:
        return ""
    return f"{indent}/** {' '.join(text.split())} */\n"


def _type(schema: dict[str, Any]) -> str:
    """Return the type of a schema."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return "Json" if name == "JsonValue" else str(name)
    if "const" in schema or "enum" in schema:
        return " | ".join(json.dumps(one) for one in schema.get("enum", [schema.get("const")]))
    if parts := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(_type(one) for one in parts))
    if schema.get("type") == "array":
        return _list(schema)
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties")
        values = next(_values(schema), inner)
        return f"{{ [name: string]: {_type(values) if isinstance(values, dict) else 'Json'} }}"
    return _PLAIN.get(schema.get("type", ""), "Json")


def _values(schema: dict[str, Any]) -> Iterator[Any]:
    """Yield the schemas of values whose keys have a pattern."""
    yield from schema.get("patternProperties", {}).values()


def _list(schema: dict[str, Any]) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_type(one) for one in schema['prefixItems'])}]"
    inner = _type(schema.get("items", {}))
    return f"({inner})[]" if " | " in inner else f"{inner}[]"


if __name__ == "__main__":
    sys.exit(main())
