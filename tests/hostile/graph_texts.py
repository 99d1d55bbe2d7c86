"""Random graph files: valid ones with hostile fragments of YAML at random places."""

from __future__ import annotations

import random

OPS = (
    "sample",
    "decode",
    "blend",
    "mask",
    "tap",
    "pad",
    "resize",
    "shift",
    "lerp",
    "concat",
    "image",
    "latent",
    "walk",
    "nothing",
)
KEYS = (
    "op", "of", "a", "b", "mask", "layer", "layers", "seed", "count", "kind", "points", "channels", "truncation",
    "file",
    "start", "stop", "feather", "defaults", "_target_", "hydra", "params", "version", "models", "outputs", "nodes",
    "<<", "on", "off", "yes", "null", "~", "[1, 2]", "{a: b}",
    "? [1]", "!!binary aGk=", "a.b", "${nodes}", "a\tb",
)  # fmt: skip
SCALARS = (
    "0", "-1", "1e9", "1e30", "1e400", ".nan", ".inf", "0x7fffffffffffffffffff", "0o17", "010", "190:20:30",
    "9" * 5000,
    "true", "no", "~", "''", "'\\u001b]0;title\\u0007'", '"\\e[31m"', "!!timestamp 9999-99-99", "!!float abc",
    "!!int x",
    "!!python/object/apply:os.system [id]", "!!set {a, b}", "!!omap [a: 1]", "!!binary '//8='",
    "2001-12-14t21:59:43.10-05:00",
    "${oc.env:HOME}", "${nodes.z.seed}", "${.seed}", "${..}", "\\${oc.env:HOME}", "${oc.decode:'1'}",
    "${hydra:run.dir}",
    "${now:%Y}", "${eval:'1+1'}", "${a${b}}", "~root/x", "../../etc/passwd", "/dev/zero", "//server/share", "pkg://os",
    "http://127.0.0.1:9/x.pkl", "hf://a/b/c", "b8.conv0", "0..1000000000", "z", "image", "'" + "x" * 3000 + "'",
    "*missing",
)  # fmt: skip
DIRECTIVES = (
    "# @package _global_", "# @package hydra", "%YAML 1.1\\n---", "%TAG ! tag:x,2000:\\n---", "---", "\\ufeff", "...",
    "--- !!map",
)  # fmt: skip


class GraphText:
    """One text, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)

    def make(self) -> str:
        draw = self._draw
        head = [draw.choice(DIRECTIVES).encode().decode("unicode_escape")] if draw.random() < 0.2 else []
        body = [self._bomb()] if draw.random() < 0.1 else []
        body += ["version: 1"] if draw.random() < 0.5 else []
        body += ["nodes:", *(f"  {self._node(number)}" for number in range(draw.randint(1, 6)))]
        body += [f"{self._key()}: {self._value(0)}" for _ in range(draw.choice((0, 0, 1, 2)))]
        model = self._value(0)
        body += [f"models: {{main: {model}}}"] if draw.random() < 0.1 and "://" not in model else []
        body += ["outputs: [n0]"]
        text = "\n".join([*head, *body]) + "\n"
        return self._damaged(text) if draw.random() < 0.2 else text

    def _node(self, number: int) -> str:
        draw = self._draw
        fields = {"op": draw.choice(OPS), "of": f"n{number + 1}", "a": f"n{number + 1}", "seed": "3"}
        kept = {key: value for key, value in fields.items() if key == "op" or draw.random() < 0.5}
        kept |= {self._key(): self._value(0) for _ in range(draw.choice((0, 1, 1, 2)))}
        return f"n{number}: {{" + ", ".join(f"{key}: {value}" for key, value in kept.items()) + "}"

    def _key(self) -> str:
        return self._draw.choice(KEYS)

    def _value(self, depth: int) -> str:
        draw = self._draw
        kind = draw.random()
        if kind < 0.7 or depth > 4:
            return draw.choice(SCALARS)
        count = draw.choice((0, 1, 2, 3, 200))
        if kind < 0.85:
            return "[" + ", ".join(self._value(depth + 1 + (count > 3) * 4) for _ in range(count)) + "]"
        if kind < 0.97:
            return "{" + ", ".join(f"{self._key()}: {self._value(depth + 1)}" for _ in range(min(count, 3))) + "}"
        return "[" * 2000 + "]" * 2000

    def _bomb(self) -> str:
        """Return anchors that double, merges that double, interpolations that double."""
        levels = self._draw.choice((3, 30))
        kind = self._draw.choice(("alias", "merge", "interpolation"))
        if kind == "alias":
            lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, levels)]
        elif kind == "merge":
            lines = ["a0: &a0 {k0: 1}"] + [
                f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}], k{i}: 1}}" for i in range(1, levels)
            ]
        else:
            lines = ["params:", "  p0: xxxxxxxx"] + [
                f"  p{i}: ${{params.p{i - 1}}}${{params.p{i - 1}}}" for i in range(1, levels)
            ]
        return "\n".join(lines)

    def _damaged(self, text: str) -> str:
        draw = self._draw
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(text) + 1)
            text = (
                text[:at]
                + draw.choice(("\t", "\x00", "\x1b", "\n", ":", "{", "]", "&a ", "*a", "\u2028", "\ud7ff"))
                + text[at + draw.choice((0, 1, 5)) :]
            )
        return text
