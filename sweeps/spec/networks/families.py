"""Networks of a family, for a number of cities: those that the number decides, and random ones by a seed."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from ....engine.errors import SweepError
from ....engine.gate.text import shown
from ....kernels.games.network.families import FAMILIES, family
from ...text import nearest
from .library import networkx

# A random family's own numbers, with what they are by default.
RANDOM: dict[str, dict[str, float]] = {
    "erdos_renyi": {"edge_probability": 0.3},
    "barabasi_albert": {"links": 2},
    "small_world": {"neighbours": 4, "rewiring": 0.1},
}
_WHOLE = ("links", "neighbours")


def numbers_of(where: str, name: str, stated: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of the family `name`, those by default included; SweepError for one that it has not."""
    known = {"weight": 1.0, **RANDOM.get(name, {})}
    for key, value in stated.items():
        if key not in known:
            raise SweepError(f"{where}.{key}: {name} has no such number{nearest(key, list(known))}")
        whole = key in _WHOLE
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            raise SweepError(f"{where}.{key}: {shown(value)} should be a {'whole ' * whole}number")
        if not whole and not 0 <= value <= 1:
            raise SweepError(f"{where}.{key}: {shown(value)} is outside of [0, 1]")
    return known | dict(stated)


def draw(where: str, name: str, numbers: Mapping[str, float], n: int, seeds: Sequence[int]) -> np.ndarray:
    """Weights of a family among `n` cities, [seed][from, to]: one where nothing is random.

    Random are: every pair linked with `edge_probability` (Erdős, Rényi); each city joining by so many
    `links`, to cities in proportion to theirs (Barabási, Albert); a ring of so many `neighbours`, each link
    of which goes elsewhere with the probability `rewiring` (Watts, Strogatz). Links lead both ways.
    """
    if name in FAMILIES:
        # As one program: operation by operation it is ten of them.
        return numbers["weight"] * np.asarray(jax.jit(family, static_argnums=(0, 1))(name, n))[None]
    library = networkx(where)
    if name == "barabasi_albert" and not 1 <= numbers["links"] < n:
        raise SweepError(f"{where}.links: {numbers['links']} should be from 1 to {n - 1} among {n} cities")
    if name == "small_world" and not 2 <= numbers["neighbours"] <= n:
        raise SweepError(
            f"{where}.neighbours: {numbers['neighbours']} should be from 2 to {n} among {n} cities"
        )

    def one(seed: int) -> Any:
        if name == "erdos_renyi":
            return library.gnp_random_graph(n, numbers["edge_probability"], seed=seed)
        if name == "barabasi_albert":
            return library.barabasi_albert_graph(n, int(numbers["links"]), seed=seed)
        return library.watts_strogatz_graph(n, int(numbers["neighbours"]), numbers["rewiring"], seed=seed)

    drawn = np.zeros((len(seeds), n, n))
    for k, seed in enumerate(seeds):
        for a, b in one(seed).edges:
            drawn[k, a, b] = drawn[k, b, a] = numbers["weight"]
    return drawn
