"""Graphs drawn at random: the same bits on a GPU's threads and in a processor's vectors."""

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.backend import primitives
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.codegen.gpu import planning, thread_code
from equisweep.engine.codegen.ir import Graph
from equisweep.engine.codegen.lanes import Leaf, Loop
from equisweep.engine.codegen.llvm.floats import LIBRARY
from equisweep.engine.codegen.ops import OPERATIONS
from helpers.codegen.gpu import OnThisProcessor

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
        result = graph.apply(str(op), *(there[k] for k in chosen))
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
    kind = {"f32": np.float32, "f64": np.float64}[dtype]
    random = np.random.default_rng(seed)
    with np.errstate(over="ignore"):
        numbers = random.standard_normal((lanes, NUMBERS)) * 10.0 ** random.uniform(-3, 3, (lanes, NUMBERS))
        numbers = np.where(random.random(numbers.shape) < 0.1, random.choice(EDGES, numbers.shape), numbers)
        given = [jnp.asarray(numbers.astype(kind)), jnp.zeros(lanes, jnp.int32)]
    threads, vectors = ([np.asarray(a) for a in backend.lanes(loop)(given)] for backend in (gpu, Cpu()))
    np.testing.assert_array_equal(threads[1], STEPS)
    nan = np.isnan(vectors[0])
    np.testing.assert_array_equal(np.isnan(threads[0]), nan)
    assert threads[0][~nan].tobytes() == vectors[0][~nan].tobytes()
    assert (~nan).any()
