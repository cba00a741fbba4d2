"""Numbers that do not depend on the machine: constants, remainders, tiny numbers, NaN."""

import ctypes
import platform

import jax
import llvmlite.binding as llvm
import numpy as np
import pytest
from equisweep.engine.codegen.backend import primitives
from equisweep.engine.codegen.backends import cpu_backend
from equisweep.engine.codegen.cpu.float_state import in_own_state
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.codegen.ir import Graph
from equisweep.engine.codegen.schedule import scheduled
from helpers.codegen.grids import filled

EDGES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    5e-324,
    -1e-310,
    2.2e-308,
    1.7e308,
    0.1,
    0.3,
    3.0,
    2.0**53 + 2,
    np.inf,
    -np.inf,
    np.nan,
]
SIZES = np.random.default_rng(1).standard_normal((2, 3000)) * 10.0 ** np.random.default_rng(2).uniform(
    -300, 300, (2, 3000)
)


def bits(array):
    """As integers; NaN of any bits is one."""
    return np.where(np.isnan(array), np.array(np.nan, array.dtype), array).view(f"u{array.itemsize}")


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_remainders_of_floats_are_those_of_c(dtype):
    """By operations that every device has, exact however large the quotient."""
    with np.errstate(all="ignore"):
        x, y = (
            np.concatenate([a.ravel(), b]).astype(dtype)
            for a, b in zip(np.meshgrid(EDGES, EDGES), SIZES, strict=True)
        )
        expected = np.fmod(x, y)
    actual = filled(
        GridLoop(lambda c: {"r": jax.lax.rem(c["x"], c["y"])}, [{"x": x, "y": y}]), [{"x": x, "y": y}]
    )["r"]
    np.testing.assert_array_equal(bits(actual), bits(expected))


def computed(graph, x):
    """Results of all operations that fold by what a processor does, not by NumPy's own functions."""
    g = graph
    number = {v: g.constant(v, "f64") for v in (0.1, 3.0)}
    whole = g.apply("bitcast", x, dtype="i64")
    two = g.constant(2, "i64")
    return [
        g.apply("exp", x), g.apply("log", x), g.apply("roundeven", x),
        g.apply("fma", x, number[0.1], number[3.0]),
        g.apply("mul_rounded", x, x), g.apply("rem", x, number[0.1]),
        *(
            g.apply("bitcast", g.apply(op, whole, two), dtype="f64")
            for op in ("shift_left", "shift_right_arithmetic")
        ),
    ]  # fmt: skip


def test_constants_fold_to_the_bits_that_are_computed():
    """NumPy's exp and log differ by processor; a fixed number and one on an axis agree."""
    values = np.array([*EDGES, 0.7, -3.25, 700.5, 1e-3, 2.5])
    graph = Graph()
    fields = computed(graph, graph.inputs((), "f64", 0).item())
    backend = cpu_backend()
    grid = scheduled((0,), tuple((s,) for s in primitives(fields, backend)), [len(values)], backend.width)
    outputs = [np.empty((len(values), 1)) for _ in fields]
    backend.grid(grid)([values], outputs, [len(values)])
    for k, value in enumerate(values.tolist()):
        folded = computed(graph, graph.constant(value, "f64"))
        assert all(s.constant for s in folded)
        actual = np.array([s.value for s in folded])
        np.testing.assert_array_equal(
            bits(actual), bits(np.array([o[k, 0] for o in outputs])), err_msg=f"{value}"
        )


CONTROL = """
declare void @llvm.x86.sse.ldmxcsr(ptr)
declare void @llvm.x86.sse.stmxcsr(ptr)
define void @set(ptr %p) { call void @llvm.x86.sse.ldmxcsr(ptr %p) ret void }
define void @get(ptr %p) { call void @llvm.x86.sse.stmxcsr(ptr %p) ret void }
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="sets the control register of x86")
def test_a_thread_that_flushes_tiny_numbers_and_rounds_otherwise_changes_nothing():
    target = llvm.Target.from_default_triple().create_target_machine(jit=True)
    linker = llvm.create_lljit_compiler(target, use_jit_link=False, suppress_errors=False)
    library = (
        llvm.JITLibraryBuilder()
        .add_ir(CONTROL)
        .export_symbol("set")
        .export_symbol("get")
        .link(linker, "control")
    )
    put, get = (ctypes.CFUNCTYPE(None, ctypes.c_void_p)(library[name]) for name in ("set", "get"))
    x = np.array([5e-324, 1e-310, 3.0, 1 / 3])
    loop = GridLoop(lambda c: {"r": c["x"] * 0.1 + 1e-320}, [{"x": x}]).link()
    expected = filled(loop, [{"x": x}])["r"]
    usual, other, after = ctypes.c_uint32(), ctypes.c_uint32(0x1F80 | 0x8040 | 0x6000), ctypes.c_uint32()
    get(ctypes.addressof(usual))
    values = np.empty(4)
    put(ctypes.addressof(other))
    try:
        loop.fill({"r": values}, [{"x": x}])
        get(ctypes.addressof(after))
    finally:
        put(ctypes.addressof(usual))
    np.testing.assert_array_equal(values.view("u8"), expected.view("u8"))
    assert after.value & 0xFFC0 == other.value & 0xFFC0  # it is put back


def test_arm_is_told_the_same_and_unknown_processors_nothing():
    code = in_own_state("f", "define ptr @g(ptr %x)", "ptr", ["ptr %x"], "arm64")
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple("aarch64-linux-gnu").create_target_machine()
    assembly = machine.emit_assembly(llvm.parse_assembly(f"declare ptr @f(ptr)\n{code}"))
    assert [line.split()[0] for line in assembly.splitlines() if "FPCR" in line] == ["mrs", "msr", "msr"]
    assert "llvm." not in in_own_state("f", "define void @g()", "void", [], "riscv64")
