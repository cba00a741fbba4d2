"""Eigenvalues of a small real matrix, by QR steps with complex shifts, in loops whose bodies are short.

XLA has none of nonsymmetric matrices on GPUs, and written out those of 16 rows would be more code than a
step. So each loop works on the first two rows and columns, and then turns all of them round by one, which
only names each entry anew. Reference: Golub and Van Loan, "Matrix computations", sections 7.4 and 7.5.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax

from ..rest.attraction import repeated

Array = Any
# A complex number: its real and its imaginary part.
Complex = tuple[Array, Array]
# Of two rows: the cosine, which is real, and the sine.
Rotation = tuple[Array, Complex]

# Two or three steps find an eigenvalue. Every so many are of another shift: some matrices, as of those that
# chase one another in a ring, stay as they are under the usual one.
_MOST_STEPS, _OTHER_SHIFT = 10, 6


def eigenvalues(matrix: Array) -> Complex:
    """Real and imaginary parts, shape (n,), of a matrix of n >= 3 rows whose entries are about 1 at most."""
    count, eps = len(matrix), jnp.finfo(matrix.dtype).eps

    def cond(at: tuple[Array, Array, Complex]) -> Array:
        step, left, _ = at
        return (step < _MOST_STEPS * count) & (left > 1)

    def body(at: tuple[Array, Array, Complex]) -> tuple[Array, Array, Complex]:
        step, left, given = at
        new = _stepped(given, left, step % _OTHER_SHIFT == _OTHER_SHIFT - 1)
        a, _, c, d = _corner(new, left)
        apart = _size(c) <= eps * (_size(a) + _size(d))
        return step + 1, jnp.where(apart, left - 1, left), new

    begin = (jnp.int32(0), jnp.int32(count), (_hessenberg(matrix), jnp.zeros_like(matrix)))
    real, imaginary = lax.while_loop(cond, body, begin)[2]
    return jnp.diagonal(real), jnp.diagonal(imaginary)


def _hessenberg(matrix: Array) -> Array:
    """A similar matrix that is 0 below the diagonal under the main one, by reflections."""
    count = len(matrix)
    rows = jnp.arange(count)

    def reflected(k: Array, matrix: Array) -> Array:
        below = (rows >= 1) & (rows < count - k)
        x = jnp.where(below, matrix[:, 0], 0.0)
        length = jnp.sqrt(jnp.sum(x * x))
        v = jnp.where(rows == 1, x + jnp.where(x[1] < 0, -length, length), x)
        square = jnp.sum(v * v)
        w = v * (2 / jnp.where(square > 0, square, 1.0))
        matrix = matrix - w[:, None] * jnp.sum(v[:, None] * matrix, axis=0)[None, :]
        matrix = matrix - jnp.sum(matrix * v[None, :], axis=1)[:, None] * w[None, :]
        gone = (below & (rows >= 2))[:, None] & (rows == 0)[None, :]
        return _turned(jnp.where(gone, 0.0, matrix))

    return repeated(count, reflected, matrix)


def _stepped(matrix: Complex, left: Array, other: Array) -> Complex:
    """A QR step of the first `left` rows and columns, with Wilkinson's shift or an `other` one.

    Rotations of rows make the matrix triangular; the same ones of columns follow one behind.
    """
    count = len(matrix[0])
    a, b, c, d = _corner(matrix, left)
    usual = _shift(a, b, c, d)
    shift = jnp.where(other, d[0] + _size(c), usual[0]), jnp.where(other, d[1], usual[1])

    def rotated(k: Array, at: tuple[Complex, Rotation]) -> tuple[Complex, Rotation]:
        matrix, last = at
        now = _rotation(_entry(matrix, 0, 0), _entry(matrix, 1, 0), k < left - 1)
        first, second = _applied(now, _row(matrix, 0), _row(matrix, 1))
        matrix = _mapped(
            lambda a, b, all_: jnp.concatenate([a[None], b[None], all_[2:]]), first, second, matrix
        )
        cosine, (re, im) = last
        turned = _mapped(jnp.transpose, matrix)
        before, here = _applied((cosine, (re, -im)), _row(turned, -1), _row(turned, 0))
        turned = _mapped(
            lambda a, b, all_: jnp.concatenate([b[None], all_[1:-1], a[None]]), before, here, turned
        )
        return _mapped(lambda part: _turned(part.T), turned), now

    eye = jnp.eye(count, dtype=shift[0].dtype)
    one, zero = jnp.ones_like(shift[0]), jnp.zeros_like(shift[0])
    begin = _mapped(lambda part, by: part - by * eye, matrix, shift), (one, (zero, zero))
    return _mapped(lambda part, by: part + by * eye, repeated(count, rotated, begin)[0], shift)


def _rotation(x: Complex, y: Complex, turns: Array) -> Rotation:
    """That which takes y to 0, where it `turns` anything."""
    first, second = _size(x), _size(y)
    turns &= second > 0
    length = jnp.where(turns, jnp.sqrt(first * first + second * second), 1.0)
    phase = (
        jnp.where(first > 0, x[0] / jnp.where(first > 0, first, 1.0), 1.0),
        x[1] / jnp.where(first > 0, first, 1.0),
    )
    sine = _times(phase, (y[0] / length, -y[1] / length))
    return jnp.where(turns, first / length, 1.0), _mapped(lambda part: jnp.where(turns, part, 0.0), sine)


def _applied(rotation: Rotation, first: Complex, second: Complex) -> tuple[Complex, Complex]:
    """Two rows, rotated."""
    cosine, sine = rotation
    up, down = _times(sine, second), _times((sine[0], -sine[1]), first)
    return (
        _mapped(lambda part, more: cosine * part + more, first, up),
        _mapped(lambda part, less: cosine * part - less, second, down),
    )


def _shift(a: Complex, b: Complex, c: Complex, d: Complex) -> Complex:
    """The eigenvalue of two rows and columns that is nearer to the last entry."""
    half = _mapped(lambda a, d: (a - d) / 2, a, d)
    root = _root(_mapped(jnp.add, _times(half, half), _times(b, c)))
    away = half[0] * root[0] + half[1] * root[1] > 0
    return _mapped(lambda d, half, root: d + half - jnp.where(away, root, -root), d, half, root)


def _root(z: Complex) -> Complex:
    larger = jnp.sqrt((_size(z) + jnp.abs(z[0])) / 2)
    smaller = jnp.abs(z[1]) / (2 * jnp.where(larger > 0, larger, 1.0))
    real, imaginary = jnp.where(z[0] < 0, smaller, larger), jnp.where(z[0] < 0, larger, smaller)
    return real, jnp.where(z[1] < 0, -imaginary, imaginary)


def _corner(matrix: Complex, left: Array) -> tuple[Complex, Complex, Complex, Complex]:
    """The four entries of the last two of the rows and columns that are `left`."""
    rows = jnp.arange(len(matrix[0]))

    def entry(row: int, column: int) -> Complex:
        here = (rows == left - row)[:, None] & (rows == left - column)[None, :]
        return _mapped(lambda part: jnp.sum(jnp.where(here, part, 0.0)), matrix)

    return entry(2, 2), entry(2, 1), entry(1, 2), entry(1, 1)


def _entry(matrix: Complex, row: int, column: int) -> Complex:
    return matrix[0][row, column], matrix[1][row, column]


def _row(matrix: Complex, row: int) -> Complex:
    return matrix[0][row], matrix[1][row]


def _turned(matrix: Array) -> Array:
    return jnp.roll(matrix, (-1, -1), (0, 1))


def _mapped(function: Callable[..., Array], *parts: Complex) -> Complex:
    """A function of the real parts, and of the imaginary ones."""
    return function(*(z[0] for z in parts)), function(*(z[1] for z in parts))


def _size(z: Complex) -> Array:
    return jnp.sqrt(z[0] * z[0] + z[1] * z[1])


def _times(y: Complex, z: Complex) -> Complex:
    return y[0] * z[0] - y[1] * z[1], y[0] * z[1] + y[1] * z[0]
