"""What the contract paper's Figures 1-3 are said to show: the contracts behind them, and the claims, checked.

Source: Eldosouky, Saad, Kamhoua, Kwiat, arXiv 1702.06436, section IV. Minima 20, 60, 100 (and 140
with 650 resources) and a value of twice the resources are the paper's. Reconstructed, its numbers
being lost: theta_i = i, r_i = 2 i, equal probabilities, unit cost 0.5; 600 resources for three types
(then ten infrastructures still fit), half as many more with each one added in the growing case; and,
in Figure 1, that n infrastructures are spread evenly over the three types, so that one contract of
each type is designed on 3 / n of the resources. Types stand in presets/contract_3_types.toml and
contract_4_types.toml.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...run import run_in_memory
from ...spec.presets import preset
from ..claims import Claim, check

if TYPE_CHECKING:
    import xarray as xr

TOTAL_3, TOTAL_4 = 600.0, 650.0
UNIT_COST = 0.5
GROWTH = 0.5
COUNTS = np.arange(3, 11)


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


def studies() -> Studies:
    """Solve the contracts behind the three figures."""
    fixed = 3 / COUNTS * TOTAL_3
    growing = fixed * (1 + GROWTH * (COUNTS - 3))
    three, four = _solve(3, sorted({*fixed, *growing})), _solve(4, [TOTAL_4]).isel(T_total=0)
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
    )


def claims(s: Studies) -> list[Claim]:
    """The sentences of section IV about its figures."""
    gain = s.gain_fixed
    elsewhere = np.diagonal(s.any_contract)[:, None] - s.any_contract
    scale = np.abs(s.any_contract).max()
    low, high = s.type_utility[0] - s.equal_utility[0], s.type_utility[-1] - s.equal_utility[-1]
    rows = [
        ("Fig. 1", "the contracts gain over the equal split, resources fixed", gain, "gain", 1e-12),
        (
            "Fig. 1",
            "fixed resources: the gain falls with infrastructures added",
            -np.diff(gain),
            "fall",
            1e-12,
        ),
        ("Fig. 1", "growing resources: the gain never falls", np.diff(s.gain_growing), "rise", 1e-12),
        ("Fig. 1", "growing resources: the centre's utility rises", np.diff(s.utility_growing), "rise", 0.0),
        ("Fig. 2", "higher types have higher utility", np.diff(s.type_utility), "step", 0.0),
        ("Fig. 2", "the highest type does better than under the equal split", high, "difference", 0.0),
        ("Fig. 2", "the lowest type does worse than under the equal split", -low, "difference", 0.0),
        (
            "Fig. 2",
            "every type gets what it needs",
            s.resources - s.least,
            "resources to spare",
            1e-9 * TOTAL_4,
        ),
        ("Fig. 3", "every type does best under its own contract", elsewhere, "utility lost", 1e-12 * scale),
    ]
    return [check(source, text, margins, *rest) for source, text, margins, *rest in rows]


def _solve(types: int, totals: Sequence[float]) -> "xr.Dataset":
    """The preset's contracts for so many types, on each total."""
    sweep = preset(f"contract_{types}_types")
    fixed = {**sweep.fixed, "unit_cost": UNIT_COST}
    return run_in_memory(replace(sweep, axes={"T_total": list(totals)}, fixed=fixed))
