"""Loops and choices as machine code over grids, against plain Python."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.codegen.grids import assert_same, by_jax, computed, lengths, reason_for_xla, together
from jax import lax

N = {"n": np.arange(1, 38)}
M = {"m": np.arange(5)}
X = {"x": np.array([-np.inf, -3.0, 0.0, 1e-9, 0.3, 2.0, 2.5, np.nan, 50.0, 1e6, np.inf, 7.0, -0.0, 8.5])}
P = {"p": np.linspace(0.2, 9, 33)}


def point_by_point(function, coordinates):
    """What `function` returns for Python's numbers, by name, in arrays."""
    shape, result = lengths(coordinates), {}
    for at in product(*map(range, shape)):
        p = {n: v[i].item() for c, i in zip(coordinates, at, strict=True) for n, v in c.items()}
        for name, value in function(**p).items():
            result.setdefault(name, np.empty(shape, type(value)))[at] = value
    return result


def either_way(*coordinates):
    """The axes in both orders: a short axis is the innermost one in neither, so outputs lie apart in one."""
    return pytest.mark.parametrize("coordinates", [coordinates, coordinates[::-1]], ids=["apart", "together"])


# --- loops over grids ------------------------------------------------------------------------------------


def collatz(*coordinates):
    """Rounds until 1, wildly different from neighbour to neighbour, and 0 for the first."""
    p = together(coordinates)

    def after(state):
        n, rounds, odd, total = state
        return (
            jnp.where(n % 2 == 0, n // 2, 3 * n + 1),
            rounds + 1,
            odd ^ (n % 2 == 1),
            total + 0.5 * n * p["m"],
        )

    start = (p["n"], jnp.int32(0), jnp.asarray(False), jnp.float64(0))
    n, rounds, odd, total = lax.while_loop(lambda s: s[0] != 1, after, start)
    return {"n": n, "rounds": rounds.astype(int), "odd": odd, "total": total}


def slow_collatz(n, m):
    rounds, odd, total = 0, False, 0.0
    while n != 1:
        total += 0.5 * n * m
        n, rounds, odd = n // 2 if n % 2 == 0 else 3 * n + 1, rounds + 1, odd ^ (n % 2 == 1)
    return {"n": n, "rounds": rounds, "odd": odd, "total": total}


@either_way(N, M)
def test_every_point_takes_as_many_rounds_as_it_needs(coordinates):
    assert_same(computed(collatz, coordinates), point_by_point(slow_collatz, coordinates))


def nested(*coordinates):
    """Loops in the rounds and in the condition of a loop, that need what it carries and another axis."""
    p = together(coordinates)

    def after(state):
        i, total = state
        return i + 1, lax.while_loop(
            lambda s: s[0] < i + p["m"], lambda s: (s[0] + 1, s[1] + i * s[0]), (0, total)
        )[1]

    def cond(state):
        third = lax.while_loop(lambda k: k < state[0], lambda k: k + 3, 0)
        return (state[0] < p["n"]) & (third < 20)

    i, total = lax.while_loop(cond, after, (0, 0))
    return {"i": i, "total": total}


def slow_nested(n, m):
    i = total = 0
    while i < n and 3 * -(-i // 3) < 20:
        i, total = i + 1, total + i * sum(range(i + m))
    return {"i": i, "total": total}


@either_way(N, M)
def test_loops_within_loops(coordinates):
    assert_same(computed(nested, coordinates), point_by_point(slow_nested, coordinates))


def countdown(*coordinates):
    """Steps of i, for i down to 1: for an i of 0, where a point is done, they would never end."""
    p = together(coordinates)

    def after(state):
        i, total = state
        return i - 1, lax.while_loop(lambda t: t < 50 + p["m"], lambda t: t + i, total % 7)

    return {"total": lax.while_loop(lambda s: s[0] > 0, after, (p["n"], 0))[1]}


def slow_countdown(n, m):
    total = 0
    for i in range(n, 0, -1):
        total %= 7
        while total < 50 + m:
            total += i
    return {"total": total}


@either_way(N, M)
def test_a_loop_within_never_waits_for_points_that_are_done(coordinates):
    assert_same(computed(countdown, coordinates), point_by_point(slow_countdown, coordinates))


def chosen(*coordinates):
    """A loop in one of two branches, another in one of three, with infinite numbers and none at all."""
    p = together(coordinates)

    def root(x):
        def newton(state):
            return 0.5 * (state[0] + x / state[0]), state[1] + 1

        return lax.while_loop(lambda s: (jnp.abs(s[0] ** 2 - x) > 1e-9 * x) & (s[1] < 60), newton, (x + 1, 0))

    value, rounds = lax.cond(p["x"] > p["m"], root, lambda x: (x, -1), p["x"])
    third = lax.switch(p["m"], [lambda x: x, lambda x: x + 1, lambda x: root(jnp.abs(x))[0]], p["x"])
    return {"value": value, "rounds": rounds, "third": third}


@either_way(X, M)
def test_loops_within_choices(coordinates):
    assert_same(computed(chosen, coordinates), by_jax(chosen, coordinates), rtol=1e-14)


def peculiar(*coordinates):
    """Loops that swap, that change nothing, that never begin, that nobody asks for, that rest on no axis."""
    p = together(coordinates)
    x, m = p["x"], p["m"]
    a, b, k, same = lax.while_loop(
        lambda s: s[2] < s[3], lambda s: (s[1], s[0], s[2] + 1, s[3]), (x, 1.0 * m, 0, m)
    )
    lax.while_loop(lambda s: s < 10, lambda s: s + 1, m)
    return {
        "a": a, "b": b, "k": k, "same": same,
        "never": lax.while_loop(lambda s: jnp.asarray(False), lambda s: s + 1, x),
        "until_known": lax.while_loop(lambda s: ~(s >= 3), lambda s: jnp.where(s > -9, s + 2, 0.0), x),
        "short": lax.while_loop(lambda s: s < m, lambda s: s + 1, 0),
        "fixed": lax.while_loop(lambda s: s < 7, lambda s: s + 2, 0),
        "given": lax.while_loop(lambda s: s[1] < m, lambda s: (-x, s[1] + 1), (7.0, 0))[0],
    }  # fmt: skip


def slow_peculiar(x, m):
    known = x
    while not known >= 3:
        known = known + 2 if known > -9 else 0.0
    a, b = (x, float(m)) if m % 2 == 0 else (float(m), x)
    return {
        "a": a, "b": b, "k": m, "same": m, "never": x, "until_known": known, "short": m, "fixed": 8,
        "given": -x if m else 7.0,
    }  # fmt: skip


@either_way(X, M)
def test_peculiar_loops(coordinates):
    assert_same(computed(peculiar, coordinates), point_by_point(slow_peculiar, coordinates))


# --- scans -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 16, 17, 64, 65, 1000])
def test_a_count_known_beforehand(steps):
    def point(a, b):
        def step(i, state):
            return state[0] * 0.5 + i * b["m"] + a["x"], state[1] + i

        total, count = lax.fori_loop(3, 3 + steps, step, (a["x"], jnp.int64(0)))
        kept, _ = lax.scan(lambda c, _: (c * 0.5 + b["m"], None), a["x"], None, length=steps)
        return {"total": total, "count": count, "kept": kept}

    def slow(x, m):
        total = kept = x
        for i in range(3, 3 + steps):
            total, kept = total * 0.5 + i * m + x, kept * 0.5 + m
        return {"total": total, "count": sum(range(3, 3 + steps)), "kept": kept}

    assert_same(computed(point, (X, M)), point_by_point(slow, (X, M)), rtol=1e-13)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("steps", [1, 5, 64])
def test_a_scan_along_an_array(steps, reverse):
    weights = np.linspace(0.1, 1, steps)

    def point(a):
        last, rows = lax.scan(
            lambda c, w: (c * w + a["x"], jnp.stack([c, w])), a["x"], jnp.asarray(weights), reverse=reverse
        )
        return {"last": last, "rows": rows}

    last, rows = X["x"], np.empty((len(X["x"]), steps, 2))
    for i in range(steps)[:: -1 if reverse else 1]:
        rows[:, i, 0], rows[:, i, 1] = last, weights[i]
        last = last * weights[i] + X["x"]
    assert_same(computed(point, (X,)), {"last": last, "rows": rows}, rtol=1e-13)


@pytest.mark.parametrize(("steps", "reason"), [(0, "over nothing"), (65, "of 65 steps along an array")])
def test_other_scans_are_left_to_xla(steps, reason):
    def point(a):
        return {"y": lax.scan(lambda c, w: (c * w, None), a["x"], jnp.ones(steps))[0]}

    assert reason_for_xla(point, [X]) == f"scan {reason}"


# --- loops that vmap made one, derivatives ---------------------------------------------------------------


def tripled(start, limit):
    """Rounds and rows of a loop that carries a number, a count and a row."""

    def after(state):
        return state[0] * 3, state[1] + 1, state[2][::-1] + state[0]

    return lax.while_loop(lambda s: s[0] < limit, after, (start, 0, jnp.stack([start, limit])))


def test_mapped_loops_go_on_each_as_long_as_it_needs():
    def point(a, b):
        starts = jnp.stack([a["p"], b["m"] + 1.0, jnp.float64(200)])
        value, rounds, row = jax.vmap(tripled, (0, None))(starts, 100.0)
        grid = jax.vmap(jax.vmap(lambda s, t: tripled(s, t)[1], (0, None)), (None, 0))
        return {
            "value": value, "rounds": rounds, "row": row, "grid": grid(starts, jnp.array([1.0, 50.0])),
            "one": jax.vmap(lambda s: tripled(s, 9.0)[0])(starts[:1]),
        }  # fmt: skip

    assert_same(computed(point, (P, M)), by_jax(point, (P, M)), rtol=1e-14)
    alone, where = computed(lambda a: {"n": tripled(a["p"], 100.0)[1]}, (P,)), slice(None)
    np.testing.assert_array_equal(computed(point, (P, M))["rounds"][where, 0, 0], alone["n"])


def test_derivatives_run_through_loops():
    def root(p, power):
        def after(state):
            x = state[0]
            return x - (x**power - p) / (power * x ** (power - 1)), jnp.abs(x**power - p), state[2] + 1

        return lax.while_loop(lambda s: (s[1] > 1e-13 * p) & (s[2] < 200), after, (p + 1, jnp.inf, 0))[0]

    def point(a, b):
        p, power = a["p"], b["m"] + 2.0
        slopes = jax.jacfwd(root, (0, 1))(p, power)
        both = jax.vmap(lambda step: jax.jvp(lambda q: root(q, power), (p,), (step,))[1])(jnp.arange(2.0))
        return {"by_p": slopes[0], "by_power": slopes[1], "both": both}

    outputs = computed(point, (P, M))
    p, power = P["p"][:, None], M["m"] + 2.0
    value = p ** (1 / power)
    np.testing.assert_allclose(outputs["by_p"], value / (p * power), rtol=1e-9)
    np.testing.assert_allclose(outputs["by_power"], -value * np.log(p) / power**2, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(outputs["both"][..., 0], 0)
    np.testing.assert_allclose(outputs["both"][..., 1], outputs["by_p"], rtol=1e-14)


def test_loops_that_use_what_others_gave_are_counted_once():
    """Each of them holds all before it: to count these again in each would double the count every time."""

    def point(c):
        x = c["x"]
        for _ in range(14):
            x = lax.while_loop(lambda s, x=x: s < x, lambda s, x=x: s * 1.1 + x, jnp.sin(x))
        return {"x": x}

    assert reason_for_xla(point, [{"x": np.ones(3)}]) is None
