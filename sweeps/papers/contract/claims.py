"""What the contract paper says of its optimum and its Figures 1-3: the contracts behind them, and the claims.

Source: Eldosouky, Saad, Kamhoua, Kwiat, arXiv 1702.06436, section IV. Minima 20, 60, 100 (and 140
with 650 resources) and a value of twice the resources are the paper's. Reconstructed, its numbers
being lost: theta_i = i, r_i = 2 i, equal probabilities, unit cost 0.5; 600 resources for three types
(then ten infrastructures still fit), half as many more with each one added in the growing case; and,
in Figure 1, that n infrastructures are spread evenly over the three types, so that one contract of
each type is designed on 3 / n of the resources. Types stand in presets/contract_3_types.toml and
contract_4_types.toml.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ....kernels.games.contract import CONSTRAINTS
from ...run import run_in_memory
from ...spec.presets import preset
from ..claims import Claim, check

if TYPE_CHECKING:
    import xarray as xr

TOTAL_3, TOTAL_4 = 600.0, 650.0
UNIT_COST = 0.5
GROWTH = 0.5
COUNTS = np.arange(3, 11)
# From how many times its minimum a type gets "much more resources than needed"; the paper says no number.
MUCH = 1.5
_CONFLICT = (
    "the lowest type gets exactly what it needs, as section III-B says of every optimum: the two sentences "
    "exclude each other"
)


@dataclass(frozen=True)
class Studies:
    """Numbers of the three figures."""

    counts: np.ndarray
    """Infrastructures in Figure 1 [count]."""
    gain_fixed: np.ndarray
    """Centre's utility over that of the equal split, less 1 [count]."""
    gain_growing: np.ndarray
    """The same where every infrastructure brings resources along [count]."""
    utility_fixed: np.ndarray
    """Centre's utility, resources fixed [count]."""
    utility_growing: np.ndarray
    """Centre's utility, resources growing [count]."""
    type_utility: np.ndarray
    """Figure 2: of each of the four types under its optimal contract [type]."""
    equal_utility: np.ndarray
    """Figure 2: of each type under the equal split [type]."""
    any_contract: np.ndarray
    """Figure 3: of each type under every contract [type, contract]."""
    resources: np.ndarray
    """Resources of the four types [type]."""
    least: np.ndarray
    """What the four types need at least [type]."""
    by_neighbours: np.ndarray
    """Resources of the four types where neighbours' constraints alone are imposed [type]."""
    own_by_neighbours: np.ndarray
    """What each type gains there by its own contract over each other one [type, contract]."""
    by_downward: np.ndarray
    """Resources where each type is only kept from the next lower contract [type]."""


def studies() -> Studies:
    """Solve the contracts behind the three figures."""
    fixed = 3 / COUNTS * TOTAL_3
    growing = fixed * (1 + GROWTH * (COUNTS - 3))
    three = _solve(3, sorted({*fixed, *growing}))
    every = _solve(4, [TOTAL_4], list(CONSTRAINTS)).isel(T_total=0)
    four, near, down = (every.sel(constraints=name) for name in CONSTRAINTS)
    given = {
        name: np.array(preset("contract_4_types").fixed[name]) for name in ("theta", "reward_rate", "T_min")
    }

    def by_count(name: str, totals: np.ndarray) -> np.ndarray:
        return three[name].sel(T_total=totals).values

    return Studies(
        COUNTS,
        by_count("gain_over_equal_split", fixed),
        by_count("gain_over_equal_split", growing),
        by_count("centre_utility", fixed) * COUNTS / 3,
        by_count("centre_utility", growing) * COUNTS / 3,
        four["type_utility"].values,
        (2 * given["theta"] - UNIT_COST * given["reward_rate"]) * TOTAL_4 / 4,
        four["ir_slack"].values[:, None] - four["ic_slack"].values,
        four["resources"].values,
        given["T_min"],
        near["resources"].values,
        near["ic_slack"].values,
        down["resources"].values,
    )


def claims(s: Studies) -> list[Claim]:
    """The sentences of the paper about its optimum and its figures, as it states them."""
    return [*_figure_1(s), *_figure_2(s), *_figure_3(s), *_relaxed(s)]


def _figure_1(s: Studies) -> Iterator[Claim]:
    gain = s.gain_fixed
    yield check("Fig. 1", "the contracts gain over the equal split, resources fixed", gain, "gain", 1e-12)
    text = "fixed resources: the gain falls with infrastructures added"
    yield check("Fig. 1", text, -np.diff(gain), "fall", 1e-12)
    text = "growing resources: the gain never falls"
    yield check("Fig. 1", text, np.diff(s.gain_growing), "rise", 1e-12)
    text = "growing resources: the centre's utility rises"
    yield check("Fig. 1", text, np.diff(s.utility_growing), "rise")


def _figure_2(s: Studies) -> Iterator[Claim]:
    difference = s.type_utility - s.equal_utility
    text = "higher types have higher utility (Lemma 2)"
    yield check("Fig. 2", text, np.diff(s.type_utility), "step", imposed="IC and IR are")
    text = "the highest type does better than under the equal split"
    yield check("Fig. 2", text, difference[-1], "difference")
    text = "the lowest type does worse than under the equal split"
    yield check("Fig. 2", text, -difference[0], "difference")
    text = "every type gets at least what it needs"
    yield check(
        "Fig. 2", text, s.resources - s.least, "resources to spare", 1e-9 * TOTAL_4, imposed="T >= T_min is"
    )
    lower = difference < 0
    times = s.resources[lower] / s.least[lower]
    text = f"types below the equal split get much more than needed (read: {MUCH:g} times as much)"
    listed = ", ".join(
        f"type {k + 1} ({t:.4g} times what it needs)"
        for k, t in zip(np.flatnonzero(lower), times, strict=True)
    )
    yield check(
        "Fig. 2",
        text,
        times - MUCH,
        "surplus",
        expected=False,
        worst=listed,
        reason=_CONFLICT,
    )
    text = "the lowest type gets its lower limit"
    gap = -abs(s.resources[0] - s.least[0]) / TOTAL_4
    yield check("III-B", text, gap, "minus the difference", 1e-9)


def _figure_3(s: Studies) -> Iterator[Claim]:
    scale = np.abs(s.any_contract).max()
    lost = np.diagonal(s.any_contract)[:, None] - s.any_contract
    text = "every type does best under its own contract"
    yield check("Fig. 3", text, lost, "utility lost", 1e-12 * scale, imposed="IC of all pairs is")
    text = "higher contracts hold more resources (Lemma 1)"
    yield check("Fig. 3", text, np.diff(s.resources), "step", imposed="IC is")
    beyond = -np.diff(s.any_contract, axis=1)[_next_up(len(s.least))] / scale
    text = "contracts above a type's own lower its utility"
    tied = int((np.abs(beyond) <= 1e-9).sum())
    why = f"IC binds between neighbours: {tied} types are indifferent between their own contract and the next"
    yield check(
        "Fig. 3",
        text,
        beyond,
        "relative fall",
        1e-9,
        expected=False,
        worst=f"{tied} ties",
        reason=why,
        strict=True,
    )
    text = "contracts above a type's own never raise its utility"
    yield check("Fig. 3", text, beyond, "relative fall", 1e-9, imposed="IC of all pairs is")


def _relaxed(s: Studies) -> Iterator[Claim]:
    text = "with neighbours' IC and IR of the lowest type alone, the contracts are the same"
    same = -np.abs(s.by_neighbours - s.resources) / TOTAL_4
    yield check("Theorem 1", text, same, "minus the difference", 1e-9)
    text = "with those alone, every type does best under its own contract"
    scale = np.abs(s.any_contract).max()
    yield check("Theorem 1", text, s.own_by_neighbours, "utility lost", 1e-12 * scale)
    text = "the relaxed problem, (12) and (15) alone, has the same contracts"
    same = -np.abs(s.by_downward - s.resources) / TOTAL_4
    listed = ", ".join(f"{t:.4g}" for t in s.by_downward)
    why = (
        f"(12) keeps a type from the contract below; nothing then keeps it from the one above, and the "
        f"centre gives all but the minima to the highest: T = ({listed}). Theorem 1 needs (13) as well"
    )
    yield check("III-A", text, same, "minus the difference", 1e-9, expected=False, reason=why)


def _next_up(types: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of steps from contract j to j + 1 of types i <= j."""
    return np.triu_indices(types - 1)


def _solve(types: int, totals: Sequence[float], constraints: Sequence[str] = ("all",)) -> "xr.Dataset":
    """The preset's contracts for so many types, on each total."""
    sweep = preset(f"contract_{types}_types")
    fixed = {**sweep.fixed, "unit_cost": UNIT_COST}
    cube = run_in_memory(
        replace(sweep, axes={"T_total": list(totals), "constraints": list(constraints)}, fixed=fixed)
    )
    return cube if len(constraints) > 1 else cube.isel(constraints=0)
