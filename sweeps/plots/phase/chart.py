"""The plane of a phase portrait: what its coordinates are of the state, and how fast they move.

A chart knows how the model's state is seen. Shares are integrated as logits or log ratios, whose rates
stay finite where a share is 0 or 1; so does everything here, and the boundary belongs to the picture.

- square: two shares, each the sigmoid of a component: x' = x (1 - x) g
- simplex: three shares whose log ratios are the state: x_i' = x_i (g_i - mean of g)
- line: one share (of two strategies)
- plane, axis: two components, or one, of the state itself
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....engine.errors import Argument, SweepError
from ....kernels.flow import Flow
from ...text import nearest

Array = Any
# What messages about a portrait name.
PHASE = Argument("kind", "phase")
# A share this near 0 stands for 0: the rates change by as little. The other share, 1 - TINY, is not yet
# rounded to 1, by whose distance from 1 mutation divides.
TINY = 1e-12
# So near, the rates are those of the face to rounding, where they are finite.
NONE = 1e-20


@dataclass(frozen=True)
class Chart:
    """How the state is seen.

    Parameters
    ----------
    form : "square", "simplex", "line", "plane" or "axis".
    names : observables shown, to the right first; the dimension's observable once for a simplex or line.
    components : which component of the state each coordinate follows.
    labels : strategies, of a simplex or a line of two shares.
    """

    form: str
    names: tuple[str, ...]
    components: tuple[int, ...]
    labels: tuple[str, ...] = ()

    def state(self, q: Array, tiny: float = TINY) -> Array:
        """State of the point with coordinates q, shape (d,); a share of 0 is taken as `tiny`."""
        import jax.numpy as jnp

        if self.form in ("plane", "axis"):
            seen = q
        elif self.form == "simplex":
            return jnp.log(jnp.maximum(q, tiny)) - jnp.log(jnp.maximum(1 - q[0] - q[1], tiny))
        else:
            seen = jnp.log(jnp.maximum(q, tiny)) - jnp.log(jnp.maximum(1 - q, tiny))
        return jnp.zeros_like(seen).at[np.array(self.components)].set(seen)

    def velocity(self, q: Array, rates: Array) -> Array:
        """Velocity of the coordinates q where the state moves at `rates`, both shape (d,)."""
        seen = rates[np.array(self.components)]
        if self.form in ("plane", "axis"):
            return seen
        if self.form == "simplex":
            return q * (rates - (q * rates).sum())
        return q * (1 - q) * seen


def find_chart(
    flow: Flow, p: Mapping[str, Array], static: Mapping[str, str], labels: Mapping[str, tuple[Any, ...]],
    x: str | None, y: str | None,
) -> Chart:  # fmt: skip
    """The chart of a flow's state; `x` and `y` name scalar observables, by default the first that fit.

    What an observable is of the state is found by trying: the sigmoid of a component, the component
    itself, or shares whose log ratios are the state. Raises SweepError where no plane shows the motion.
    """
    import jax

    size = jax.eval_shape(lambda: flow.start(p, **static)).shape[0]
    names = [observable.name for observable in flow.observables]
    _require_observables(names, x, y)
    if size > 2:
        raise SweepError("plot: ", PHASE, f": the state has {size} components; a portrait shows 1 or 2")
    states = np.random.default_rng(0).normal(0, 1, (4, size))
    observed = jax.jit(jax.vmap(lambda state: flow.observe(state, p, **static)))(states)
    seen = {name: np.asarray(values) for name, values in observed.items()}
    chart = _chart_of_shares(flow, seen, states, labels, x, y) or _chart_of_components(
        flow, seen, states, x, y
    )
    if chart is None:
        raise SweepError(
            "plot: ", PHASE, ": no two observables are the components of the state, or shares whose logits "
            f"or log ratios these are (observables: {', '.join(names)})",
        )  # fmt: skip
    return chart


def _require_observables(names: list[str], x: str | None, y: str | None) -> None:
    for option, name in (("x", x), ("y", y)):
        if name is not None and name not in names:
            unknown = f": no such observable of the model{nearest(name, names)}"
            raise SweepError("plot: ", Argument(option, name), unknown)


def _chart_of_shares(
    flow: Flow, seen: Mapping[str, np.ndarray], states: np.ndarray, labels: Mapping[str, tuple[Any, ...]],
    x: str | None, y: str | None,
) -> Chart | None:  # fmt: skip
    """The chart where an observable holds all shares, whose log ratios are the state."""
    size = states.shape[1]
    for observable in flow.observables:
        wanted = (x, y) == (None, None) or observable.name in (x, y)
        if wanted and len(observable.dims) == 1 and _matches(seen, observable.name, _shares(states)):
            form = "line" if size == 1 else "simplex"
            strategies = tuple(map(str, labels[observable.dims[0]]))
            return Chart(form, (observable.name,), tuple(range(size)), strategies)
    return None


def _chart_of_components(
    flow: Flow, seen: Mapping[str, np.ndarray], states: np.ndarray, x: str | None, y: str | None
) -> Chart | None:
    """The chart where observables are the sigmoids of components, or the components themselves."""
    size = states.shape[1]
    for form, view in (("square", _sigmoid(states)), ("plane", states)):
        followed = {
            o.name: k for o in flow.observables for k in range(size)
            if not o.dims and _matches(seen, o.name, view[:, k])
        }  # fmt: skip
        chosen = _choose(followed, size, x, y)
        if chosen is not None:
            one = {"square": "line", "plane": "axis"}[form]
            return Chart(form if size == 2 else one, chosen, tuple(followed[name] for name in chosen))
    return None


def _choose(followed: Mapping[str, int], size: int, x: str | None, y: str | None) -> tuple[str, ...] | None:
    """Observables of different components, those asked for first; None where there are too few."""
    asked = [name for name in (x, y) if name is not None]
    if any(name not in followed for name in asked) or len(asked) > size:
        return None
    chosen = {followed[name]: name for name in asked}
    for name, k in followed.items():
        chosen.setdefault(k, name)
    return tuple(chosen.values()) if len(chosen) == size else None


def _matches(seen: Mapping[str, np.ndarray], name: str, wanted: np.ndarray) -> bool:
    values = seen[name]
    return values.shape == wanted.shape and np.allclose(values, wanted, rtol=1e-6, atol=1e-9)


def _sigmoid(states: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-states))


def _shares(states: np.ndarray) -> np.ndarray:
    weights = np.exp(np.append(states, np.zeros((len(states), 1)), axis=1))
    return weights / weights.sum(axis=1, keepdims=True)
