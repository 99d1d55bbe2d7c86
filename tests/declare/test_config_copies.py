"""Quick copies of configs equal OmegaConf's own deep copies, and share nothing with the config."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import pytest
from hydra.conf import HydraConf
from omegaconf import DictConfig, MissingMandatoryValue, OmegaConf
from omegaconf.base import Node
from omegaconf.errors import ReadonlyConfigError

from fgraph.declare.config_copies import QuickConfig, copy_node, quick


@dataclass
class Typed:
    either: int | str = 3
    number: float | None = None
    inner: dict[str, int] = field(default_factory=lambda: {"one": 1})


@pytest.fixture
def config() -> DictConfig:
    made = OmegaConf.create(
        {"hydra": HydraConf, "typed": Typed, "list": [1, "${seed}", [None, {"deep": "???"}]], "seed": 4, "none": None}
    )
    OmegaConf.set_readonly(made.typed.inner, True)
    OmegaConf.set_struct(made, True)
    OmegaConf.set_cache(made, {"now": {"%Y": "2026"}})
    return made


def state(node: Any) -> Any:
    """Return the class, the metadata and the contents of a node and of all nodes in it."""
    content = node.__dict__.get("_content", node.__dict__.get("_val"))
    if isinstance(content, dict):
        content = {key: state(one) for key, one in content.items()}
    elif isinstance(content, list):
        content = [state(one) for one in content]
    elif isinstance(content, Node):
        content = state(content)
    kind = DictConfig if type(node) is QuickConfig else type(node)
    return kind, node._metadata, content


def test_a_copy_equals_that_of_omegaconf(config: DictConfig) -> None:
    expected = copy.deepcopy(config)
    for made in (copy_node(config, None), copy.deepcopy(quick(config))):
        assert state(made) == state(expected)
        assert made.list[1] == 4  # found through the parents of the copy
        with pytest.raises(MissingMandatoryValue):
            _ = made.list[2][1].deep


def test_a_copy_shares_nothing_with_the_config(config: DictConfig) -> None:
    before = state(copy.deepcopy(config))
    made = copy_node(config, None)
    OmegaConf.set_readonly(made.typed.inner, False)
    OmegaConf.set_readonly(made.hydra, True)
    OmegaConf.clear_cache(made)
    made.typed.inner.one, made.typed.either, made.seed = 2, "text", 5
    made.list[2][1].deep = "found"
    assert made.list[1] == 5
    assert state(config) == before
    with pytest.raises(ReadonlyConfigError):
        config.typed.inner.one = 3
