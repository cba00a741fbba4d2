"""Grids of points as machine code, against NumPy on whole arrays, JAX, and themselves in other pieces."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen import grid_loop
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.codegen.ir import Unsupported
from helpers.codegen.grids import (
    assert_same,
    broadcast,
    by_jax,
    computed,
    filled,
    filled_window,
    lengths,
    reason_for_xla,
    together,
)

EPS = np.finfo(float).eps
LENGTHS = [1, 2, 7, 8, 9, 15, 16, 17, 33]


# --- random functions, of numbers that no operation here rounds ------------------------------------------


def bounded(xp, x):
    return x - 64 * xp.floor(x / 64)


STEPS = {
    "add": lambda xp, x, y, z: bounded(xp, x + y),
    "sub": lambda xp, x, y, z: bounded(xp, x - y),
    "mul": lambda xp, x, y, z: xp.floor(bounded(xp, x * y) * 4) / 4,
    "max": lambda xp, x, y, z: xp.maximum(x, y),
    "min": lambda xp, x, y, z: xp.minimum(x, y),
    "where": lambda xp, x, y, z: xp.where(x < y, z, x),
    "both": lambda xp, x, y, z: xp.where((x >= y) & ~(y == z), 3.0, z),
    "abs": lambda xp, x, y, z: -abs(x),
    "whole": lambda xp, x, y, z: ((x * 4).astype(xp.int64) % 7).astype(xp.float64),
    "narrow": lambda xp, x, y, z: (x.astype(xp.int8) * xp.int8(3) - y.astype(xp.int8)).astype(xp.float64),
    "parts": lambda xp, x, y, z: (x.astype(xp.int16) // xp.maximum(y.astype(xp.int16), 1)).astype(xp.float64),
    "bits": lambda xp, x, y, z: ((x.astype(xp.int32) & 13) ^ (z.astype(xp.int32) | 5)).astype(xp.float64),
}
KINDS = {
    "double": lambda xp, x, y: x,
    "single": lambda xp, x, y: x.astype(xp.float32),
    "truth": lambda xp, x, y: x > y,
    "i8": lambda xp, x, y: xp.clip(x, -100, 100).astype(xp.int8),
    "i16": lambda xp, x, y: x.astype(xp.int16),
    "i32": lambda xp, x, y: x.astype(xp.int32),
    "i64": lambda xp, x, y: x.astype(xp.int64),
    "u8": lambda xp, x, y: xp.clip(x, 0, 200).astype(xp.uint8),
    "one": lambda xp, x, y: x[..., None],
    "vector": lambda xp, x, y: xp.stack([x, y, x > y], axis=-1),
    "matrix": lambda xp, x, y: xp.stack([xp.stack([x, y], axis=-1), xp.stack([y, 2 * x], axis=-1)], axis=-1),
}


def random_function(rng, names):
    """A function of numbers by name, in a module: `numpy` for arrays, `jax.numpy` for points."""
    steps = [
        (rng.choice(list(STEPS)), rng.integers(0, len(names) + k, 3)) for k in range(rng.integers(1, 40))
    ]
    count = len(names) + len(steps)
    ends = [(rng.choice(list(KINDS)), rng.integers(max(0, count - 12), count, 2)) for _ in range(5)]

    def function(xp, numbers):
        pool = [numbers[name] for name in names]
        for step, places in steps:
            pool.append(STEPS[step](xp, *(pool[k] for k in places)))
        return {
            f"{i}_{dtype}": KINDS[dtype](xp, *(pool[k] for k in places))
            for i, (dtype, places) in enumerate(ends)
        }

    return function


def random_grid(rng, names):
    """Axes of random lengths, with one or two coordinates that are named in any order."""
    names, result = list(names), []
    while names:
        length, here = int(rng.choice(LENGTHS if len(result) < 2 else [1, 2, 3, 17])), names[:2]
        here = here[: rng.integers(1, len(here) + 1)]
        result.append({name: rng.integers(-40, 40, length) / 4 for name in here[::-1]})
        names = names[len(here) :]
    return result


def of_other_lengths(rng, coordinates):
    chosen = rng.choice([1, 3, 15, 16, 18], len(coordinates))
    return [{n: rng.integers(-40, 40, k) / 4 for n in c} for c, k in zip(coordinates, chosen, strict=True)]


@pytest.mark.parametrize("seed", range(24))
def test_random_functions_equal_numpy_to_the_bit_and_touch_no_other_place(seed):
    rng = np.random.default_rng(seed)
    names = "abcd"[: rng.integers(1, 5)]
    function, coordinates = random_function(rng, names), random_grid(rng, names)
    loop = GridLoop(lambda *c: function(jnp, together(c)), coordinates)
    for given in (coordinates, of_other_lengths(rng, coordinates), of_other_lengths(rng, coordinates)):
        axes = len(given)
        with np.errstate(all="ignore"):
            expected = function(np, broadcast(given))
        assert_same(filled(loop, given), expected)
        assert_same(filled_window(loop, given, rng.integers(0, 4, axes), rng.integers(0, 20, axes)), expected)


@pytest.mark.parametrize("made_for", [(a, b) for a in LENGTHS for b in (2, 16, 33)], ids=str)
def test_a_loop_serves_all_lengths_whatever_it_was_made_for(made_for):
    def point(a, b):
        x, y = a["x"], b["y"]
        return {"sum": 3 * x - y, "x": x, "y": y, "row": jnp.stack([x * y, y])}

    def grid(lengths):
        return [{name: np.arange(1.0, n + 1)} for name, n in zip("xy", lengths, strict=True)]

    loop = GridLoop(point, grid(made_for))
    for given in map(grid, product(LENGTHS, LENGTHS)):
        x, y = broadcast(given).values()
        expected = {"sum": 3 * x - y, "x": x, "y": y, "row": np.stack([x * y, y], axis=-1)}
        assert_same(filled(loop, given), expected)


@pytest.mark.parametrize("sizes", [(19, 2, 3, 5), (17, 18, 17, 19)], ids=str)
def test_four_axes_whose_numbers_rest_on_one_two_and_three_of_them(sizes):
    def function(w, x, y, z):
        three = 2 * w * (x - y)
        return {"all": three + z, "outer": 2 * w + x, "inner": y * z, "some": x - y, "three": three}

    given = [{name: np.arange(1.0, n + 1) ** 2} for name, n in zip("wxyz", sizes, strict=True)]
    expected = function(**broadcast(given))
    assert_same(computed(lambda *c: function(**together(c)), given), expected)


@pytest.mark.parametrize("length", [3, 40])
def test_outputs_may_be_constants_inputs_the_same_twice_and_empty(length):
    def point(a, b):
        same = jnp.sqrt(a["x"]) + b["k"]
        return {
            "a_none": jnp.zeros((0, 2)), "bare": a["x"], "constant": jnp.float32(2.5),
            "yes": jnp.asarray(True), "labels": jnp.arange(3, dtype=jnp.int8), "whole": b["k"],
            "flag": b["flag"], "same": same, "again": same, "both": jnp.stack([same, same]),
            "single": a["single"],
        }  # fmt: skip

    x, k = np.arange(5.0) ** 2, np.arange(length, dtype=np.int16)
    given = [{"x": x, "single": x.astype(np.float32)}, {"k": k, "flag": k % 3 == 0}]
    shape = (5, length)
    same = np.sqrt(x)[:, None] + k
    expected = {
        "a_none": np.zeros((*shape, 0, 2)), "bare": np.broadcast_to(x[:, None], shape),
        "constant": np.full(shape, 2.5, np.float32), "yes": np.full(shape, True),
        "labels": np.broadcast_to(np.arange(3, dtype=np.int8), (*shape, 3)),
        "whole": np.broadcast_to(k, shape), "flag": np.broadcast_to(k % 3 == 0, shape), "same": same,
        "again": same, "both": np.stack([same, same], -1),
        "single": np.broadcast_to(x.astype(np.float32)[:, None], shape),
    }  # fmt: skip
    assert_same(filled_window(GridLoop(point, given), given, (1, 2), (2, 1)), expected)


@pytest.mark.parametrize(
    ("a", "b", "x"),
    [
        (np.zeros((4, 20)), np.zeros((20, 4)).T, np.ones(4)),
        (np.zeros((4, 40))[:, ::2], np.zeros((4, 40))[:, ::2], np.ones(4)),
        (np.zeros((4, 20)), np.zeros((4, 19)), np.ones(4)),
        (np.zeros((4, 20)), np.zeros((4, 20), np.float32), np.ones(4)),
        (np.zeros((4, 20)), np.zeros((4, 20)), np.ones(4, int)),
    ],
    ids=["turned", "apart", "shape", "dtype", "coordinate"],
)
def test_arrays_that_do_not_fit_are_refused_before_anything_is_written(a, b, x):
    loop = GridLoop(lambda c, d: {"a": c["x"] + 1, "b": d["y"] + 1}, [{"x": np.ones(4)}, {"y": np.ones(20)}])
    with pytest.raises(ValueError, match=r"other shapes|alike|no row"):
        loop.fill({"a": a, "b": b}, [{"x": x}, {"y": np.ones(20)}])
    assert not a.any()
    assert not b.any()


def locked(array):
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "row",
    [np.zeros((20, 4, 6))[..., ::2], np.zeros((20, 4, 3), order="F"), locked(np.zeros((20, 4, 3)))],
    ids=["apart", "turned", "locked"],
)
def test_numbers_of_a_point_lie_side_by_side_where_they_may_be_written(row):
    given = [{"x": np.ones(20)}, {"y": np.ones(4)}]
    loop = GridLoop(lambda c, d: {"row": jnp.stack([c["x"], d["y"], c["x"] + 1])}, given)
    with pytest.raises(ValueError, match=r"side by side|written to"):
        loop.fill({"row": row}, given)
    assert not row.any()


@pytest.mark.parametrize("short", [0, 3])
def test_coordinates_of_one_axis_are_of_one_length_and_some(short):
    loop = GridLoop(lambda c: {"sum": c["x"] + c["y"]}, [{"x": np.ones(20), "y": np.ones(20)}])
    with pytest.raises(ValueError, match="differ in length"):
        loop.fill({"sum": np.zeros(20)}, [{"x": np.ones(20), "y": np.ones(short)}])


# --- rounding --------------------------------------------------------------------------------------------


def rounding(a, b, c):
    """Much that rounds, along every set of axes."""
    x, y, z = a["x"], b["y"], c["z"]
    grown, turned = jnp.exp(-x) * y, jnp.sin(x) / (1 + z * z)
    root = jnp.sqrt(jnp.abs(grown + turned)) + jnp.log1p(y) * x
    return {"root": root, "grown": grown, "row": jnp.stack([turned, root * z - grown, x**y])}


def rounding_grid(*sizes):
    rng = np.random.default_rng(0)
    return [{name: rng.uniform(0.1, 3, n)} for name, n in zip("xyz", sizes, strict=True)]


@pytest.mark.parametrize("sizes", [(3, 17, 33), (40, 2, 5), (1, 20, 1)], ids=str)
def test_numbers_that_round_are_those_of_jax(sizes):
    given = rounding_grid(*sizes)
    assert_same(computed(rounding, given), by_jax(rounding, given), rtol=64 * EPS, atol=16 * EPS)


def test_numbers_do_not_depend_on_the_tile_nor_on_how_its_axes_are_nested():
    given = rounding_grid(18, 5, 35)
    loop = GridLoop(rounding, given)
    whole = filled(loop, given)
    windows = (slice(0, 1), slice(1, 18)), (slice(0, 5), slice(3, 4)), (slice(0, 3), slice(2, 34))
    for at in product(*windows):
        part = [{n: v[w] for n, v in c.items()} for c, w in zip(given, at, strict=True)]
        expected = {name: values[at] for name, values in whole.items()}
        assert_same(filled(loop, part), expected)
        assert_same(filled(GridLoop(rounding, part), part), expected)


def test_threads_share_one_loop():
    given = rounding_grid(16, 6, 35)
    loop = GridLoop(rounding, given)
    parts = [[{"x": given[0]["x"][: k % 15 + 1]}, *given[1:]] for k in range(40)]
    whole = filled(loop, given)
    with ThreadPoolExecutor(4) as threads:
        for part, result in zip(parts, threads.map(lambda part: filled(loop, part), parts), strict=True):
            assert_same(result, {name: values[: lengths(part)[0]] for name, values in whole.items()})


def test_a_single_point_has_the_numbers_of_one_in_a_grid():
    """There is no axis where all that varies is a choice, and so a program of its own."""

    def point(c):
        x, n = c["x"], c["n"]
        logs = jnp.stack([jnp.log(x), jnp.exp(n * x)])
        return {"logs": logs, "count": (n * 3).astype(jnp.int32), "less": x < n, "one": jnp.float32(n) / 3}

    at = {"n": np.asarray([2.0]), "x": np.asarray([0.3])}
    alone = computed(lambda: point({name: jnp.asarray(v[0]) for name, v in at.items()}), [])
    assert alone["logs"].shape == (2,)
    assert_same({name: values[np.newaxis] for name, values in alone.items()}, computed(point, [at]))


# --- what has no such form -------------------------------------------------------------------------------

X = [{"x": np.ones(3)}]


@pytest.mark.parametrize(
    ("point", "coordinates", "reason"),
    [
        (lambda c: {"x": jnp.linalg.qr(jnp.eye(2) * c["x"])[1]}, X, "primitive qr"),
        (lambda c: {"x": jnp.real(c["x"] * 1j)}, X, "dtype complex128"),
    ],
    ids=["qr", "complex"],
)
def test_the_reason_is_told(point, coordinates, reason):
    assert reason_for_xla(point, coordinates) == reason
    with pytest.raises(Unsupported, match=reason):
        GridLoop(point, coordinates)


def test_what_would_take_too_long_to_compile_is_left_to_xla(monkeypatch):
    def point(c):
        def twenty(_, x):
            for k in range(10):
                x = jnp.sin(x) + k
            return x

        return {"x": jax.lax.fori_loop(0, 30, twenty, c["x"])}

    assert reason_for_xla(point, X) is None
    monkeypatch.setattr(grid_loop, "_MOST_OPERATIONS", 19)  # those in loops count
    assert reason_for_xla(point, X) == "more than 19 scalar operations at a point"
