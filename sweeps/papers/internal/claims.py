"""What the internal-allocation paper says about its three studies, solved on a grid and checked.

Source: the internal-allocation paper, sections 5.1-5.3 and its Figures 3-5. Its loss function, most
numbers and units are lost: the fund (10 billion CNY) and beta = 0.5 are the paper's, the rest are chosen
[reconstructed]. The three studies sweep v, L and E of the two factors; their numbers stand in
presets/internal_v.toml, internal_L.toml and internal_E.toml.
"""

from dataclasses import dataclass, replace

import numpy as np

from ...run import run_in_memory
from ...spec.presets import preset
from ..claims import Claim, check

FACTORS = ("data", "application_systems")
SOURCES = {"v": "section 5.1", "L": "section 5.2", "E": "section 5.3"}
# Why a factor's share is not monotonic in its own v and E, though the paper says so.
_WHY = {
    "v": "money at a factor changes little where v is near 1 (breached anyway) or 0 (safe anyway), so the "
    "share rises, then falls",
    "E": "money that hardly works is better spent elsewhere: below some E the share rises with E, and only "
    "above it less money does",
}


@dataclass(frozen=True)
class Study:
    """One parameter of both factors swept over a square grid: index [a, b] has data at a."""

    parameter: str
    values: np.ndarray
    """Grid of either axis [n]."""
    loss: np.ndarray
    """Expected loss C [n, n]."""
    share: np.ndarray
    """Shares of the fund [n, n, factor]."""
    loss_slope: np.ndarray
    """dC / d parameter of each factor [n, n, factor]."""
    own_slope: np.ndarray
    """d share_i / d parameter_i [n, n, factor]."""


def study(parameter: str, points: int | None = None) -> Study:
    """The preset's sweep of `parameter` ("v", "L" or "E") of both factors; `points` values each if given."""
    sweep = preset(f"internal_{parameter}")
    if points:
        sweep = replace(sweep, axes={name: {**ends, "num": points} for name, ends in sweep.axes.items()})
    cube = run_in_memory(sweep)
    targets = [f"{parameter}_{factor}" for factor in FACTORS]
    return Study(
        parameter,
        cube[f"{parameter}.{FACTORS[0]}"].values,
        cube["expected_loss"].values,
        cube["share"].sel(factor=list(FACTORS)).values,
        np.stack([cube[f"d_expected_loss_d_{target}"] for target in targets], axis=-1),
        np.stack(
            [cube[f"d_share_d_{t}"].sel(factor=f) for t, f in zip(targets, FACTORS, strict=True)], axis=-1
        ),
    )


def claims(s: Study) -> list[Claim]:
    """What the paper says about this study, at every point of the grid."""
    name, source = s.parameter, SOURCES[s.parameter]
    tolerance = 1e-10 * np.abs(s.loss_slope).max()
    rising = {"v": 1, "L": 1, "E": -1}[name]
    word = "rises" if rising > 0 else "falls"
    result = [
        check(source, f"C {word} in {name} of {factor}", rising * s.loss_slope[..., k], "slope", tolerance)
        for k, factor in enumerate(FACTORS)
    ]
    own = 1e-10 * np.abs(s.own_slope).max()
    for k, factor in enumerate(FACTORS):
        text = f"the share of {factor} {word} in its own {name}"
        margins = rising * s.own_slope[..., k]
        known = {"worst": _where(s, margins), "expected": name not in _WHY, "reason": _WHY.get(name, "")}
        result.append(check(source, text, margins, "slope", own, **known))
    if name == "L":
        split = s.share[range(len(s.values)), range(len(s.values)), 0]
        text = "where both L are equal, the split does not depend on how large they are"
        result.append(check(source, text, -np.abs(split - split[0]), "minus the change of a share", 1e-12))
    if name == "E":
        text = "application_systems get more than data whatever E is (v_data < v_application_systems)"
        margins = s.share[..., 1] - s.share[..., 0]
        why = "a factor at which money works much worse needs more of it, whichever of the two it is"
        known = {"worst": _where(s, margins), "expected": False, "reason": why}
        result.append(check(source, text, margins, "difference of shares", **known))
    return result


def _where(s: Study, margins: np.ndarray) -> str:
    """The grid point where a claim holds by the smallest margin."""
    a, b = np.unravel_index(np.argmin(margins), margins.shape)
    return f"{s.parameter} = ({s.values[a]:.4g}, {s.values[b]:.4g})"
