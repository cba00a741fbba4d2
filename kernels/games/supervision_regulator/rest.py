"""Rest points of the supervision game under a regulator, all of them in closed form, and their eigenvalues.

- The eight corners.
- On the edges x = 1, z = 0 and z = 1 a zero of B(1, y), which is linear in y. Along all other edges no gain
  depends on the share that varies.
- Within the faces z = 0 and z = 1 the interior point of the paper's game, with c1 and with c1 - P. Within
  y = 0 and y = 1 the point where x makes C = 0 and z makes A + z P = 0. The face x = 1 has none, where
  C = -c3 < 0; nor has x = 0, where B does not depend on y.
- Inside, B = 0 gives x = b / L(y) with b = c2 - p2 Le, L = rho + phi - (p2-p1) Le linear in y, and C = 0 then

      (L(y) - b) (P + (1-y) p2 D) = c3 L(y),

  a quadratic: two points at most, each with z = -A(y) / P.

On a face or an edge the gains of the shares that are 0 or 1 are eigenvalues themselves, so a block of at most
two by two is left; inside it takes the cubic.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ...numerics.roots import falling_root, line_root, safe_sqrt
from ...numerics.spatial_stability import Spectrum, classify, joined, spectrum
from ...numerics.stability import RestClass
from .gains import Gains

Array = Any
Parameters = Mapping[str, Array]

CORNERS = tuple(product((0.0, 1.0), repeat=3))
_CORNER_NAMES = tuple(f"({x:.0f},{y:.0f},{z:.0f})" for x, y, z in CORNERS)
REST_POINTS = (
    *_CORNER_NAMES, "edge x=1, z=0", "edge x=1, z=1", "face z=0", "face z=1", "face y=0", "face y=1",
    "interior 1", "interior 2",
)  # fmt: skip
INTERIOR = REST_POINTS.index("interior 1")  # and the one after it
_FACES_Z = slice(REST_POINTS.index("face z=0"), REST_POINTS.index("face y=0"))
_FACES_Y = slice(_FACES_Z.stop, INTERIOR)


class RestPoints(NamedTuple):
    """Shares (points, 3), Jacobians (points, 3, 3), eigenvalues and class numbers; NaN where absent."""

    shares: Array
    jacobian: Array
    spectrum: Spectrum
    rest_class: Array


def rest_points(p: Parameters, g: Gains) -> RestPoints:
    """All rest points of a scenario, in the order of `REST_POINTS`, but for whole edges of them."""
    zero = jnp.zeros((), jnp.result_type(p["P"]))
    points = [
        *(_Point(jnp.asarray(corner, zero.dtype), zero == 0) for corner in CORNERS),
        *(_on_edge(g, zero + z) for z in (0, 1)),
        *(_on_face_z(g, zero + z) for z in (0, 1)),
        *(_on_face_y(g, zero + y) for y in (0, 1)),
        *_inside(p, g, zero),
    ]
    there = jnp.stack([one.there for one in points])
    # Numbers throughout, and NaN at the end: compiled, a maximum of NaN may be any number.
    shares = jnp.stack([jnp.where(one.there, one.shares, 0.5) for one in points])
    jacobian = jax.vmap(jax.jacfwd(g.velocity))(shares)
    every = _spectra(jacobian)
    corner = jnp.arange(len(REST_POINTS)) < len(CORNERS)
    kinds = classify(every, jnp.max(jnp.abs(jacobian), axis=(1, 2)), corner)
    return RestPoints(
        jnp.where(there[:, None], shares, jnp.nan),
        jnp.where(there[:, None, None], jacobian, jnp.nan),
        Spectrum(*(jnp.where(there, values, jnp.nan) for values in every)),
        jnp.where(there, kinds, jnp.int8(RestClass.absent)),
    )


class _Point(NamedTuple):
    """Shares (3,), and whether they are a rest point at all."""

    shares: Array
    there: Array


def _on_edge(g: Gains, z: Array) -> _Point:
    low, high = (g.managing(1.0, z * 0 + y) for y in (0, 1))
    y, there = line_root(low, high)
    return _Point(jnp.stack([z * 0 + 1, y, z]), there & g.clear(low, 1) & g.clear(high, 1))


def _on_face_z(g: Gains, z: Array) -> _Point:
    y, there = falling_root(lambda y: g.supervising(y, z), z.dtype)
    there &= g.clear(g.supervising(z * 0, z), 0) & g.clear(g.supervising(z * 0 + 1, z), 0)
    y = jnp.where(there, y, 0.5)
    left, right = g.managing(0.0, y), g.managing(1.0, y)
    x, mixed = line_root(left, right)
    return _Point(jnp.stack([x, y, z]), there & mixed & g.clear(left, 1) & g.clear(right, 1))


def _on_face_y(g: Gains, y: Array) -> _Point:
    start, stop = g.supervising(y, 0.0), g.supervising(y, 1.0)
    z, there = line_root(start, stop)
    left, right = g.inspecting(0.0, y), g.inspecting(1.0, y)
    x, mixed = line_root(left, right)
    there &= mixed & g.clear(start, 0) & g.clear(stop, 0) & g.clear(left, 2) & g.clear(right, 2)
    return _Point(jnp.stack([x, y, z]), there)


def _inside(p: Parameters, g: Gains, zero: Array) -> tuple[_Point, _Point]:
    """Both points inside, the one with the smaller y first."""

    def balance(y: Array) -> Array:
        left, right = g.managing(0.0, y), g.managing(1.0, y)
        return right * g.unsupervised(y) - p["c3"] * (right - left)

    at = [balance(zero + y) for y in (0.0, 0.5, 1.0)]
    bend = 2 * (at[0] - 2 * at[1] + at[2])
    slope = at[2] - at[0] - bend
    square = slope**2 - 4 * bend * at[0]
    # The form without cancellation: q = -(slope + sign sqrt) / 2, and the zeros are q / bend and at[0] / q. A
    # balance that is linear but for rounding has one of them far away, or none.
    q = -(slope + jnp.where(slope < 0, -1.0, 1.0) * safe_sqrt(jnp.where(square > 0, square, 1.0))) / 2
    one = _at(g, q / jnp.where(bend == 0, 1.0, bend), (square > 0) & (bend != 0))
    two = _at(g, at[0] / jnp.where(q == 0, 1.0, q), (square > 0) & (q != 0))
    in_order = one.there & (~two.there | (one.shares[1] <= two.shares[1]))
    points = [(one, two), (two, one)]
    return tuple(_Point(*(jnp.where(in_order, a, b) for a, b in zip(*pair, strict=True))) for pair in points)  # type: ignore[return-value]


def _at(g: Gains, y: Array, real: Array) -> _Point:
    """The point inside at a zero y of the balance, if it lies inside."""
    small = 1000 * jnp.finfo(y.dtype).eps
    there = real & (y > small) & (y < 1 - small)
    y = jnp.where(there, y, 0.5)
    left, right = g.managing(0.0, y), g.managing(1.0, y)
    x, mixed = line_root(left, right)
    start, stop = g.supervising(y, 0.0), g.supervising(y, 1.0)
    z, inspected = line_root(start, stop)
    there &= mixed & inspected & g.clear(left, 1) & g.clear(right, 1) & g.clear(start, 0) & g.clear(stop, 0)
    return _Point(jnp.stack([x, y, z]), there)


def _spectra(jacobian: Array) -> Spectrum:
    """Eigenvalues at all points (points, 3, 3), in the order of `REST_POINTS`."""
    blocks = [
        _block(jacobian[: _FACES_Z.start], 0, 1, 2, coupled=False),
        _block(jacobian[_FACES_Z], 0, 1, 2, coupled=True),
        _block(jacobian[_FACES_Y], 0, 2, 1, coupled=True),
    ]
    outside = joined(*(jnp.concatenate(parts) for parts in zip(*blocks, strict=True)))
    inside = jax.vmap(spectrum)(jacobian[INTERIOR:])
    return Spectrum(*(jnp.concatenate(parts) for parts in zip(outside, inside, strict=True)))


def _block(jacobian: Array, one: int, other: int, beside: int, coupled: bool) -> tuple[Array, Array, Array]:
    """What `joined` takes, of points where the motions of two shares are `coupled`, or none is."""
    left, right = jacobian[:, one, one], jacobian[:, other, other]
    discriminant = ((left - right) / 2) ** 2
    if coupled:
        discriminant += jacobian[:, one, other] * jacobian[:, other, one]
    return (left + right) / 2, discriminant, jacobian[:, beside, beside]
