"""Places that are computed, and sorting, as scalars: what the machine code gives is what JAX gives."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.grid.vmap import vmapped
from helpers.codegen.grids import reason_for_xla

VALUES = np.array([3.0, -1.5, 0.0, 7.25, 2.0])
TABLE = np.arange(12.0).reshape(4, 3) ** 1.5
INDEX = np.linspace(-9, 9, 37).round()  # far outside on both sides


def by_jax(functions, *axes):
    """What each function gives by JAX, by name: one program for all of them."""

    def point(*given):
        return {name: function(*(c["x"] for c in given)) for name, function in functions.items()}

    result = jax.jit(vmapped(point, len(axes)))(*({"x": axis} for axis in axes))
    return {name: np.asarray(values) for name, values in result.items()}


def both_ways(function, *axes, wanted=None):
    """The outputs by machine code and by JAX; fails where there is no machine code."""
    coordinates = [{"x": axis} for axis in axes]

    def point(*given):
        return {"y": function(*(c["x"] for c in given))}

    loop = GridLoop(point, coordinates)
    shape, dtype = loop.outputs["y"]
    values = np.empty((*map(len, axes), *shape), dtype)
    loop.fill({"y": values}, coordinates)
    wanted = by_jax({"y": function}, *axes)["y"] if wanted is None else wanted
    assert wanted.dtype == dtype
    return values, wanted


def whole(x):
    return x.astype(jnp.int32)


READS = {
    "one of a vector": lambda i: jnp.asarray(VALUES)[whole(i)],
    "in a large type": lambda i: jnp.asarray(VALUES)[i.astype(jnp.int64)],
    "as far as its size says": lambda i: jnp.asarray(VALUES)[jnp.abs(whole(i)) % 5],
    "clipped": lambda i: jnp.take(jnp.asarray(VALUES), whole(i), mode="clip"),
    "filled": lambda i: jnp.asarray(VALUES).at[whole(i)].get(mode="fill", fill_value=-1.0),
    "filled with NaN": lambda i: jnp.take(jnp.asarray(VALUES), whole(i), mode="fill"),
    "wrapped": lambda i: jnp.take(jnp.asarray(VALUES), whole(i), mode="wrap"),
    "a row": lambda i: jnp.asarray(TABLE)[whole(i)],
    "a column": lambda i: jnp.asarray(TABLE)[:, whole(i)],
    "one of a table": lambda i: jnp.asarray(TABLE)[whole(i) % 4, whole(i) % 3],
    "several": lambda i: jnp.asarray(VALUES)[jnp.stack([whole(i) % 5, whole(i) % 2, jnp.int32(3)])],
    "of what is computed": lambda i: jnp.stack([i, i * i, jnp.sin(i)])[whole(i) % 3],
    "a slice": lambda i: jax.lax.dynamic_slice(jnp.asarray(TABLE), (whole(i), jnp.int32(1)), (2, 2)),
    "diagonal": lambda i: jnp.diagonal(jnp.outer(jnp.stack([i, i + 1]), jnp.stack([i, 2 * i]))),
}


reads = cache(partial(by_jax, READS, INDEX))


@pytest.mark.parametrize("name", READS)
def test_reading_at_a_computed_place(name):
    actual, wanted = both_ways(READS[name], INDEX, wanted=reads()[name])
    np.testing.assert_array_equal(actual, wanted)


def at(i):
    return jnp.asarray(VALUES).at[whole(i)]


def twice(i, how):
    """Two updates that may meet at one place."""
    return getattr(jnp.asarray(VALUES).at[jnp.stack([whole(i) % 5, whole(i) % 2])], how)(
        jnp.stack([i, 10.0 + i])
    )


def of_many(i):
    """Known places of an array that is too long for computed ones."""
    return (jnp.arange(100.0) * i).at[jnp.array([3, 99])]


WRITES = {
    "known places of a long array": lambda i: of_many(i).add(1.0)[:9],
    "known places outside, clipped": lambda i: (i * VALUES).at[jnp.array([7, -9])].add(i, mode="clip"),
    "known places outside": lambda i: (i * VALUES).at[jnp.array([7, -9])].add(i),
    "subtract": lambda i: at(i).subtract(i),
    "set": lambda i: at(i).set(99.0),
    "add": lambda i: at(i).add(i),
    "multiply": lambda i: at(i).multiply(i),
    "min": lambda i: at(i).min(i),
    "max": lambda i: at(i).max(i),
    "clipped": lambda i: at(i).add(1.0, mode="clip"),
    "dropped": lambda i: at(i).set(5.0, mode="drop"),
    "a row": lambda i: jnp.asarray(TABLE).at[whole(i)].set(jnp.stack([i, i, 1.0])),
    "a column": lambda i: jnp.asarray(TABLE).at[:, whole(i)].add(i),
    "one of a table": lambda i: jnp.asarray(TABLE).at[whole(i) % 4, whole(i) % 3].set(i),
    "twice, adding": lambda i: twice(i, "add"),
    "at known places": lambda i: jnp.asarray(VALUES).at[jnp.array([1, 1, 4])].add(i),
    "a slice": lambda i: jax.lax.dynamic_update_slice(
        jnp.asarray(TABLE), jnp.stack([jnp.stack([i, 2 * i])]), (whole(i), whole(i) // 2)
    ),
}


writes = cache(partial(by_jax, WRITES, INDEX))


@pytest.mark.parametrize("name", WRITES)
def test_writing_at_a_computed_place(name):
    actual, wanted = both_ways(WRITES[name], INDEX, wanted=writes()[name])
    np.testing.assert_allclose(actual, wanted, rtol=4e-16)


SORTS = {
    "sort": jnp.sort,
    "argsort": jnp.argsort,
    "descending": lambda v: jnp.sort(v, descending=True),
    "a table by columns": lambda v: jnp.sort(jnp.stack([v, -v, v * v]), axis=0),
    "two keys": lambda v: jax.lax.sort((jnp.floor(v), -v, jnp.arange(v.size)), num_keys=2)[2],
    "equal ones keep their order": lambda v: jnp.argsort(jnp.floor(v / 2), stable=True),
    "integers": lambda v: jnp.sort(jnp.floor(3 * jnp.nan_to_num(v, posinf=9, neginf=-9)).astype(jnp.int8)),
    "median": jnp.median,
}


SORTED = {name: lambda a, b, c, sort=sort: sort(jnp.stack([a, b, c, a, b])) for name, sort in SORTS.items()}


@cache
def numbers():
    rng = np.random.default_rng(5)
    return rng.normal(size=17).round(1), rng.normal(size=9).round(1), np.array([-0.0, 0.0, 1.0, -1.0, 0.5])


sorts = cache(lambda: by_jax(SORTED, *numbers()))


@pytest.mark.parametrize("name", SORTS)
def test_sorting(name):
    actual, wanted = both_ways(SORTED[name], *numbers(), wanted=sorts()[name])
    np.testing.assert_array_equal(actual, wanted)


@pytest.mark.parametrize("name", ["sort", "argsort", "two keys"])
def test_nan_and_infinities_are_sorted_as_by_jax(name):
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, np.nan, -1.0])
    actual, wanted = both_ways(lambda a, b, c: SORTS[name](jnp.stack([a, b, c])), odd, odd, odd)
    np.testing.assert_array_equal(actual, wanted)


def test_derivatives_go_through_computed_places():
    def slope(i, x):
        return jax.grad(lambda x: jnp.sort(jnp.stack([x, 1.0, 2 * x]))[whole(i) % 3] ** 2)(x)

    actual, wanted = both_ways(slope, np.arange(6.0), np.linspace(-2, 2, 21))
    np.testing.assert_allclose(actual, wanted, rtol=4e-16)


NOTHING = {
    "sum": jnp.sum,
    "product": jnp.prod,
    "all": lambda v: jnp.all(v > 0),
    "any": lambda v: jnp.any(v > 0),
    "largest": lambda v: jnp.max(v, initial=-jnp.inf),
}


@pytest.mark.parametrize("name", NOTHING)
def test_joining_nothing(name):
    actual, wanted = both_ways(lambda x: NOTHING[name](jnp.stack([x])[:0]), np.arange(3.0))
    np.testing.assert_array_equal(actual, wanted)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda i: jnp.arange(100.0)[whole(i)], "a computed index into a large array"),
        (lambda i: jnp.sort(jnp.arange(40.0) * i), "sort of more than 32 numbers"),
        (lambda i: (i * VALUES).at[2].apply(jnp.sin), "a function applied"),
        (lambda i: at(i).apply(jnp.sin), "a function applied"),
        (lambda i: jnp.linalg.qr(jnp.eye(2) + i)[1], "primitive"),
    ],
)
def test_what_is_too_large_goes_through_xla_and_says_why(function, why):
    reason = reason_for_xla(lambda c: {"y": function(c["x"])}, [{"x": INDEX}])
    assert reason is not None
    assert reason.startswith(why)
