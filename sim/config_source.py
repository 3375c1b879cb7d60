"""How Hydra reads scenario files here: parsed once a process, platform cards without going through OmegaConf.

A tree of cards is plain data that nothing in a composition looks into, unless a dotted override names it.
Such a card is composed as an empty mapping and its data laid underneath afterwards (``laid_under``): the same
result in a fraction of the time.
"""

from __future__ import annotations

import pickle
from collections.abc import Collection
from pathlib import Path
from typing import Any, ClassVar

import yaml
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
from omegaconf import OmegaConf
from omegaconf._utils import get_yaml_loader

from sim import catalogue

SCHEME = "scenarios"
CARDS = "platform"
_parsed: dict[Path, tuple[tuple[int, ...], bytes]] = {}


class _Fast(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The C parser, reading numbers as OmegaConf's own parser does."""


_Fast.yaml_implicit_resolvers = get_yaml_loader().yaml_implicit_resolvers


class ScenarioSource(FileConfigSource):
    """Files of one folder of scenarios. ``empty``: cards that are composed without their data."""

    empty: ClassVar[Collection[str]] = ()

    @staticmethod
    def scheme() -> str:
        """What stands before ``://`` in Hydra's search path."""
        return SCHEME

    def load_config(self, config_path: str) -> ConfigResult:
        """One file, for Hydra."""
        path = Path(self.path, self._normalize_file_name(config_path))
        if not path.is_file():
            raise ConfigLoadError(f"Config not found : {path}")
        head = path.read_text(encoding="utf-8")[:512]
        is_empty = path.parent.name == CARDS and path.stem in self.empty
        return ConfigResult(
            config=OmegaConf.create({path.stem: {}} if is_empty else plain(path)),
            path=f"{SCHEME}://{self.path}",
            provider=self.provider,
            header=ConfigSource._get_header_dict(head),
        )


def plain(path: Path) -> dict[str, Any]:
    """The data of a scanned scenario file as OmegaConf reads it; a copy that the caller may change."""
    stamp = catalogue.stamp(path)
    known = _parsed.get(path)
    if known is None or known[0] != stamp:
        known = _parsed[path] = stamp, pickle.dumps(_read(path))
    data: dict[str, Any] = pickle.loads(known[1])
    return data


def _read(path: Path) -> dict[str, Any]:
    """A person's file by the parser that the scan used for it; one of ours by the fast one."""
    if path.is_relative_to(catalogue.tree()):
        return dict(yaml.load(path.read_text(encoding="utf-8"), Loader=_Fast) or {})
    data = OmegaConf.to_container(OmegaConf.load(path))
    return data if isinstance(data, dict) else {}  # type: ignore[return-value]


def laid_under(data: Any, over: Any) -> Any:
    """``over`` on top of ``data``, merged as OmegaConf does: mappings key by key, ``???`` leaves what is."""
    if not isinstance(data, dict) or not isinstance(over, dict):
        return data if over == "???" else over
    out = dict(data)
    for key, value in over.items():
        out[key] = laid_under(out[key], value) if key in out else value
    return out
