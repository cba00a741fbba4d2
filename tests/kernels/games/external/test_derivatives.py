"""Derivatives by autodiff, through roots and at corners, against differences of the solution itself."""

from collections.abc import Callable
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.games.external.model import EXTERNAL, external
from helpers.codegen.grids import of_many, of_many_by_xla
from helpers.oracles import external as oracle
from helpers.products import covering, some
from helpers.tolerance import assert_close

REAL = tuple(o.name for o in EXTERNAL.outputs if o.kind == "real")
CASES = [(m, f) for m in oracle.MECHANISMS for f in ("exact", "published")]
CASES.remove(("noncooperation", "published"))  # the exact computation, but for a corner
# Each mechanism and each formulation in the suite, which compiles a program for each pair.
PAIRS = {
    "noncooperation": "exact",
    "cooperation": "published",
    "compensation": "exact",
    "sharing": "published",
}
EACH = covering(CASES, lambda mechanism, formulation: PAIRS[mechanism] == formulation)
MOST = 3
SIZE = 150


def points() -> dict[str, np.ndarray]:
    """Scenarios clear of the ends where both sides of a difference do not exist."""
    columns = oracle.columns(oracle.scenarios(SIZE, seed=8, most_cities=MOST))
    columns["alpha"] = columns["alpha"].clip(1e-2, 1 - 1e-2)
    columns["v"] = columns["v"].clip(0.01, 0.99)
    return columns


@cache
def kernel(mechanism: str, formulation: str) -> Callable:
    return partial(external, mechanism=mechanism, formulation=formulation, n_max=MOST)


@cache
def pusher(mechanism: str, formulation: str) -> Callable:
    """Outputs of many scenarios; as "d name", derivatives of real ones, along parameters of "d parameter"."""

    def split(p: dict) -> tuple[dict, dict]:
        result = kernel(mechanism, formulation)(p)
        return {name: result[name] for name in REAL}, {
            name: result[name] for name in result if name not in REAL
        }

    def pushed(at: dict) -> dict:
        p = {name: at[name] for name in oracle.PAPER}
        ahead = {name: at[f"d {name}"] for name in p}
        value, slope, others = jax.jvp(split, (p,), (ahead,), has_aux=True)
        return {**value, **others, **{f"d {name}": x for name, x in slope.items()}}

    return of_many(pushed)


def slopes(mechanism: str, formulation: str, at: dict, name: str) -> tuple[dict, dict]:
    """Outputs, and their derivatives by `name`."""
    ahead = {f"d {q}": np.full(np.shape(x), float(q == name)) for q, x in at.items()}
    result = pusher(mechanism, formulation)(at | ahead)
    return result, {o: result[f"d {o}"] for o in REAL}


def solver(mechanism: str, formulation: str) -> Callable:
    """Outputs alone, from the same compiled function."""
    return lambda at: slopes(mechanism, formulation, at, "")[0]


def difference(f: Callable, at: dict, name: str) -> tuple[dict, dict, np.ndarray]:
    """Central differences of fourth order, their error, and whether every point kept its kind of answer."""
    x = np.asarray(at[name])
    step = 1e-3 * np.maximum(np.minimum(x, 1 - x) if name in ("v", "alpha") else x, 1e-2 * (x == 0))
    near = {k: f(at | {name: x + k * step}) for k in (-2, -1, 0, 1, 2)}
    same = np.ones(x.shape, bool)
    for result in near.values():
        for kind in ("status", "equilibrium_count"):
            same &= result[kind] == near[0][kind]
    estimate, error = {}, {}
    for o in REAL:
        short = (near[1][o] - near[-1][o]) / (2 * step)
        long = (near[2][o] - near[-2][o]) / (4 * step)
        estimate[o] = (4 * short - long) / 3
        error[o] = (
            0.05 * np.abs(short - long) + 1e-12 * np.abs(near[0][o]) / step + 1e-6 * np.abs(estimate[o])
        )
        scale = np.abs(near[0][o]) / np.maximum(np.abs(x), 1e-2)
        error[o] += 1e-8 * scale
    return estimate, error, same & (near[0]["equilibrium_count"] > 0)


@pytest.mark.parametrize(("mechanism", "formulation"), EACH)
def test_every_derivative_agrees_with_central_differences(mechanism, formulation):
    at = points()
    corners = solver(mechanism, formulation)(at)["effective_investment"] == 0
    for name in oracle.CONTINUOUS:
        estimate, error, sound = difference(solver(mechanism, formulation), at, name)
        assert sound.mean() > 0.5
        assert formulation == "published" or (sound & corners).sum() > 5
        _, result = slopes(mechanism, formulation, at, name)
        for output in REAL:
            slope = np.asarray(result[output])[sound]
            assert np.isfinite(slope).all(), (name, output)
            wrong = np.abs(slope - estimate[output][sound]) > error[output][sound]
            if output == "second_derivative":  # may cancel to rounding level, where no difference resolves it
                assert wrong.mean() < 0.02, (name, output)
            else:
                assert not wrong.any(), (name, output, np.flatnonzero(sound)[wrong])


@pytest.mark.parametrize(
    "mechanism", some(oracle.MECHANISMS, [name for name in PAIRS if PAIRS[name] == "exact"])
)
def test_at_a_corner_investment_does_not_move_and_breach_follows_the_attempts(mechanism):
    p = oracle.PAPER | {"L": 5.0}
    at = oracle.columns([p] * SIZE)
    for name in oracle.CONTINUOUS:
        _, result = slopes(mechanism, "exact", at, name)
        assert (result["investment"] == 0).all()
        assert (result["breach_probability"] == {"beta": p["v"], "v": p["beta"]}.get(name, 0)).all()


@pytest.mark.parametrize(("mechanism", "formulation"), EACH)
def test_without_propagation_the_derivative_is_the_one_sided_one(mechanism, formulation):
    h = 1e-5
    at = oracle.columns([oracle.PAPER | {"alpha": h * k, "beta": 0.9} for k in range(SIZE)])
    value, slope = slopes(mechanism, formulation, at, "alpha")
    for o in REAL:
        one_sided = (-3 * value[o][0] + 4 * value[o][1] - value[o][2]) / (2 * h)
        size = 1e-5 * abs(float(value[o][0]))
        assert float(slope[o][0]) == pytest.approx(float(one_sided), rel=1e-5, abs=size), o


MANY_CITIES = 20
MANY = oracle.scenarios(200, seed=0, most_cities=MANY_CITIES)


@cache
def puller(mechanism: str, through: Callable) -> Callable:
    """Derivatives, in reverse mode, of a weighted sum of outputs and of logarithms of their sizes."""

    def total(p: dict, at: dict) -> jax.Array:
        outputs = external(p, mechanism=mechanism, n_max=MANY_CITIES)
        plain, logs = ({o: at[f"{kind} {o}"] for o in REAL} for kind in ("plain", "log"))
        return sum(plain[o] * outputs[o] + logs[o] * jnp.log1p(jnp.abs(outputs[o])) for o in REAL)

    return through(lambda at: jax.grad(total)({name: at[name] for name in oracle.PAPER}, at))


def weights(kind: str, *outputs: str) -> dict[str, np.ndarray]:
    return {f"{kind} {o}": np.full(len(MANY), float(o in outputs)) for o in REAL}


PULLED = ("cooperation", "sharing")  # reverse mode is compiled for a second; forward mode tries the others


@pytest.mark.parametrize("mechanism", some(oracle.MECHANISMS, PULLED))
def test_the_slope_of_investment_is_that_of_the_oracle(mechanism):
    points = [oracle.PAPER, oracle.PAPER | {"alpha": 0.7, "n": 2.0, "beta": 0.6}]
    padded = oracle.columns(points + MANY[len(points) :])
    result = puller(mechanism, of_many)(padded | weights("plain", "investment") | weights("log"))
    for i, s in enumerate(points):
        for name in oracle.CONTINUOUS:
            h = 1e-5 * s[name]
            e = [oracle.exact(s | {name: s[name] + k * h}, mechanism).investment for k in (-1, 1)]
            central = (e[1] - e[0]) / (2 * h)
            slope = float(np.asarray(result[name])[i])
            assert slope == pytest.approx(central, rel=1e-6, abs=1e-7 * e[0] / s[name])


@pytest.mark.parametrize(
    ("mechanism", "formulation"),
    covering(
        [case for case in CASES if "exact" in case or "sharing" in case],
        lambda *case: case in (("cooperation", "exact"), ("sharing", "published")),
        columns=0,
    ),
)
def test_second_derivatives_pass_through_the_root(mechanism, formulation):
    at = {k: jnp.asarray(v) for k, v in (oracle.PAPER | {"alpha": 0.4, "beta": 0.7}).items()}

    def slope(p):
        result = partial(kernel(mechanism, formulation), wanted=())
        slope = jax.jvp(lambda a: result(p | {"alpha": a})["investment"], (p["alpha"],), (1.0,))[1]
        return slope, slope

    both = jax.jit(jax.jacfwd(slope, has_aux=True))
    bend, here = both(at)
    for name in ("alpha", "beta", "L", "v"):
        h = 1e-5 * at[name]
        central = (both(at | {name: at[name] + h})[1] - both(at | {name: at[name] - h})[1]) / (2 * h)
        assert_close(bend[name], central, multiplier=1e10, floor=1e-3 * abs(float(here)), what=name)


# Of some mechanisms these are more operations than a sweep computes in machine code: users get them by XLA.
@pytest.mark.parametrize(
    ("mechanism", "through"),
    covering(
        [*((m, of_many) for m in oracle.MECHANISMS), ("noncooperation", of_many_by_xla)],
        lambda mechanism, _: mechanism in PULLED,
        columns=0,
    ),
)
def test_reverse_mode_never_returns_nan_for_an_exact_answer(mechanism, through):
    result = puller(mechanism, through)(oracle.columns(MANY) | weights("plain") | weights("log", *REAL))
    for name, slope in result.items():
        assert np.isfinite(slope).all(), name
