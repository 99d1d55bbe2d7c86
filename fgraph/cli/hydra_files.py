"""The files that Hydra writes beside results: they replace links of an earlier run, which Hydra would follow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from hydra.core import utils
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from fgraph._files import remove_settings


@contextmanager
def replacing_links() -> Iterator[None]:
    """Let Hydra and its sweepers replace links within the block.

    Hydra has no hook before it writes the settings of a job, so the two functions that write are replaced.
    """
    module, config_class = cast(Any, utils), cast(Any, OmegaConf)
    save_settings, save = module._save_config, config_class.save

    def replace_settings(config: Any, name: str, folder: Path) -> None:
        remove_settings(folder, Path(HydraConfig.get().runtime.output_dir), (name,))
        save_settings(config, name, folder)

    def replace_file(config: Any, f: Any, resolve: bool = False) -> None:
        if isinstance(f, str | os.PathLike):
            OmegaConf.to_yaml(config, resolve=resolve)  # a config that cannot be written leaves the earlier file
            Path(f).unlink(missing_ok=True)
        save(config, f, resolve)

    module._save_config, config_class.save = replace_settings, staticmethod(replace_file)
    try:
        yield
    finally:
        module._save_config, config_class.save = save_settings, staticmethod(save)
