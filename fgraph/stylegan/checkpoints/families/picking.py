"""Picking the generator among the networks in the value of a file, by characteristic keys. Without torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from fgraph._errors import ModelError, show
from fgraph.stylegan.checkpoints.contents import Contents
from fgraph.stylegan.checkpoints.families.basicsr import read_basicsr
from fgraph.stylegan.checkpoints.families.genforce import read_genforce
from fgraph.stylegan.checkpoints.families.mmgeneration import read_mmgeneration
from fgraph.stylegan.checkpoints.families.nvlabs_names import read_nvlabs_names
from fgraph.stylegan.checkpoints.families.other_networks import name_other
from fgraph.stylegan.checkpoints.families.places import NetworkPlace, as_tensor, find_places, is_averaged
from fgraph.stylegan.checkpoints.families.rosinality import read_rosinality
from fgraph.stylegan.checkpoints.families.state_dict import StateDict, read_state
from fgraph.stylegan.checkpoints.families.stylegan3_names import read_stylegan3_names
from fgraph.stylegan.checkpoints.nvlabs import read_nvlabs
from fgraph.stylegan.checkpoints.pickles.refusal import brief
from fgraph.stylegan.checkpoints.pickles.stand_ins import Module, StandIn, Unknown
from fgraph.stylegan.checkpoints.stylegan3_nvlabs import is_stylegan3, read_stylegan3
from fgraph.stylegan.checkpoints.tensorflow import is_tensorflow, read_tensorflow

EXPECTED = (
    "expected a StyleGAN2 or StyleGAN3 generator: a dict with 'g_ema' (rosinality), 'G_ema' (NVlabs) or 'state_dict', "
    "a bare state dict, or a whole module"
)
_BESIDE = {"pivots": "codes (pivots)", "quads": "corners of crops (quads)"}  # saved by STIT with a generator
NETWORKS = ("G_ema", "G", "g_ema", "g")  # keys under which programs store generators, a better one first


@dataclass(frozen=True)
class Family:
    """A program's names of the tensors of a generator."""

    key: str  # a name that every generator of the family has, and that no other network has
    read: Callable[[StateDict], Contents]


FAMILIES = (
    Family("input.input", read_rosinality),
    Family("synthesis.b4.const", read_nvlabs_names),
    Family("synthesis.input.freqs", read_stylegan3_names),
    Family("constant_input.input", read_mmgeneration),
    Family("constant_input.weight", read_basicsr),
    Family("synthesis.early_layer.const", read_genforce),
)


def read_value(content: Any, where: str) -> Contents:
    """Return the contents of the best generator in the value of a file.

    Raises:
        ModelError: the value holds no generator, or one that fgraph does not run.
    """
    if is_tensorflow(content):
        return read_tensorflow(content, where)
    places = find_places(content)
    module = _best_module(places)
    found = [] if module else sorted(_candidates(places), key=lambda one: one.rank)
    if module is None and not found:
        raise ModelError(f"{where}: {_refusal(places, content)}")
    if module is not None:
        if (other := name_other(module.entries)) is not None:
            raise ModelError(f"{where}: {other}")
        read = read_stylegan3 if is_stylegan3(module.value) else read_nvlabs
        return _with_beside(read(module.value, where, show(module.path[-1]) if module.path else ""), module)
    best = found[0]
    if (other := name_other(name for name in best.place.entries if name.startswith(best.prefix))) is not None:
        raise ModelError(f"{where}: {other}")
    state = read_state(best.place.entries, where, best.place.path, best.prefix, best.place.around)
    state.check_read()
    return _with_beside(best.family.read(state), best.place)


def _with_beside(contents: Contents, place: NetworkPlace) -> Contents:
    """Return contents whose metadata name the other parts of the file that fgraph can use."""
    keys = {key for one in place.around for key in one if type(key) is str}
    found = [what for key, what in _BESIDE.items() if key in keys]
    found += ["an encoder"] if any(name.startswith("encoder.") for name in place.entries) else []
    return replace(contents, metadata={**contents.metadata, "beside": ", ".join(found)}) if found else contents


@dataclass(frozen=True)
class _Candidate:
    place: NetworkPlace
    prefix: str
    family: Family

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The sort key: averaged networks first, then those with fewer wrappers, then those with shorter prefixes."""
        names = (*self.place.path, self.prefix.rstrip("."))
        return not any(map(is_averaged, names)), len(self.place.path), len(self.prefix)


def _candidates(places: list[NetworkPlace]) -> Iterator[_Candidate]:
    for place in places:
        for name, value in place.entries.items() if type(place.value) is not Module else ():
            for family in FAMILIES:
                if f".{name}".endswith(f".{family.key}") and _is_tensor(value):
                    yield _Candidate(place, name.removesuffix(family.key), family)


def _is_tensor(value: Any) -> bool:
    """Return whether a value is a tensor, or an object that represents one."""
    return type(value) in (StandIn, Unknown) or as_tensor(value) is not None


def _best_module(places: list[NetworkPlace]) -> NetworkPlace | None:
    """Return the place of NVlabs' whole generator, an averaged one first, or None."""
    found = [place for place in places if type(place.value) is Module]
    for key in (*NETWORKS, "generator"):
        for place in found:
            if place.path[-1:] == (key,):
                return place
    return next((one for one in found if not one.path or _has_synthesis(one.value)), None)


def _has_synthesis(network: Module) -> bool:
    parts = network.state.get("_modules")
    return type(parts) is dict and "synthesis" in parts


def _refusal(places: list[NetworkPlace], content: Any) -> str:
    """Return the reason for which there is no generator: the kind of network found instead, or the content."""
    if (other := name_other(name for place in places for name in place.entries)) is not None:
        return other
    if type(content) is not dict:
        return f"holds {brief(content)}; {EXPECTED}"
    return f"holds {', '.join(_shown(*entry) for entry in list(content.items())[:6]) or 'nothing'}; {EXPECTED}"


def _shown(key: Any, value: Any) -> str:
    return show(brief(key)) + (f" ({brief(value)})" if type(value) in (StandIn, Unknown) else "")
