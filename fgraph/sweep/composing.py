"""Composition of the configs of a sweep's jobs, most of them by copying.

Hydra reads and merges all files for each job, twice, since its sweeper validates every job first. The configs of jobs
that differ only in plain values are equal except for these values. So one config is composed, then copied for each job,
and the job's values are set.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, QuotedString, ValueType
from omegaconf import DictConfig, ListConfig, OmegaConf

from fgraph.declare.config_copies import QuickConfig, copy_node

_PLAIN = (str, int, float, bool, QuotedString, type(None))
_KEPT = 1024  # most parsed overrides to keep; Hydra reads the overrides of a job three times


class SweepComposer:
    """Hydra's config loader with a faster `load_sweep_config`; other calls go to the loader.

    Jobs share a template if their overrides are equal except for the values of plain ones. Overrides that aren't plain
    (a config group, `+key`, `~key`, a mapping as value) are part of the key of a template.
    """

    def __init__(self, loader: ConfigLoader) -> None:
        self._loader = loader
        self._parser = OverridesParser.create()
        self._parsed: dict[str, Override] = {}
        self._groups: set[str] = set()  # keys that look like plain values but are config groups
        self._templates: dict[tuple[Any, ...], QuickConfig] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """Return the config of one job, equal to the config from Hydra's loader.

        Raises:
            HydraException: the overrides can't be read or applied.
        """
        overrides = [self._parse(text) for text in sweep_overrides]
        known = self._templates.get(self._key(master_config, overrides))
        if known is not None:
            return self._fill(known, master_config, overrides)
        config = self._loader.load_sweep_config(master_config, sweep_overrides)
        self._groups.update(set(config.hydra.runtime.choices) & {one.key_or_group for one in overrides})
        if not self._overlap(overrides):
            self._templates[self._key(master_config, overrides)] = copy_node(config, None)
        return config

    def _parse(self, text: str) -> Override:
        if text not in self._parsed:
            if len(self._parsed) >= _KEPT:
                self._parsed.clear()
            (self._parsed[text],) = self._parser.parse_overrides([text])
        return self._parsed[text]

    def _key(self, master: DictConfig, overrides: Sequence[Override]) -> tuple[Any, ...]:
        parts = (one.key_or_group if self._is_plain(one) else (one.input_line,) for one in overrides)
        # not resolved: ${hydra:job.num} has no value before the job starts
        hydra_overrides = OmegaConf.to_container(master.hydra.overrides.hydra, resolve=False)
        assert isinstance(hydra_overrides, list)
        return (master.hydra.job.config_name, *hydra_overrides, None, *parts)

    def _is_plain(self, override: Override) -> bool:
        """Return whether an override sets one value, on which no file, structure or other key depends."""
        name = override.key_or_group
        return (
            override.type is OverrideType.CHANGE
            and override.value_type is ValueType.ELEMENT
            and override.package is None
            and not override.is_hydra_override()
            and "/" not in name
            and name not in self._groups
            and _is_plain_value(override._value)
        )

    def _overlap(self, overrides: Sequence[Override]) -> bool:
        """Return whether an override sets a part of the value of another one, so that their order matters."""
        names = [one.key_or_group for one in overrides if one.key_or_group not in self._groups]
        return len(set(names)) < len(names) or any(parent in names for name in names for parent in _parents(name))

    def _fill(self, template: QuickConfig, master: DictConfig, overrides: Sequence[Override]) -> QuickConfig:
        config: QuickConfig = copy_node(template, None)
        ConfigLoaderImpl._apply_overrides_to_config([one for one in overrides if self._is_plain(one)], config)
        task = [one for one in overrides if not one.is_hydra_override()]
        job = config.hydra.job
        config.hydra.overrides.task = ListConfig([one.input_line for one in task])
        rule = job.config.override_dirname
        job.override_dirname = get_overrides_dirname(task, rule.exclude_keys, rule.item_sep, rule.kv_sep)
        OmegaConf.copy_cache(from_config=master, to_config=config)
        return config


def _is_plain_value(value: Any) -> bool:
    return isinstance(value, _PLAIN) or (isinstance(value, list) and all(isinstance(item, _PLAIN) for item in value))


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]
