"""The model `network` for the cities and networks of one sweep.

``[networks]`` names the cities (a number, or names) and networks: a file, or a family with its numbers. Only
those that the sweep asks for are read and drawn; what they weigh belongs to the sweep's identity.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ....engine.errors import SweepError
from ....engine.gate.text import shown
from ....kernels.games.network.families import FAMILIES
from ....kernels.games.network.model import NETWORK, PARTNERS, network_model
from ....kernels.games.network.spread import MOST_REACHABLE
from ....kernels.model import Model
from ...file_paths import path_of
from ...text import nearest
from ..ranges import grid_values
from ..vectors import component_labels, require_names
from .families import RANDOM, draw, numbers_of
from .pairs import pairs_asked
from .read import MOST_CITIES, Named, read_network

_OF_NETWORKS = ("network", "transfers", "rates")
_OF_FILES = {"file": str, "weight": str, "directed": bool}
_MOST_WEIGHTS = 2 * 10**7


@dataclass(frozen=True)
class Networks:
    """What a sweep of the model `network` is resolved with.

    Attributes
    ----------
    model
        The model, for these cities, with these networks.
    fixed
        What the sweep fixes; lists by city are tables.
    identity
        Networks by name, as flat text: part of the sweep's identity.
    """

    model: Model
    fixed: Mapping[str, Any]
    identity: Mapping[str, str]


def resolve_networks(origin: str, table: Mapping[str, Any], varied: Sequence[str], folder: Path) -> Networks:
    """The model for a sweep's table; SweepError, beginning with `origin`, for all that is wrong."""
    where = f"{origin}: networks"
    stated = {name: spec for name, spec in table["networks"].items() if name != "cities"}
    for name in stated:
        _require_name(where, name)
    asked = _asked(table)
    specs = {name: _spec(f"{where}.{name}", name, stated[name]) for name in asked if name in stated}
    specs |= {name: {"family": name} for name in asked if name in RANDOM and name not in stated}
    files = {
        name: read_network(
            f"{where}.{name}", folder / path_of(spec["file"]), spec.get("weight", "weight"),
            spec.get("directed", False),
        )
        for name, spec in specs.items()
        if "file" in spec
    }  # fmt: skip
    cities = _cities(where, table, varied, files, origin)
    _require_reachable(origin, table, len(cities))
    pairs = pairs_asked(origin, table, varied, cities)
    seeds = _seeds(origin, table)
    graphs = {
        name: _weights(f"{where}.{name}", spec, cities, files.get(name), seeds)
        for name, spec in specs.items()
    }
    return Networks(
        network_model(cities, {name: (np.array(seeds), weights) for name, weights in graphs.items()}, pairs),
        _by_city(table["fixed"], cities),
        {f"networks.{name}": _identity(weights) for name, weights in graphs.items()},
    )


def files_asked(table: Mapping[str, Any]) -> list[str]:
    """The files of the networks that the sweep asks for, as they are stated."""
    specs = [table["networks"].get(name) for name in _asked(table)]
    tables = [{"file": spec} if isinstance(spec, str) and "." in spec else spec for spec in specs]
    files = [table.get("file") for table in tables if isinstance(table, Mapping)]
    return [file for file in files if isinstance(file, str)]


def _require_name(where: str, name: str) -> None:
    if name in (*FAMILIES, *PARTNERS):
        raise SweepError(f"{where}.{name}: {shown(name)} is taken; call the network otherwise")
    if not name.isidentifier():
        raise SweepError(f"{where}: {shown(name)} should be a name of letters, digits and _")


def _asked(table: Mapping[str, Any]) -> list[str]:
    """Names of networks that the sweep asks for, in order."""
    stated = [table[part].get(key) for part in ("axes", "fixed") for key in _OF_NETWORKS]
    names = [name for one in stated for name in ([one] if isinstance(one, str) else _texts(one))]
    return list(dict.fromkeys(names))


def _texts(values: Any) -> Iterable[str]:
    listed = isinstance(values, Sequence | np.ndarray)
    return [str(value) for value in values if isinstance(value, str)] if listed else []


def _spec(where: str, name: str, spec: Any) -> dict[str, Any]:
    """A network's table with its file or family; a text is the one if it has an ending, else the other."""
    if isinstance(spec, str):
        spec = {"file" if "." in spec else "family": spec}
    if not isinstance(spec, Mapping):
        raise SweepError(f"{where}: {shown(spec)} should be a file, a family, or a table with one of them")
    spec = dict(spec)
    if name in RANDOM and "file" not in spec:
        spec.setdefault("family", name)
    if ("file" in spec) == ("family" in spec):
        raise SweepError(f"{where}: give one of file and family")
    if "file" in spec:
        for key, value in spec.items():
            if key not in _OF_FILES:
                raise SweepError(f"{where}.{key}: unknown key{nearest(key, list(_OF_FILES))}")
            if not isinstance(value, _OF_FILES[key]):
                kind = "true or false" if key == "directed" else "a text"
                raise SweepError(f"{where}.{key}: {shown(value)} should be {kind}")
        return spec
    families = [*FAMILIES, *RANDOM]
    if spec["family"] not in families:
        raise SweepError(
            f"{where}.family: {shown(spec['family'])} is no family{nearest(str(spec['family']), families)}"
        )
    numbers = {key: value for key, value in spec.items() if key != "family"}
    return {"family": spec["family"], **numbers_of(where, spec["family"], numbers)}


def _cities(
    where: str, table: Mapping[str, Any], varied: Sequence[str], files: Mapping[str, Named], origin: str
) -> tuple[str, ...]:
    """Names of the cities: stated, of the files, or of the sweep's vectors."""
    stated = table["networks"].get("cities")
    known = [("cities", _stated_cities(where, stated))] if stated is not None else []
    known += [(name, named.cities) for name, named in files.items()]
    for name, cities in known[1:]:
        if set(cities) != set(known[0][1]):
            odd = sorted(set(cities) ^ set(known[0][1]))[0]
            raise SweepError(
                f"{where}: {name} and {known[0][0]} have other cities; {shown(odd)} is in one only"
            )
    fixed = table["fixed"]
    if known:
        cities = known[0][1]
        require_names(f"{where}: {known[0][0]}", cities)
        _require_lengths(origin, fixed, cities)
        vectors = component_labels(f"{origin}: fixed", _by_city(fixed, cities), varied, network_model(cities))
        other = [name for name in vectors["city"] if name not in cities]
        if other:
            raise SweepError(
                f"{origin}: fixed: there is no city {shown(other[0])}{nearest(other[0], cities)}"
            )
        return cities
    cities = component_labels(f"{origin}: fixed", fixed, varied, NETWORK)["city"]
    if not 2 <= len(cities) <= MOST_CITIES:
        many = "1 city" if len(cities) == 1 else f"{len(cities)} cities"
        raise SweepError(
            f"{origin}: fixed: {many}; a network has 2 to {MOST_CITIES}: say how many, or name all, as "
            "cities in [networks]"
        )
    return cities


def _stated_cities(where: str, stated: Any) -> tuple[str, ...]:
    here = f"{where}.cities"
    if isinstance(stated, int) and not isinstance(stated, bool):
        if not 2 <= stated <= MOST_CITIES:
            raise SweepError(f"{here}: {stated} should be from 2 to {MOST_CITIES}")
        return tuple(str(k) for k in range(1, stated + 1))
    names = tuple(stated) if isinstance(stated, Sequence) and not isinstance(stated, str) else ()
    if not 2 <= len(names) <= MOST_CITIES or not all(isinstance(name, str) and name for name in names):
        raise SweepError(
            f"{here}: {shown(stated)} should be a number of cities, 2 to {MOST_CITIES}, or their names"
        )
    if len(set(names)) < len(names):
        raise SweepError(f"{here}: two cities have the same name")
    return names


def _vectors() -> list[str]:
    return [parameter.name for parameter in NETWORK.parameters if parameter.dim]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)


def _require_lengths(origin: str, fixed: Mapping[str, Any], cities: tuple[str, ...]) -> None:
    for name in _vectors():
        if _is_list(fixed.get(name)) and len(fixed[name]) != len(cities):
            raise SweepError(
                f"{origin}: fixed.{name}: {len(fixed[name])} values, and there are {len(cities)} cities"
            )


def _by_city(fixed: Mapping[str, Any], cities: tuple[str, ...]) -> dict[str, Any]:
    """What is fixed, with lists as tables by city, in the cities' order."""
    lists = {name: fixed[name] for name in _vectors() if _is_list(fixed.get(name))}
    named = {
        name: dict(zip(cities, values, strict=True))
        for name, values in lists.items()
        if len(values) == len(cities)
    }
    return {**fixed, **named}


def _require_reachable(origin: str, table: Mapping[str, Any], n: int) -> None:
    for part in ("axes", "fixed"):
        stated = table[part].get("spread", "")
        ways = [stated] if isinstance(stated, str) else list(_texts(stated))
        if "reachability" in ways and n > MOST_REACHABLE:
            raise SweepError(
                f"{origin}: {part}.spread: reachability is exact, and for at most {MOST_REACHABLE} cities; "
                f'there are {n}: take "hops" or "walks"'
            )


def _seeds(origin: str, table: Mapping[str, Any]) -> list[int]:
    """Every seed of the sweep, in rising order; what is no seed is refused later, as of any parameter."""
    if "seed" in table["design"].get("parameters", {}):
        raise SweepError(f"{origin}: design.parameters.seed: networks are drawn first; make seed an axis")
    stated = table["axes"].get("seed", table["fixed"].get("seed", 0))
    values = grid_values(f"{origin}: axes.seed", stated, True) if "seed" in table["axes"] else [stated]
    whole = [v for v in values if isinstance(v, int | float | np.number) and v == int(v) and 0 <= v < 2**31]
    return sorted({int(value) for value in whole}) or [0]


def _weights(
    where: str, spec: Mapping[str, Any], cities: tuple[str, ...], named: Named | None, seeds: list[int]
) -> np.ndarray:
    """The weights of a network, [seed][from, to], in the order of the cities."""
    if named is not None:
        order = [named.cities.index(city) for city in cities]
        return named.weights[np.ix_(order, order)][None]
    if spec["family"] in RANDOM and len(seeds) * len(cities) ** 2 > _MOST_WEIGHTS:
        raise SweepError(f"{where}: {len(seeds):,} seeds of {len(cities)} cities are too many networks")
    numbers = numbers_of(where, spec["family"], {k: v for k, v in spec.items() if k != "family"})
    return draw(where, spec["family"], numbers, len(cities), seeds)


def _identity(weights: np.ndarray) -> str:
    seeds, n, _ = weights.shape
    digest = hashlib.sha256(np.ascontiguousarray(weights, "<f8").tobytes()).hexdigest()
    return f"{seeds} of {n} cities, sha256 {digest}"
