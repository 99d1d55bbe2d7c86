"""Reading a pickle of networks, as NVlabs' programs write them. Without torch and TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from fgraph.stylegan.checkpoints.pickles.numpy_values import numpy_globals
from fgraph.stylegan.checkpoints.pickles.opcodes import run_pickle
from fgraph.stylegan.checkpoints.pickles.refusal import Refused
from fgraph.stylegan.checkpoints.pickles.span import FileSource
from fgraph.stylegan.checkpoints.pickles.stand_ins import Factory, Record, fits, make_dict, make_module
from fgraph.stylegan.checkpoints.pickles.torch_values import StorageReader, torch_globals


def network_globals() -> dict[tuple[str, str], Any]:
    """Return the globals that NVlabs' pickles name, with their stand-ins."""
    return (
        torch_globals()
        | numpy_globals()
        | {
            ("torch_utils.persistence", "_reconstruct_persistent_obj"): fits(Factory("module", make_module), dict),
            ("dnnlib.util", "EasyDict"): Factory("EasyDict", make_dict),
            ("torch.storage", "_load_from_bytes"): fits(Factory("_load_from_bytes", StorageReader()), object),
            ("dnnlib.tflib.network", "Network"): Factory("Network", lambda *_: Record("Network")),
        }
    )


def read_networks(path: Path, file: BinaryIO, size: int) -> Any:
    """Return the value of a pickle, with stand-ins for modules and tensors.

    Raises:
        Refused: the pickle is damaged, or holds a value that NVlabs' programs do not write.
    """
    source = FileSource(file, path, 0, size)
    value = run_pickle(source, network_globals())
    if source.position != size:
        raise Refused(f"{size - source.position} bytes follow its end")
    return value
