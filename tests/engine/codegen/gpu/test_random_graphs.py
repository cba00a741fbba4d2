"""Graphs drawn at random: the same bits on a GPU's threads and in a processor's vectors."""

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.backend import primitives
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.codegen.gpu import planning, thread_code
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.codegen.ir import Graph, bytes_of
from equisweep.engine.codegen.lanes import Leaf, Loop
from equisweep.engine.codegen.llvm.floats import LIBRARY
from equisweep.engine.codegen.ops import OPERATIONS
from helpers.codegen.gpu import OnThisProcessor
from helpers.codegen.grids import filled
from helpers.codegen.threads import with_backend

NUMBERS, DRAWN, STEPS = 8, 80, 3
EDGES = [np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, 1e-310, 1.7e308, -1.0]


def drawn(seed, dtype, backend):
    """A loop of a few steps, each of so many operations of numbers that were there before."""
    random, graph = np.random.default_rng(seed), Graph()
    there = list(graph.inputs((NUMBERS,), dtype, 0))
    count = graph.inputs((), "i32", NUMBERS).item()
    named = [op for op in OPERATIONS if op not in LIBRARY and backend.supports(op, dtype)]
    for op in random.choice([op for op in named if op not in ("convert", "bitcast", "select")], DRAWN):
        chosen = random.choice(len(there), OPERATIONS[op].arity)
        arguments = [there[k] for k in chosen]
        if str(op).startswith("shift"):  # by fewer bits than there are: as rules see to it
            most = graph.constant(8 * bytes_of(dtype) - 1, dtype)
            arguments[1] = graph.apply("and", arguments[1], most)
        result = graph.apply(str(op), *arguments)
        if result.dtype == "i1":
            two = (there[k] for k in random.choice(len(there), 2))
            result = graph.apply("select", result, *two, dtype=dtype)
        elif result.dtype != dtype:
            result = graph.apply("convert", result, dtype=dtype)
        there.append(result)
    on = graph.apply("lt", count, graph.constant(STEPS, "i32"))
    after = [*there[-NUMBERS:], graph.apply("add", count, graph.constant(1, "i32"))]
    on, *after = primitives([on, *after], backend)
    return Loop((Leaf(NUMBERS, dtype, 1), Leaf(1, "i32", 0)), 2, on, tuple(after))


KINDS = {"f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64, "u8": np.uint8}


def numbers_of(random, shape, dtype):
    """Numbers of all sizes, one in ten of them an edge; of integers any bits."""
    kind = KINDS[dtype]
    if dtype[0] != "f":
        least, most = np.iinfo(kind).min, np.iinfo(kind).max
        drawn = random.integers(least, most, shape, kind, endpoint=True)
        return np.where(random.random(shape) < 0.3, random.choice([0, 1, least, most], shape), drawn).astype(
            kind
        )
    with np.errstate(over="ignore"):
        drawn = random.standard_normal(shape) * 10.0 ** random.uniform(-3, 3, shape)
        return np.where(random.random(shape) < 0.1, random.choice(EDGES, shape), drawn).astype(kind)


def assert_same_bits(actual, expected):
    nan = expected != expected
    np.testing.assert_array_equal(actual != actual, nan)
    assert actual[~nan].tobytes() == expected[~nan].tobytes()


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize(("seed", "lanes"), [(1, 1), (2, 13), (3, 40), (4, 7), (5, 16), (6, 2)])
@pytest.mark.parametrize("planned", [False, True], ids=["in registers", "in cells"])
def test_random_graphs_have_the_same_bits_on_threads_and_in_vectors(monkeypatch, seed, dtype, lanes, planned):
    """Also where a thread has twelve registers, ten cells in shared memory and the others in its own."""
    if planned:
        monkeypatch.setattr(planning, "CAPACITY", 12)
        monkeypatch.setattr(planning, "FULL", 0)
        monkeypatch.setattr(thread_code, "SHARED_CELLS", 10)
    gpu = OnThisProcessor()
    loop = drawn(seed, dtype, gpu)
    numbers = numbers_of(np.random.default_rng(seed), (lanes, NUMBERS), dtype)
    given = [jnp.asarray(numbers), jnp.zeros(lanes, jnp.int32)]
    threads, vectors = ([np.asarray(a) for a in backend.lanes(loop)(given)] for backend in (gpu, Cpu()))
    np.testing.assert_array_equal(threads[1], STEPS)
    assert_same_bits(threads[0], vectors[0])
    assert (vectors[0] == vectors[0]).any()


@pytest.mark.parametrize("dtype", ["i32", "i64", "u8"])
def test_random_graphs_of_integers_have_the_same_bits_on_threads_and_in_vectors(dtype):
    """Quotients by 0 among them, at which a processor ends the process and a card does not."""
    gpu, lanes = OnThisProcessor(), 21
    loop = drawn(7, dtype, gpu)
    given = [
        jnp.asarray(numbers_of(np.random.default_rng(7), (lanes, NUMBERS), dtype)),
        jnp.zeros(lanes, jnp.int32),
    ]
    threads, vectors = ([np.asarray(a) for a in backend.lanes(loop)(given)] for backend in (gpu, Cpu()))
    np.testing.assert_array_equal(threads[0], vectors[0])
    assert len(np.unique(vectors[0])) > 5


@pytest.mark.parametrize("dtype", ["f32", "f64", "i32"])
@pytest.mark.parametrize(("sizes", "threads"), [((1,), 1), ((7, 3), 5), ((1, 1, 17), 2), ((5, 1, 3), 40)])
def test_random_graphs_have_the_same_bits_over_grids(dtype, sizes, threads):
    """Axes of odd lengths and of one point, NaN and infinity along them; one field has no numbers."""
    random, gpu, axes = np.random.default_rng(len(sizes)), OnThisProcessor(threads), len(sizes)
    step = drawn(10 + axes, dtype, gpu)
    # Its eight numbers, and how many steps were taken, lie along the axes in turn.
    along = tuple(k % axes for k in range(NUMBERS + 1))
    along = tuple(sorted(along))
    names = [[f"{k:02}" for k in range(NUMBERS + 1) if along[k] == axis] for axis in range(axes)]
    kinds = {f"{k:02}": dtype for k in range(NUMBERS)} | {f"{NUMBERS:02}": "i32"}
    at = [
        {name: numbers_of(random, size, kinds[name]) for name in of}
        for of, size in zip(names, sizes, strict=True)
    ]
    fields = (step.body[:3], (), step.body[3:NUMBERS], (step.body[NUMBERS],))
    outputs = {
        name: ((len(of),), np.dtype(KINDS["i32" if name == "d" else dtype]))
        for name, of in zip("abcd", fields, strict=True)
    }
    dtypes = [np.dtype(KINDS[kinds[f"{k:02}"]]) for k in range(NUMBERS + 1)]
    loop = GridLoop.of_graph(along, fields, outputs, dtypes, at, Cpu())
    expected = filled(loop, at)
    actual = with_backend(loop, at, gpu)(*at)
    assert actual.keys() == expected.keys()
    for name, values in expected.items():
        if values.size:
            assert_same_bits(np.asarray(actual[name]), values)
    assert [actual["b"].shape, actual["c"].shape] == [(*sizes, 0), (*sizes, 5)]
