"""Where gathers and scatters take numbers from and put them, beside JAX, for any numbers of dimensions."""

import jax
import numpy as np
import pytest
from equisweep.engine.codegen.ir import Unsupported
from equisweep.engine.codegen.lower.placing import OUTSIDE, gather_indices, scatter_indices
from jax.lax import GatherDimensionNumbers, GatherScatterMode, ScatterDimensionNumbers

MODES = [GatherScatterMode.CLIP, GatherScatterMode.FILL_OR_DROP]
CASES = range(40)


def drawn(seed):
    """Shape of an operand, sizes of windows in it, indices, its axes by what they are, and of the result."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(2, 5, size=1 + seed % 4)
    parts = rng.choice(["window", "window", "collapsed", "beside"], len(shape))
    sizes = [rng.integers(1, n + 1) if part == "window" else 1 for n, part in zip(shape, parts, strict=True)]
    window, collapsed, beside = (
        [int(d) for d in np.flatnonzero(parts == part)] for part in ("window", "collapsed", "beside")
    )
    into = [int(d) for d in rng.permutation([*window, *collapsed])]
    into = into[: rng.integers(0, len(into) + 1)]
    batch = [*(shape[d] for d in beside), *rng.integers(1, 4, size=rng.integers(0, 3))]
    order = rng.permutation(len(batch))
    batch = [batch[k] for k in order]
    indices = rng.integers(-2, 6, size=(*batch, len(into))).astype(rng.choice(["int32", "int64"]))
    beside_of = [int(np.flatnonzero(order == k)[0]) for k in range(len(beside))]
    rank = len(batch) + len(window)
    offset = sorted(int(d) for d in rng.choice(rank, len(window), replace=False))
    return (
        tuple(map(int, shape)),
        tuple(map(int, sizes)),
        indices,
        (into, collapsed, beside, beside_of, offset),
    )


def reads(seed):
    shape, sizes, indices, (into, collapsed, beside, beside_of, offset) = drawn(seed)
    dims = GatherDimensionNumbers(*map(tuple, (offset, collapsed, into, beside, beside_of)))
    return shape, sizes, indices, dims


def writes(seed):
    shape, sizes, indices, (into, collapsed, beside, beside_of, offset) = drawn(seed)
    dims = ScatterDimensionNumbers(*map(tuple, (offset, collapsed, into, beside, beside_of)))
    lengths = iter(indices.shape[:-1])
    inside = iter(s for d, s in enumerate(sizes) if d not in (*collapsed, *beside))
    rank = indices.ndim - 1 + len(offset)
    return shape, [next(inside) if d in offset else next(lengths) for d in range(rank)], indices, dims


def test_a_gather_takes_numbers_from_where_jax_takes_them():
    cases = [(seed, mode) for seed in CASES for mode in MODES]

    def by_jax(given):
        for (seed, mode), (positions, indices) in zip(cases, given, strict=True):
            _, sizes, _, dims = reads(seed)
            yield jax.lax.gather(positions, indices, dims, sizes, mode=mode, fill_value=OUTSIDE)

    given = [
        (np.arange(np.prod(shape)).reshape(shape), indices)
        for shape, _, indices, _ in (reads(seed) for seed, _ in cases)
    ]
    wanted = [*map(np.asarray, jax.jit(lambda given: list(by_jax(given)))(given))]
    for (seed, mode), right in zip(cases, wanted, strict=True):
        shape, sizes, indices, dims = reads(seed)
        actual = gather_indices(shape, indices, dims, sizes, mode)
        np.testing.assert_array_equal(actual, right, err_msg=f"{seed} {mode}")
    assert sum(np.any(right == OUTSIDE) for right in wanted) > 10


def test_a_scatter_puts_numbers_where_jax_puts_them():
    cases = [(seed, mode) for seed in CASES for mode in MODES]

    def by_jax(given):
        for (seed, mode), arrays in zip(cases, given, strict=True):
            yield jax.lax.scatter(*arrays, writes(seed)[3], mode=mode)

    given = [
        (np.full(shape, -1), indices, np.arange(np.prod(updates, dtype=int)).reshape(updates))
        for shape, updates, indices, _ in (writes(seed) for seed, _ in cases)
    ]
    wanted = [*map(np.asarray, jax.jit(lambda given: list(by_jax(given)))(given))]
    for (seed, mode), right in zip(cases, wanted, strict=True):
        shape, updates, indices, dims = writes(seed)
        values = np.full(np.prod(shape), -1)
        targets, sources = scatter_indices(shape, indices, updates, dims, mode)
        values[targets] = sources
        np.testing.assert_array_equal(values.reshape(shape), right, err_msg=f"{seed} {mode}")
    assert sum(np.any(right < 0) for right in wanted) > 10


def test_a_mode_that_is_not_known_is_refused():
    shape, sizes, indices, dims = reads(3)
    with pytest.raises(Unsupported, match="ONE_HOT"):
        gather_indices(shape, indices, dims, sizes, GatherScatterMode.ONE_HOT)
