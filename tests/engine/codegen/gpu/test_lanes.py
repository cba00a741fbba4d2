"""Lanes on GPUs, without one: valid for the assembler, the CPU's bits, and launched as XLA wants it."""

import re
from itertools import product
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen import decompose
from equisweep.engine.codegen import lane_loop as loops
from equisweep.engine.codegen.backend import primitives
from equisweep.engine.codegen.cpu import jit as machine_code
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.codegen.gpu import backend, launch, libdevice
from equisweep.engine.codegen.gpu import ptx as made
from equisweep.engine.codegen.gpu.backend import Gpu
from equisweep.engine.codegen.gpu.lane_code import lane_kernel
from equisweep.engine.codegen.gpu.ptx import ptx
from equisweep.engine.codegen.ir import DTYPES, Graph, Unsupported
from equisweep.engine.codegen.lane_loop import lane_loop
from equisweep.engine.codegen.lanes import Leaf, Loop
from equisweep.engine.codegen.llvm.floats import LIBRARY
from equisweep.engine.codegen.ops import OPERATIONS
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.engine.ode.vanishing.levels import true_state
from equisweep.kernels.games.supervision.model import SUPERVISION
from helpers.codegen.avx2 import Avx2
from helpers.codegen.gpu import CARDS, OnThisProcessor, assembled
from helpers.codegen.lanes import SideBySide
from helpers.flows import DECAY, LORENZ
from helpers.products import covering

COUNT = 11
SUPERVISED = {q.name: np.full(COUNT, q.default) for q in SUPERVISION.parameters} | {
    "r": np.linspace(1, 12, COUNT), "horizon": np.linspace(0, 20, COUNT)
}  # fmt: skip
SUPERVISED["x0"] = np.where(np.arange(COUNT) == 3, np.nan, 0.4)
SUPERVISED["f"] = np.where(np.arange(COUNT) == 5, np.inf, SUPERVISED["f"])
ATTRACTED = {
    "sigma": np.full(COUNT, 10.0), "rho": np.linspace(5, 28, COUNT), "beta": np.full(COUNT, 8 / 3),
    **{name: np.linspace(0.5, 2, COUNT) for name in ("x0", "y0", "z0")},
    "horizon": np.linspace(0.1, 1, COUNT),
}  # fmt: skip
FALLING = {"k": np.geomspace(0.05, 8, COUNT), "z0": SUPERVISED["x0"], "horizon": np.linspace(0, 9, COUNT)}


def assert_same_bits(actual, expected):
    assert actual.dtype == expected.dtype
    if actual.dtype.kind != "f":
        np.testing.assert_array_equal(actual, expected)
        return
    nan = np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(actual), nan)
    kind = f"u{actual.itemsize}"
    np.testing.assert_array_equal(actual.view(kind)[~nan], expected.view(kind)[~nan])


SINGLE = {name: values.astype(np.float32) for name, values in SUPERVISED.items()}


ORBITS = {
    "few numbers": (DECAY, FALLING, Method("taylor", 1e-8, 1e-8), {}),
    "taylor": (SUPERVISION.flow, SUPERVISED, Method("taylor", 1e-8, 1e-8), {"reward": "dynamic"}),
    "rodas5p": (LORENZ, ATTRACTED, Method("rodas5p", 1e-6, 1e-6), {"times": (0.05, 0.5)}),
    "float32": (
        SUPERVISION.flow,
        SINGLE,
        Method("tsit5", 1e-4, 1e-4, settle=1e-2),
        {"reward": "static", "times": (0.5, 5.0)},
    ),
}


@pytest.mark.parametrize(
    ("optimised", "name"),
    # Implicit steps, and float32, are tried in tests/gpu, of a flow that is sooner traced.
    covering(
        [*product((0, 3), ORBITS)],
        lambda optimised, name: name == "few numbers",
        columns=1,
    ),
)
def test_orbits_have_the_same_bits_in_threads_and_in_vectors_of_either_width(
    monkeypatch, tmp_path, name, optimised
):
    """Processors with AVX-512 compute 16 lanes side by side, others 8, a GPU's thread one."""
    flow, p, method, options = ORBITS[name]
    monkeypatch.setattr(machine_code, "OPTIMISE", optimised)
    if flow is SUPERVISION.flow:
        options = {**options, "punishment": "dynamic"}
    linked, link = [], machine_code.link
    monkeypatch.setattr(machine_code, "link", lambda text, *most: (linked.append(text), link(text, *most))[1])
    gpu = OnThisProcessor()
    all_ = SideBySide(gpu, Cpu(8), Cpu(16), *([Avx2()] if optimised == 0 else []))
    monkeypatch.setattr(loops, "lane_backends", lambda: [all_])
    monkeypatch.setattr("equisweep.engine.ode.trajectory._FUNCTIONS", {})
    ends = lanes(flow, method, **options)({name: jnp.asarray(values) for name, values in p.items()})
    assert len(np.unique(ends["steps"])) > 3
    widths = len(all_.backends) - 1
    assert not {*linked[::widths]} & {*linked[1::widths]}  # other code for each width
    assert len(all_.results) > 1
    all_.assert_same_bits()
    for code, card in zip(gpu.written, CARDS * len(gpu.written), strict=False):
        text = ptx(code.kernel("kernel"))
        assert assembled(text, card, tmp_path).spilled == 0
        # Rounded as they stand: without .rn the assembler may fuse what the graph has apart.
        assert not re.findall(r"\b(?:add|sub|mul|fma)\.f(?:32|64)", text)


def every_operation_of(dtype):
    """A loop whose step is every operation that is offered for a dtype, conversions among them."""
    graph, results, number = Graph(), [], 0
    given = graph.inputs((200,), dtype, 0)

    def back(result):
        return result if result.dtype == dtype else graph.apply("convert", result, dtype=dtype)

    for op, operation in OPERATIONS.items():
        if Gpu().supports(op, dtype) and op not in ("convert", "bitcast", "select"):
            results.append(graph.apply(op, *given[number : number + operation.arity]))
            number += operation.arity
    results += [
        graph.apply("convert", given[0], dtype=other) for other in DTYPES if other not in (dtype, "i1")
    ]
    numbers = [
        back(r) if r.dtype != "i1" else graph.apply("select", r, *given[:2], dtype=dtype) for r in results
    ]
    body = (*numbers, *given[len(numbers) :])
    cond = graph.apply("ne", given[0], given[1])
    return Loop((Leaf(200, dtype, 1),), 1, cond, body), len(results)


@pytest.mark.parametrize("dtype", [dtype for dtype in DTYPES if dtype != "i1"])
def test_every_operation_is_valid_on_every_card(monkeypatch, tmp_path, dtype):
    """LLVM ends the process where it has no instruction: each operation that is offered must have one."""
    monkeypatch.setattr(backend, "libdevice", lambda: None)
    loop, count = every_operation_of(dtype)
    assert count > (25 if dtype[0] == "f" else 15)
    text = ptx(lane_kernel(loop, "kernel"))
    if dtype[0] == "f":
        assert text.count(f"div.rn.{dtype}") == 1
    assert ".ftz" not in text  # no tiny number is taken for 0
    assembled(text, CARDS[len(dtype) % 3], tmp_path)


@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_functions_of_the_c_library_are_libdevices_and_kept_with_it(monkeypatch, tmp_path, dtype):
    graph = Graph()
    given = graph.inputs((2,), dtype, 0)
    numbers = [graph.apply(op, *given[: OPERATIONS[op].arity]) for op in sorted(LIBRARY)]
    total = numbers[0]
    for one in numbers[1:]:
        total = graph.apply("add", total, one)
    loop = Loop((Leaf(2, dtype, 1),), 1, graph.apply("lt", *given), (total, given[1]))
    text = lane_kernel(loop, "kernel")
    assert libdevice.needs_libdevice(text)
    result = ptx(text)
    assert "__nv" not in result
    assert ".extern" not in result
    for card in CARDS:
        assembled(result, card, tmp_path)
    # Another libdevice makes something else, and kept kernels are found again.
    names = []
    monkeypatch.setattr(made, "kept", lambda name: names.append(name) or b"found")
    monkeypatch.setattr(made, "_compile", lambda _: pytest.fail("compiled again"))
    assert ptx(text) == "found"
    monkeypatch.setattr(made, "libdevice_digest", lambda: "another")
    assert ptx(text) == "found"
    assert len({*names}) == 2


def count_down(lane, fixed):
    return (lane[0] - 1, lane[1] * fixed)


def counted(n, x, factor):
    return lane_loop(lambda a, _: a[0] > 0, count_down, (n, x), factor)


@pytest.mark.parametrize("threads", [1, 2, 7])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_threads_share_the_lanes_however_many_there_are(monkeypatch, threads, count):
    monkeypatch.setattr(loops, "lane_backends", lambda: [OnThisProcessor(threads)])
    n, x = jnp.arange(count) % 4, jnp.arange(count) + 0.5
    left, result = jax.jit(jax.vmap(counted, (0, 0, None)))(n, x, 2.0)
    np.testing.assert_array_equal(left, 0)
    np.testing.assert_array_equal(result, x * 2.0**n)


@pytest.mark.parametrize("lanes_", [1, 3, 1000, 10**6])
def test_xla_is_given_the_kernel_with_its_grid_and_arrays(monkeypatch, lanes_):
    monkeypatch.setattr(loops, "lane_backends", lambda: [Gpu()])
    shapes = [jax.ShapeDtypeStruct((lanes_,), dtype) for dtype in ("int32", "float64")]
    jitted = jax.jit(jax.vmap(counted, (0, 0, None)))
    lowered = jitted.trace(*shapes, 2.0).lower(lowering_platforms=("cuda",)).as_text()
    (call,) = [line for line in lowered.splitlines() if launch._TARGET in line]
    assert f"grid_x = {min(-(-lanes_ // 64), 2048)} : i32" in call
    assert "block_x = 64 : i32" in call
    assert 'name = "equisweep_lanes"' in call
    assert ".entry equisweep_lanes(" in call
    # Two numbers of a lane and the factor, the count of lanes, and the counter, which is written in place.
    given = re.search(r"\(((?:tensor<[^>]*>, )*tensor<[^>]*>)\) ->", call)[1].split(", ")
    assert given == [
        f"tensor<{lanes_}xi32>",
        *[f"tensor<{lanes_}xf64>"] * 2,
        "tensor<1xi32>",
        "tensor<1xi32>",
    ]
    assert re.search(r"output_operand_alias<output_tuple_indices = \[0\], operand_index = 4", call)


def test_what_needs_the_c_library_another_jax_or_a_newer_card_goes_through_xla(monkeypatch):
    ways = []
    monkeypatch.setattr(loops, "lane_backends", lambda: [Cpu(), Gpu()])

    def tried(body):
        jax.eval_shape(lambda x: lane_loop(lambda a, _: a < 1, body, x, (), report=ways.append), 0.5)
        return ways.pop()

    with monkeypatch.context() as patched:
        patched.setattr(backend, "libdevice", lambda: None)
        assert tried(lambda a, _: a + jnp.sinh(a)).reason == "sinh of f64"
    assert tried(lambda a, _: a + jnp.sinh(a)).library == ("sinh",)
    assert tried(lambda a, _: a + a % 0.3).native
    assert tried(lambda a, _: a + jnp.exp(a)).native
    with monkeypatch.context() as patched:
        old = SimpleNamespace(compute_capability="7.5")
        patched.setattr(launch, "_gpus", lambda: [old])
        assert tried(lambda a, _: a + jnp.exp(a)).reason == "a GPU of compute capability 7.5, below 8.0"
        old.compute_capability = "12.0"
        assert tried(lambda a, _: a + jnp.exp(a)).native
    monkeypatch.setattr(launch.jax, "__version__", "0.99.1")
    assert tried(lambda a, _: a + jnp.exp(a)).reason == "jax 0.99.1 is not known to take PTX"


def all_formulas(x):
    functions = (jnp.exp, jnp.log, jax.nn.sigmoid, jnp.expm1, jnp.log1p, jnp.tanh, jnp.sin, jnp.cos)
    return jnp.stack([*(f(x) for f in functions), x**1.7, jnp.abs(x) ** x])


@pytest.mark.parametrize("called", [False, True])
def test_functions_by_formulas_have_the_same_bits_on_threads_and_are_valid_for_the_assembler(
    monkeypatch, tmp_path, called
):
    """Among them numbers whose reduction takes its loop, beside such that do not enter it."""
    monkeypatch.setattr(decompose, "_WRITTEN_OUT", 0 if called else 10**6)
    x = np.concatenate(
        [np.random.default_rng(3).uniform(-5, 5, 20), [0.0, -0.0, 1e20, -1e300, np.inf, np.nan]]
    )
    gpu, result = OnThisProcessor(), []
    for one in (gpu, Cpu()):
        monkeypatch.setattr(loops, "lane_backends", lambda one=one: [one])
        once = jax.vmap(
            lambda x: lane_loop(
                lambda a, _: a[0] < 1, lambda a, x: (a[0] + 1, all_formulas(x)), (0, jnp.zeros(10)), x
            )
        )
        result.append(np.asarray(jax.jit(once)(x)[1]))
    assert_same_bits(*result)
    text = ptx(gpu.written[0].kernel("kernel"))
    assert called or assembled(text, "sm_90", tmp_path).spilled == 0


def test_what_has_fallen_is_made_smaller_in_the_registers_of_its_numbers(monkeypatch, tmp_path):
    """72 of them: factors chosen before the numbers are multiplied took 185, and more than all of a look."""
    gpu = OnThisProcessor()
    monkeypatch.setattr(loops, "lane_backends", lambda: [gpu])

    def smaller(state, levels):
        return lane_loop(
            lambda a, _: a[0] < 1, lambda a, v: (a[0] + 1, true_state(*v)), (0, state), (state, levels)
        )

    jax.eval_shape(jax.vmap(smaller), jnp.ones((1, 24, 3), "float32"), jnp.ones((1, 24, 3), "int32"))
    (code,) = gpu.written
    assert assembled(ptx(code.kernel("kernel")), "sm_90", tmp_path).registers <= 144


def test_too_many_arrays_for_a_kernel_are_refused():
    graph = Graph()
    inputs = graph.inputs((300,), "f64", 0)
    loop = Loop((Leaf(1, "f64", 0),) * 300, 300, graph.apply("lt", *inputs[:2]), tuple(inputs))
    with pytest.raises(Unsupported, match="more than 500 arrays"):
        Gpu().lanes(loop)


def test_differences_of_equal_products_vanish_and_sums_are_rounded_once():
    graph = Graph()
    a, b, c = graph.inputs((3,), "f64", 0)
    product = graph.apply("mul", a, b)
    fused, kept = primitives(
        [graph.apply("add", product, c), graph.apply("sub", product, graph.apply("mul", b, c))], Gpu()
    )
    assert fused.op == "fma"
    assert kept.op == "sub"
