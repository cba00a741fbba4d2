"""Rest points of a motion in the plane, and their stability, by Newton's method from many starts.

A rest point lies at a corner, inside an edge where the rate along it is zero, or inside where both are.
Faces of the square or simplex are invariant under selection, and not under mutation: what is found on one
is a rest point only where the motion dies out on the way there. Stability is that of the linearisation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache, partial
from itertools import combinations, product

import numpy as np

from ....kernels.numerics.stability import RestClass, classify
from .chart import Chart
from .motion import Motion

_STARTS = 13
# Shares at which Newton's method starts besides: mutation holds rest points near faces.
_NEAR = (1e-10, 1e-8, 1e-5, 1e-3)
# Places along an edge: even ones, and ever closer ones towards both ends.
_EVEN, _CLOSE = 401, 40
_ALONG = _EVEN + 2 * _CLOSE
# From how near inside a face is approached: what dies out in proportion falls a hundredfold each time.
_APPROACH = (1e-6, 1e-9, 1e-11)
# What changes its sign by a jump or a pole is this part of its size beside it, or more.
_JUMPS = 1e-3
_BISECTIONS = 60
# So near a face it is taken for the face.
_FACE = 1e-11
# Newton's method moves a root by no more than this part of its distance from the faces.
_STAYS = 1e-3
# Two roots nearer than this are one.
_SAME = 1e-6
# More rest points than any picture has: one shape, one compilation.
_MOST = 4 + 4 * _ALONG + 9


@dataclass(frozen=True)
class RestPoint:
    """Coordinates of a rest point [d], and what it is: a `RestClass`, or a kind `with_listed` adds."""

    at: np.ndarray
    kind: Enum


def rest_points(motion: Motion, box: np.ndarray) -> list[RestPoint]:
    """All isolated rest points inside `box` [d, 2], (low, high) of each coordinate.

    An edge at rest as a whole has no isolated ones, and gives none but its ends.
    """
    chart = motion.chart
    points: list[tuple[np.ndarray, bool]] = [(corner, True) for corner in _corners(chart)]
    for ends, component in _edges(chart):
        points += [(point, False) for point in _roots_along(ends, component, motion)]
    points = _at_rest(points, motion)
    if len(box) == 1:
        low, high = box[0] + 1e-9 * np.ptp(box[0]) * np.array([1, -1])
        ends = np.array([[low], [high]])
        points += [(point, False) for point in _roots_along(ends, np.ones(1), motion)]
    else:
        points += [(point, False) for point in _inside(motion, box)]
    if not points:
        return []
    size = np.ptp(box, axis=1)  # coordinates may have units in which one is 1e-12 and the other 1e12
    slopes = motion.slope(np.stack([at for at, _ in points])) * (size / size[:, None])
    kinds = _kinds(slopes, [corner for _, corner in points])
    return [RestPoint(at, kind) for (at, _), kind in zip(points, kinds, strict=True)]


def _at_rest(points: list[tuple[np.ndarray, bool]], motion: Motion) -> list[tuple[np.ndarray, bool]]:
    """Those of the points on faces towards which the motion inside dies out."""
    if not points:
        return []
    size = len(points[0][0])
    middle = np.full(size, 1 / 3 if motion.chart.form == "simplex" else 1 / 2)
    at = np.stack([point for point, _ in points])
    speeds = np.stack([np.abs(motion.velocity(at + d * (middle - at))).max(axis=1) for d in _APPROACH])
    dies_out = (speeds[1:] <= 0.1 * speeds[:-1]).all(axis=0)
    return [points[i] for i in np.flatnonzero(dies_out)]


def _corners(chart: Chart) -> list[np.ndarray]:
    if chart.form == "square":
        return [np.array(corner, float) for corner in product((0, 1), repeat=2)]
    if chart.form == "simplex":
        return [np.array(corner, float) for corner in ((1, 0), (0, 1), (0, 0))]
    return [np.array([0.0]), np.array([1.0])] if chart.form == "line" else []


def _edges(chart: Chart) -> list[tuple[np.ndarray, np.ndarray]]:
    """Both ends of every edge, and the combination of rates that is zero at a rest point inside it."""
    corners = _corners(chart)
    if chart.form == "simplex":
        growth = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])  # the last log ratio is 0, and stays
        return [
            (np.stack([corners[i], corners[j]]), growth[i] - growth[j]) for i, j in combinations(range(3), 2)
        ]
    if chart.form != "square":
        return []
    edges = []
    for a, b in combinations(corners, 2):
        if np.abs(a - b).sum() == 1:
            component = np.zeros(2)
            component[chart.components[int(np.abs(a - b).argmax())]] = 1
            edges.append((np.stack([a, b]), component))
    return edges


def _roots_along(ends: np.ndarray, component: np.ndarray, motion: Motion) -> list[np.ndarray]:
    """Points inside a segment where a combination of the rates changes its sign."""

    def value(t: np.ndarray) -> np.ndarray:
        return motion.rates(ends[0] + t[:, None] * (ends[1] - ends[0])) @ component

    # Shifted a little, so that a root at a half or a third is no grid point.
    even = np.linspace(0, 1, _EVEN + 2)[1:-1] + 1e-7
    close = np.geomspace(1e-9, even[0], _CLOSE, endpoint=False)
    t = np.concatenate([close, even, 1 - close[::-1]])
    f = value(t)
    at = np.flatnonzero(np.sign(f[:-1]) * np.sign(f[1:]) < 0)
    if not at.size:
        return []
    low, high, sign = t[at], t[at + 1], np.sign(f[at])
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        before = np.sign(value(middle)) == sign
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    beside = np.maximum(np.abs(f[at]), np.abs(f[at + 1]))
    vanishes = np.maximum(np.abs(value(low)), np.abs(value(high))) <= _JUMPS * beside
    return [ends[0] + t0 * (ends[1] - ends[0]) for t0 in ((low + high) / 2)[vanishes]]


def _starts(chart: Chart, box: np.ndarray) -> np.ndarray:
    """A grid of points inside, [n, d]."""
    even = (np.arange(_STARTS) + 0.5) / _STARTS
    if chart.form not in ("plane", "axis"):
        even = np.concatenate([_NEAR, even, 1 - np.array(_NEAR)])
    sides = [low + (high - low) * even for low, high in box]
    points = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, len(box))
    if chart.form != "simplex":
        return points
    shares = np.append(points, 1 - points.sum(axis=1, keepdims=True), axis=1)
    shares = shares[shares[:, 2] > 0]
    # Each two of three shares in turn, so that starts lie near every side.
    return np.concatenate([shares[:, list(pair)] for pair in ((0, 1), (1, 2), (2, 0))])


def _inside(motion: Motion, box: np.ndarray) -> list[np.ndarray]:
    """Interior rest points: where all rates are zero."""
    chart, sides = motion.chart, np.ptp(box, axis=1)
    starts = _starts(chart, box)
    ends = motion.newton(starts)
    residual = np.abs(motion.rates(ends)) / _usual(motion.rates(starts))
    from_faces = np.concatenate([ends - box[:, 0], box[:, 1] - ends], axis=1) / np.tile(sides, 2)
    if chart.form == "simplex":
        from_faces = np.append(from_faces, 1 - ends.sum(axis=1, keepdims=True), axis=1)
    nearest = from_faces.min(axis=1)
    faces = chart.form not in ("plane", "axis")
    inside = nearest > (_FACE if faces else _SAME)
    moved = np.abs((motion.newton(ends) - ends) / sides).max(axis=1)
    stays = moved <= _STAYS * (nearest if faces else 1.0)
    # Mutation goes with one over the distance from a face, which is known to rounding.
    rounding = 4 * np.finfo(float).eps / np.maximum(nearest, _FACE) if faces else 0.0
    good = inside & stays & (residual.max(axis=1) <= np.maximum(1e-10, rounding))
    kept: list[np.ndarray] = []
    for point in ends[good]:
        if all(np.abs((point - other) / sides).max() > _SAME for other in kept):
            kept.append(point)
    # A whole curve of rest points has none that stands alone.
    return kept if len(kept) <= 9 else []


def _usual(rates: np.ndarray) -> np.ndarray:
    """The median size of each component's rates [n, d] that are not 0.

    Those beside a face or a pole, which may be huge, say nothing of what is small elsewhere, nor does one
    component of another.
    """
    sizes = [np.abs(one[one != 0]) for one in rates.T]
    return np.array([np.nanmedian(one) if np.isfinite(one).any() else 1.0 for one in sizes])


def _kinds(slopes: np.ndarray, corners: list[bool]) -> list[RestClass]:
    """Stability by the Jacobians [n, d, d], and of which points are corners."""
    if slopes.shape[1] == 1:
        least = 1e-9 * np.abs(slopes).max()
        sides = [RestClass.degenerate, RestClass.stable_node, RestClass.unstable_node]
        return [sides[0 if abs(value) <= least else 1 if value < 0 else 2] for value in slopes[:, 0, 0]]
    padded = np.full((_MOST, 2, 2), np.nan)
    largest = np.abs(slopes).max(axis=(1, 2), keepdims=True)  # products of slow rates may be 0
    padded[: len(slopes)] = slopes / np.where(largest > 0, largest, 1.0)
    inside, at_corner = _classifiers()
    both = np.asarray(inside(padded)), np.asarray(at_corner(padded))
    return [RestClass(int(both[corner][i])) for i, corner in enumerate(corners)]


@cache
def _classifiers() -> tuple[Callable, Callable]:
    """`classify` of many Jacobians, of points inside and of corners."""
    import jax

    inside, at_corner = (jax.jit(jax.vmap(partial(classify, corner=corner))) for corner in (False, True))
    return inside, at_corner
