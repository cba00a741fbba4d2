"""How large the error of a step may be in each component of the state.

Where users give no `atol`, a component is measured in its own scale: the one that is declared, else the
largest size that it has had on this orbit. Below a thousandth of that it is measured relative to itself, so
that a share that falls to 1e-15 and grows again does so at the right time, and never changes its sign by an
error.
"""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from ..scale import nothing, within_round

Array = Any

# Below this part of its scale a component's error is measured relative to the component.
_TROUGH = 1e-3
# Below this part of its scale, where what settles has settled, its logarithm is what matters. Errors of a
# long fall add up there: in each step it is wrong by at most so many times the tolerance.
_DEEP, _IN_LOGARITHM = 1e-9, 10
# A step in which a component changes its sign is wrong by at most this part of it: else the error may have
# changed the sign.
_SIGN = 1e-2
# An angle that has gone round often is not known better than to so many roundings of its size.
_ROUNDINGS = 4.0


@dataclass(frozen=True)
class Tolerance:
    """How accurate steps are, for one trajectory at one time: a `Control`.

    Parameters
    ----------
    rtol : the error allowed relative to a component.
    atol : the absolute error allowed, one number or one a component; None: rtol times the scale, at most
        rtol.
    fixed_steps : as many equal steps span the horizon instead, whatever their error.
    scale : that of each component, shape (d,); None: it is 1, and components may change their signs freely.
    noise : the error of rounding in each component of the rates, shape (d,), which no step avoids; negative
        where only short steps heed it.
    sticks : which components an orbit may stick at where they are 0, shape (d,); None for none. All others
        are measured relative to themselves far below their scale, and do not change their signs by an error.
    part : the part of this error that is allowed, beside a rest point; None: all of it.
    halves : half of the round of each component that is an angle, as of `within_round`.
    implicit : whether steps are, which are stable over a fast decay whatever they make of it.
    """

    rtol: float
    atol: float | tuple[float, ...] | Array | None
    fixed_steps: int | None = None
    scale: Array | None = None
    noise: Array | None = None
    sticks: Array | None = None
    part: Array | None = None
    implicit: bool = False
    halves: tuple[float, ...] = ()

    @property
    def nominal(self) -> float:
        """The error allowed in a component of size 1."""
        atol = self.atol
        return self.rtol + (self.rtol if atol is None else min(atol) if isinstance(atol, tuple) else atol)

    @property
    def allows_at_zero(self) -> bool:
        """Whether an error is known to be allowed in each component that is 0; of scales it is not known."""
        return self.scale is None and self.nominal > self.rtol

    def allowed(self, old: Array, new: Array, size: Array) -> Array:
        """The error allowed in each component, shape (d,), of a step of `size` from `old` to `new`."""
        most = jnp.maximum(jnp.abs(old), jnp.abs(new))
        atol = jnp.asarray(self.rtol if self.atol is None else self.atol, most.dtype)
        if self.scale is None:
            return self._part_of(atol + self.rtol * most)
        least = self.scale * nothing(most.dtype) + jnp.finfo(most.dtype).tiny
        if self.noise is not None:
            least = least + jnp.abs(self.noise * size)
        if self.atol is None:
            absolute = self.rtol * jnp.minimum(self.scale, 1.0)
            across = _SIGN * most if self.implicit else most
            smaller = jnp.where(old * new < 0, across, jnp.minimum(jnp.abs(old), jnp.abs(new)))
            own = jnp.minimum(absolute, self.rtol / _TROUGH * (smaller if self.implicit else most))
            is_deep = most < _DEEP * self.scale
            own = jnp.where(is_deep, self.rtol * (_IN_LOGARITHM * smaller - most), own)
        else:
            absolute = jnp.broadcast_to(atol, most.shape)
            own = jnp.where(old * new < 0, jnp.minimum(atol, _SIGN * most), atol)
        absolute = own if self.sticks is None else jnp.where(self.sticks, absolute, own)
        return self._part_of(absolute + self._relative(most)) + least

    def _relative(self, most: Array) -> Array:
        """The error allowed in each component relative to it: to the round in an angle that goes round."""
        if not self.halves:
            return self.rtol * most
        rounding = _ROUNDINGS * jnp.finfo(most.dtype).eps * most
        return jnp.maximum(self.rtol * within_round(most, self.halves), rounding)

    def _part_of(self, allowed: Array) -> Array:
        return allowed if self.part is None else allowed * self.part

    def of_size(self, old: Array, new: Array) -> Array:
        """The error allowed as a part of each component's size where it is large, shape (d,)."""
        if self.atol is None:
            return jnp.full_like(old, self.rtol)
        size = jnp.maximum(jnp.maximum(jnp.abs(old), jnp.abs(new)), 1.0 if self.scale is None else self.scale)
        return self.rtol + jnp.asarray(self.atol, old.dtype) / size

    def weights(self, state: Array) -> Array:
        """The tolerance against which the first step is measured; of a component that is 0, the others'."""
        if self.scale is None or self.atol is not None:
            atol = jnp.asarray(self.rtol if self.atol is None else self.atol, state.dtype)
            return atol + self.rtol * jnp.abs(state)
        sizes = jnp.abs(state)
        # A product with rtol that numbers do not hold would be 0, and the first step NaN.
        least = jnp.finfo(state.dtype).tiny / jnp.finfo(state.dtype).eps
        return self.rtol * jnp.maximum(sizes + _TROUGH * jnp.max(sizes), least)
