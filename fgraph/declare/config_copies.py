"""Deep copies of configs, several times faster than OmegaConf's, which Hydra makes for each config and each job."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from omegaconf import DictConfig
from omegaconf.base import Container, Node


class QuickConfig(DictConfig):
    """A config whose deep copies are fast."""

    def __deepcopy__(self, memo: dict[int, Any]) -> QuickConfig:
        copied: QuickConfig = copy_node(self, self._get_parent_container())
        return copied


def quick(config: DictConfig) -> QuickConfig:
    """Make deep copies of a config and of its part `hydra` fast; return the same config."""
    for one in (config, config._get_node("hydra") if "hydra" in config else None):
        if type(one) is DictConfig:
            object.__setattr__(one, "__class__", QuickConfig)
    return config  # type: ignore[return-value]


def copy_node(node: Node, parent: Node | None) -> Any:
    """Return a deep copy of a config or of a part of it, with this parent; its mappings are quick."""
    made = object.__new__(QuickConfig if type(node) is DictConfig else type(node))
    state, metadata = made.__dict__, object.__new__(type(node._metadata))
    state.update(node.__dict__, _metadata=metadata, _parent=parent, _flags_cache=None)
    metadata.__dict__.update(node._metadata.__dict__, flags=dict(node._metadata.flags or {}))
    content = state.get("_content")
    if isinstance(content, dict):
        state["_content"] = {key: copy_node(one, made) for key, one in content.items()}
    elif isinstance(content, list):
        state["_content"] = [copy_node(one, made) for one in content]
    elif isinstance(content, Node):  # of a value that may have one of several types
        state["_content"] = copy_node(content, made)
    if isinstance(node, Container):
        metadata.resolver_cache = defaultdict(dict, {key: dict(one) for key, one in metadata.resolver_cache.items()})
    return made
