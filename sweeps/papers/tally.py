"""Counts of where a conclusion holds, the worst point, and maps of where it fails, slab by slab."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr


@dataclass
class Tally:
    """Points of one conclusion, counted.

    `left_out`: no result there; `silent`: the premise does not hold; the rest is `holds`, `equal` (within the
    tolerance) or `fails`. `least` is the smallest margin met, at the coordinates `at`. `span` is the box of
    all failing points; `maps` the counts of (failing, decided) points over each pair of `axes`.
    """

    left_out: int = 0
    silent: int = 0
    holds: int = 0
    equal: int = 0
    fails: int = 0
    least: float = float("nan")
    at: dict[str, Any] = field(default_factory=dict)
    span: dict[str, tuple[float, float]] = field(default_factory=dict)
    axes: dict[str, np.ndarray] = field(default_factory=dict)
    maps: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    @property
    def decided(self) -> int:
        """Points at which the conclusion was put to the test."""
        return self.holds + self.equal + self.fails

    @property
    def share(self) -> float:
        """Share of the decided points where it holds; NaN where there are none."""
        return self.holds / self.decided if self.decided else float("nan")

    def add(
        self, margin: "xr.DataArray", said: "xr.DataArray | None", tolerance: float, weak: bool,
        offset: Mapping[str, int],
    ) -> None:  # fmt: skip
        """Count the points of one slab, which begins at `offset` along its axis."""
        values = margin.values.astype(float)
        has = ~np.isnan(values)
        applies = np.ones_like(has) if said is None else said.values.astype(bool)
        decided = has & applies
        fails = decided & (values < -tolerance)
        equal = decided & (np.abs(values) <= tolerance)
        if weak:
            equal = np.zeros_like(equal)
        self.left_out += int((~has).sum())
        self.silent += int((has & ~applies).sum())
        self.fails += int(fails.sum())
        self.equal += int(equal.sum())
        self.holds += int((decided & ~fails & ~equal).sum())
        self._remember_least(margin, np.where(decided, values, np.inf))
        self._remember_span(margin, fails)
        self._map(margin, fails, decided, offset)

    def _remember_least(self, margin: "xr.DataArray", values: np.ndarray) -> None:
        if not values.size or not np.isfinite(values.min()):
            return
        if np.isnan(self.least) or values.min() < self.least:
            place = np.unravel_index(np.argmin(values), values.shape)
            self.least = float(values[place])
            point = margin[dict(zip(margin.dims, place, strict=True))]
            self.at = {str(name): point[name].values.item() for name in margin.dims}

    def _remember_span(self, margin: "xr.DataArray", fails: np.ndarray) -> None:
        for axis, dim in enumerate(margin.dims):
            others = tuple(i for i in range(fails.ndim) if i != axis)
            met = margin[dim].values[fails.any(axis=others)]
            if len(met) and met.dtype.kind in "iuf":
                low, high = self.span.get(str(dim), (np.inf, -np.inf))
                self.span[str(dim)] = (min(low, float(met.min())), max(high, float(met.max())))

    def _map(
        self, margin: "xr.DataArray", fails: np.ndarray, decided: np.ndarray, offset: Mapping[str, int]
    ) -> None:
        dims = [str(dim) for dim in margin.dims]
        for dim in dims:
            values = margin[dim].values
            start = offset.get(dim, 0)
            old = self.axes.get(dim, values[:0])
            self.axes[dim] = values if dim not in offset else np.concatenate([old[:start], values])
        for one, two in combinations(dims, 2):
            others = tuple(i for i, dim in enumerate(dims) if dim not in (one, two))
            parts = [mask.sum(axis=others, dtype=np.int64) for mask in (fails, decided)]
            shape = (len(self.axes[one]), len(self.axes[two]))
            window = tuple(
                slice(offset.get(dim, 0), offset.get(dim, 0) + margin.sizes[dim]) for dim in (one, two)
            )
            totals = []
            for k, part in enumerate(parts):
                total = np.zeros(shape, np.int64)
                if (one, two) in self.maps:
                    old = self.maps[one, two][k]
                    total[: old.shape[0], : old.shape[1]] = old
                total[window] += part
                totals.append(total)
            self.maps[one, two] = (totals[0], totals[1])

    def reach(self, name: str) -> tuple[float, float]:
        """First and last value of an axis at which anything was decided."""
        values = self.axes[name]
        for pair, (_, decided) in self.maps.items():
            if name in pair:
                values = values[decided.any(axis=1 - pair.index(name))]
                break
        return float(values.min()), float(values.max())

    def widest_pair(self) -> tuple[str, str] | None:
        """The two axes of numbers over which the share of failing points differs most; None without two."""
        best, most = None, -1.0
        for pair, (fails, decided) in self.maps.items():
            if min(fails.shape) < 2 or any(self.axes[axis].dtype.kind not in "iuf" for axis in pair):
                continue
            mean = fails.sum() / max(decided.sum(), 1)
            squares = float((decided * (fails / np.maximum(decided, 1) - mean) ** 2).sum())
            if squares > most:
                best, most = pair, squares
        return best
