"""The globals that checkpoints name, with their stand-ins. Every other global becomes an inert `Unknown`."""

from __future__ import annotations

from typing import Any

from fgraph.stylegan.checkpoints.pickles.numpy_values import numpy_globals
from fgraph.stylegan.checkpoints.pickles.stand_ins import Factory, StandIn, checked, make_dict, make_module
from fgraph.stylegan.checkpoints.pickles.torch_values import StorageReader, torch_globals


def known_globals() -> dict[tuple[str, str], Any]:
    """Return the globals of tensors, arrays, containers and NVlabs' networks, for one file."""
    return (
        torch_globals()
        | numpy_globals()
        | {
            ("torch_utils.persistence", "_reconstruct_persistent_obj"): checked(Factory("module", make_module), dict),
            ("dnnlib.util", "EasyDict"): Factory("EasyDict", make_dict),
            ("torch.storage", "_load_from_bytes"): checked(Factory("_load_from_bytes", StorageReader()), object),
            ("dnnlib.tflib.network", "Network"): Factory("Network", lambda *_: StandIn("Network")),
        }
    )
