"""The pairs of cities of which a sweep names what is added to a link, a transfer or a rate."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ....engine.errors import SweepError
from ....engine.gate.text import shown
from ....kernels.games.network.declaration import PAIR_PARAMETERS
from ....kernels.games.network.pairs import pairs_of
from ...text import nearest

_NAMES = tuple(parameter.name for parameter in PAIR_PARAMETERS)


def pairs_asked(
    origin: str, table: Mapping[str, Any], varied: Sequence[str], cities: tuple[str, ...]
) -> tuple[str, ...]:
    """Pairs that axes, samples, fixed values or derivatives name, in order, as ``port_to_mill``.

    SweepError, beginning with `origin`, for what is no pair of these cities.
    """
    asked = list(_stated(origin, table, varied))
    known = pairs_of(cities) if asked else {}
    for place, pair in asked:
        if pair not in known:
            hint = nearest(pair, list(known)) or f"; a pair is called as {shown(next(iter(known), ''))}"
            raise SweepError(f"{origin}: {place}: {shown(pair)} is no pair of these cities{hint}")
    return tuple(dict.fromkeys(pair for _, pair in asked))


def _stated(origin: str, table: Mapping[str, Any], varied: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Where each pair stands, and its name."""
    for name in _NAMES:
        fixed = table["fixed"].get(name, {})
        if isinstance(fixed, Mapping):
            yield from ((f"fixed.{name}", str(pair)) for pair in fixed)
        elif not any(one.startswith(f"{name}.") for one in varied):
            raise SweepError(
                f"{origin}: fixed.{name}: {shown(fixed)} should be a table by pair, as "
                f"{{ port_to_mill = 0.2 }} from the city port to the city mill"
            )
    targets = [target for listed in table["derivatives"].values() for target in _texts(listed)]
    for place, names in (("axes", varied), ("derivatives", targets)):
        for name in names:
            base, dot, pair = name.partition(".")
            if base in _NAMES and dot:
                yield f"{place}.{base}", pair


def _texts(listed: Any) -> list[str]:
    return [one for one in listed if isinstance(one, str)] if isinstance(listed, list | tuple) else []
