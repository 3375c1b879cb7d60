"""City: who lives there, who knows whom, who follows at the start. Frozen arrays, built once, cached.

All scenarios of a comparison share one City: accounts opened by a change start from zero followers and
are no part of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.figures import BANDS, CIRCLES
from sim.helped import help_recipe, helped_ties
from sim.population import Warnings, build_people
from sim.recipe import Crowd, Recipe
from sim.scenario import Scenario
from sim.ties import Ties, grow_ties

if TYPE_CHECKING:
    import networkx as nx

COLUMNS = (
    "age_band",
    "age_years",
    "circle",
    "platform_mask",
    "activity",
    "expressiveness",
    "attachment",
    "interest",
)
SOURCES = (
    "figures.py", "draws.py", "quantiles.py", "population.py", "fans.py", "recipe.py", "groups.py",
    "relays.py", "ties.py", "adaptive.py", "helped.py", "graph_io.py", "city.py",
)  # fmt: skip
WORTH_CACHING = 20_000
KEPT_CITIES = 12
_PIECE = 2**22
_TIES = ("indptr", "target", "mask")


@dataclass(frozen=True, eq=False)
class City:
    """Rows 0..n_residents-1 live in the city; the rows after them are non-resident followers.

    ``age_band`` uint8[n], ``age_years`` float32[n], ``circle`` uint8[n] (index in ``CIRCLES``),
    ``platform_mask`` uint16[n] (bit k: uses ``platforms[k]``), ``activity`` float32[K, n] sessions a day (0
    where the platform is not used), ``expressiveness``, ``attachment`` float32[n] (mean 1), ``interest``
    float32[n_themes, n]; ``ties`` directed exposures; ``followers`` account -> int32 sorted rows;
    ``residuals`` table of margins (platform, age_band, target, count, residual); ``helped`` uint16[n]:
    platforms used thanks to digital help (None where nobody is helped). Every array is read-only.
    """

    name: str
    seed: int
    n_residents: int
    platforms: tuple[str, ...]
    themes: tuple[str, ...]
    age_band: NDArray[np.uint8]
    age_years: NDArray[np.float32]
    circle: NDArray[np.uint8]
    platform_mask: NDArray[np.uint16]
    activity: NDArray[np.float32]
    expressiveness: NDArray[np.float32]
    attachment: NDArray[np.float32]
    interest: NDArray[np.float32]
    ties: Ties
    followers: dict[str, NDArray[np.int32]]
    residuals: pd.DataFrame
    warnings: Warnings
    helped: NDArray[np.uint16] | None = None

    def __post_init__(self) -> None:
        for array in self.arrays().values():
            array.setflags(write=False)

    @property
    def n_rows(self) -> int:
        """Residents and non-resident followers."""
        return len(self.age_band)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every array by a stable name: columns, ``ties.indptr``..., ``followers.<account>``."""
        out = {name: getattr(self, name) for name in COLUMNS}
        out |= {f"ties.{name}": getattr(self.ties, name) for name in _TIES}
        if self.helped is not None:
            out["helped"] = self.helped
        return out | {f"followers.{account}": rows for account, rows in sorted(self.followers.items())}

    def users(self, platform: str) -> NDArray[np.int64]:
        """Rows (residents only) that use ``platform``, ascending."""
        bit = self.platforms.index(platform)
        return np.flatnonzero((self.platform_mask[: self.n_residents] >> bit) & 1)

    def segments(self) -> pd.DataFrame:
        """Residents by age band and platform profile: columns age_band, platforms ("a|b"), residents."""
        n = self.n_residents
        code = self.age_band[:n].astype(np.int64) << 16 | self.platform_mask[:n]
        codes, counts = np.unique(code, return_counts=True)
        profile = ["|".join(p for k, p in enumerate(self.platforms) if c >> k & 1) for c in codes.tolist()]
        bands = [BANDS[c >> 16] for c in codes.tolist()]
        return pd.DataFrame({"age_band": bands, "platforms": profile, "residents": counts})

    def describe(self) -> dict[str, Any]:
        """What the city holds, in plain numbers (JSON-ready)."""
        outside = {n: int((r >= self.n_residents).sum()) for n, r in self.followers.items()}
        platforms = {}
        for bit, name in enumerate(self.platforms):
            users = self.users(name)
            degree = self.ties.degree(bit)[users]
            platforms[name] = {
                "users": len(users),
                "sessions_per_day": float(self.activity[bit, users].mean()) if len(users) else 0.0,
                "ties_mean": float(degree.mean()) if len(users) else 0.0,
                "ties_median": float(np.median(degree)) if len(users) else 0.0,
            }
        return {
            "name": self.name,
            "seed": self.seed,
            "residents": self.n_residents,
            "by_age_band": dict(
                zip(BANDS, np.bincount(self.age_band[: self.n_residents], minlength=6).tolist(), strict=True)
            ),
            "by_circle": dict(zip(CIRCLES, np.bincount(self.circle, minlength=4).tolist(), strict=True)),
            "directed_ties": self.ties.n_ties,
            "platforms": platforms,
            "followers": {
                n: {"residents": len(r) - outside[n], "non_residents": outside[n]}
                for n, r in self.followers.items()
            },
            "warnings": self.warnings,
        }

    def to_networkx(self, platform: str | None = None, residents: Iterable[int] | None = None) -> nx.DiGraph:
        """Ties as a networkx graph with node and edge attributes (see ``graph_io.to_networkx``)."""
        from sim.graph_io import to_networkx

        return to_networkx(self, platform, residents)


def build_city(
    scenario: Scenario, seed: int, graph: Any = None, cache_dir: str | Path | None = "auto"
) -> City:
    """The City of ``scenario``: a pure function of its cards, ``seed`` and ``graph``.

    ``graph``: None (grown from groups), a GraphML or edge-list path, or a networkx graph on the rows.
    ``cache_dir``: "auto" keeps large cities in the user's cache folder; a folder keeps this city there;
    None keeps nothing. A cache that is damaged is rebuilt, one that cannot be written is done without.
    Raises InputError for a graph with wrong nodes or inputs that leave no resident.
    """
    folder = None if graph is not None and not isinstance(graph, str | Path) else _cache(scenario, cache_dir)
    if folder is not None:
        folder = folder / fingerprint(scenario, seed, graph)
        city = _load(folder)
        if city is not None:
            return city
    city = _build(scenario, seed, graph)
    if folder is not None:
        _save(city, folder)
    return city


def _build(scenario: Scenario, seed: int, graph: Any) -> City:
    people = build_people(scenario, seed)
    warnings = list(people.warnings)
    if graph is None:
        n = people.n_residents
        crowd = Crowd(people.age_band[:n], people.age_years[:n], people.platform_mask[:n])
        if people.helped is None:
            ties = grow_ties(Recipe.of(scenario, seed), crowd, people.n_rows)
        else:
            before = replace(crowd, platform_mask=crowd.platform_mask & ~people.helped[:n])
            ties = helped_ties(Recipe.of(scenario, seed), before, crowd, people.n_rows)
    else:
        from sim.graph_io import missing_nodes, read_graph, ties_from_networkx

        origin = str(graph) if isinstance(graph, str | Path) else "graph"
        given = read_graph(graph) if isinstance(graph, str | Path) else graph
        ties, found = ties_from_networkx(given, people.platforms, people.platform_mask, origin)
        warnings += found + missing_nodes(given, people.n_residents, origin)
    return City(
        name=scenario.city.name,
        seed=seed,
        n_residents=people.n_residents,
        platforms=people.platforms,
        themes=people.themes,
        ties=ties,
        followers=people.followers,
        residuals=people.residuals,
        warnings=warnings,
        helped=people.helped,
        **{name: getattr(people, name) for name in COLUMNS},
    )


def ingredients(scenario: Scenario) -> dict[str, Any]:
    """The numbers of ``scenario`` on which its City depends, and nothing else (JSON-ready)."""
    city, behaviour, cards = scenario.city, scenario.behaviour, scenario.platform
    people = ("appetite_correlation", "attachment_sd", "interest_sd")
    return {
        "name": city.name,
        "population": [city.population.total.value, city.population.percent_by_band.row(), scenario.sampling],
        "use_scale": {p: f.value for p, f in sorted(city.use_scale.items())},
        "accounts": {
            name: [
                a.platform,
                a.followers.value,
                a.nonresident_share.value,
                {circle: share.value for circle, share in a.circles.items()},
                {other: share.value for other, share in a.overlap.items()},
            ]
            for name, a in sorted(city.accounts.items())
        },
        "platforms": {
            name: [
                card.use.at(city.year),
                card.sessions_per_day.row(),
                card.session_gamma_shape.value,
                card.audience.follow_by_band.row(),
            ]
            for name, card in sorted(cards.items())
        },
        "behaviour": [getattr(behaviour, name).value for name in people],
        "expressiveness": {
            name: [share.value, behaviour.expressiveness_level[name].value]
            for name, share in sorted(behaviour.expressiveness_share.items())
        },
        "interest": {theme: table.row() for theme, table in sorted(behaviour.interest.items())},
        "ties": asdict(Recipe.of(scenario, 0)),
        "help": help_recipe(scenario),
    }


def fingerprint(scenario: Scenario, seed: int, graph: str | Path | None = None) -> str:
    """Name of the City in a cache: digest of its inputs, its seed, the graph file and these sources."""
    digest = hashlib.sha256(json.dumps([ingredients(scenario), seed], sort_keys=True).encode())
    for name in SOURCES:
        digest.update((Path(__file__).parent / name).read_bytes())
    if graph is not None and Path(graph).is_file():
        digest.update(str(graph).encode() + b"\0" + Path(graph).read_bytes())
    return digest.hexdigest()[:32]


def _cache(scenario: Scenario, cache_dir: str | Path | None) -> Path | None:
    if cache_dir is None:
        return None
    if cache_dir != "auto":
        return Path(cache_dir)
    if scenario.city.population.total.value * scenario.sampling < WORTH_CACHING:
        return None
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "city-audience"


def _save(city: City, folder: Path) -> None:
    """Write ``city`` beside ``folder`` and move it there in one step; give up quietly if that fails."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    sums = {}
    try:
        temporary.mkdir(parents=True, exist_ok=True)
        for name, array in city.arrays().items():
            np.save(temporary / f"{name}.npy", array, allow_pickle=False)
            sums[name] = _sum(array)
        about = {key: getattr(city, key) for key in ("name", "seed", "n_residents", "platforms", "themes")}
        about |= {"warnings": city.warnings, "residuals": city.residuals.to_dict("list"), "sums": sums}
        (temporary / "city.json").write_text(json.dumps(about), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder, ignore_errors=True)
        os.replace(temporary, folder)
        kept = sorted(folder.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in kept[KEPT_CITIES:]:
            shutil.rmtree(old, ignore_errors=True)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)


def _load(folder: Path) -> City | None:
    """City of a cache folder, its arrays mapped from disk; None if absent or damaged."""
    try:
        about = json.loads((folder / "city.json").read_text(encoding="utf-8"))
        arrays = {}
        for name, expected in about.pop("sums").items():
            if _sum_of_file(folder / f"{name}.npy") != expected:
                return None
            mapped = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            arrays[name] = np.asarray(mapped)  # a plain view: indexing the memmap class itself is slow
        os.utime(folder)
        about |= {"platforms": tuple(about["platforms"]), "themes": tuple(about["themes"])}
        about["residuals"] = pd.DataFrame(about["residuals"])
        accounts = [name.partition(".")[2] for name in arrays if name.startswith("followers.")]
        columns: dict[str, Any] = {name: arrays[name] for name in COLUMNS}
        return City(
            **about,
            **columns,
            ties=Ties(*(arrays[f"ties.{name}"] for name in _TIES)),
            followers={account: arrays[f"followers.{account}"] for account in accounts},
            helped=arrays.get("helped"),
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None


def _sum(array: NDArray[Any]) -> int:
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _sum_of_file(path: Path) -> int:
    """``_sum`` of an array on disk, read in pieces: what nobody uses is then not held in memory."""
    total = 0
    with open(path, "rb") as stream:
        np.lib.format.read_magic(stream)
        np.lib.format.read_array_header_1_0(stream)
        while piece := stream.read(_PIECE):
            total = zlib.crc32(piece, total)
    return total
