"""A node pack for ComfyUI: each graph file in `graphs/` is a node, with its `params` as inputs."""

from .pack import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
