"""Programs that call LAPACK or transform end, however many threads compute them, and with NumPy's numbers."""

import json
import subprocess
import sys
from functools import cache
from itertools import product

import jax
import jax.numpy as jnp
import lineax
import numpy as np
import pytest
from equisweep.engine.xla import transforms
from equisweep.engine.xla.inline_calls import holds_pooled_calls, inline_calls
from helpers.codegen.jaxprs import equations
from helpers.products import covering
from helpers.programs import linear_algebra
from helpers.programs.linear_algebra import POINTS, ROUTINES, TIMES
from jax.extend import core
from jax.interpreters import mlir

# Each is a program that is compiled: of LAPACK, of another library, and of what XLA has a pool for.
SUITE = {("solve", "loop"), ("lineax", "grid"), ("convolution", "grid"), ("transform", "loop")}


@cache
def sums(in_suite):
    """What a process of its own computed: one that hangs must not take the suite along."""
    asked = [case for case in product(ROUTINES, ("grid", "loop")) if (case in SUITE) == in_suite]
    command = [sys.executable, linear_algebra.__file__, json.dumps(asked)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"exit code {done.returncode} (3: it hung)\n{done.stderr}"
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("name", "where"),
    covering([*product(ROUTINES, ("grid", "loop"))], lambda *case: case in SUITE, columns=0),
)
def test_every_routine_ends_when_many_threads_compute_it_at_once(name, where):
    routine, a = ROUTINES[name], np.linspace(2.0, 5.0, POINTS)
    shifts = (0, 1) if where == "grid" else (1, 2, 2, 3)
    right = sum(routine(x + shift, np) for x in a for shift in shifts)
    computed = sums((name, where) in SUITE)[f"{name} in a {where}"]
    assert len(computed) == TIMES
    assert computed == pytest.approx([right] * TIMES, rel=1e-11)


def call_sizes(jaxpr):
    """The batches of all calls into LAPACK in a program."""
    result = []
    for equation in jaxpr.eqns:
        if holds_pooled_calls(jaxpr.replace(eqns=[equation])):
            inner = [
                v
                for v in jax.tree.leaves(equation.params, is_leaf=lambda v: hasattr(v, "eqns"))
                if hasattr(v, "eqns")
            ]
            if inner:
                result += [size for j in inner for size in call_sizes(getattr(j, "jaxpr", j))]
            else:
                result.append(int(np.prod(equation.invars[0].aval.shape[:-2])))
    return result


@pytest.mark.parametrize(("size", "most"), [(3, 246), (16, 1), (40, 1)])
def test_no_call_gets_more_work_than_one_thread_does_itself(size, most):
    def solve(matrix):
        return jnp.linalg.solve(matrix, jnp.ones(size))

    matrices = np.random.default_rng(3).normal(size=(2, 500, size, size))
    function = inline_calls(jax.vmap(jax.vmap(solve)))
    sizes = call_sizes(jax.make_jaxpr(function)(matrices).jaxpr)
    assert sizes
    assert max(sizes) <= most
    np.testing.assert_allclose(
        jax.jit(function)(matrices), np.linalg.solve(matrices, np.ones((size, 1)))[..., 0], rtol=1e-6
    )


def test_what_a_primitive_of_another_library_calls_is_cut_as_well():
    def solve(matrix):
        return lineax.linear_solve(lineax.MatrixLinearOperator(matrix), jnp.ones(20)).value

    matrices = np.random.default_rng(4).normal(size=(300, 20, 20))
    plain = jax.vmap(lambda m: jax.jvp(solve, (m,), (m,)))
    names = {equation.primitive.name for equation in equations(jax.make_jaxpr(plain)(matrices))}
    assert "vprim" in names
    assert "triangular_solve" not in names
    assert holds_pooled_calls(jax.make_jaxpr(plain)(matrices).jaxpr)
    cut = jax.make_jaxpr(inline_calls(plain))(matrices)
    assert max(call_sizes(cut.jaxpr)) == 1
    assert "vprim" not in {equation.primitive.name for equation in equations(cut)}
    x, slope = jax.jit(inline_calls(plain))(matrices)
    np.testing.assert_allclose(x, np.linalg.solve(matrices, np.ones((20, 1)))[..., 0], rtol=1e-6)
    np.testing.assert_allclose(slope, -x, rtol=1e-6)  # of A x = 1 along A itself


def test_loops_branches_and_derivatives_are_kept():
    def point(a):
        matrix = jnp.eye(3) * a + jnp.ones((3, 3))

        def body(carry, _):
            x = jax.lax.cond(
                carry.sum() > 2.0, lambda c: jnp.linalg.solve(matrix, c), lambda c: c + 1.0, carry
            )
            return x, jax.scipy.linalg.expm(0.1 * matrix).sum()

        end, path = jax.lax.scan(body, jnp.ones(3), None, length=4)
        return (
            jax.lax.while_loop(lambda x: x.sum() < 3.0, lambda x: x + jnp.linalg.inv(matrix) @ x, end).sum()
            + path.sum()
        )

    plain = jax.vmap(jax.jacfwd(point))
    a = np.linspace(0.5, 3.0, 9)
    np.testing.assert_allclose(jax.jit(inline_calls(plain))(a), jax.jit(plain)(a), rtol=1e-13)


@pytest.mark.parametrize("kind", ["fft", "ifft", "rfft", "irfft"])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("few", [False, True])
def test_transforms_of_a_release_that_waits_are_of_few_lines(monkeypatch, kind, rank, few):
    monkeypatch.setattr(transforms, "wait", lambda: True)
    shape = (1, *[4] * (rank - 1), 7) if few else (3, 11, *(6, 5, 8)[:rank])
    x = np.random.default_rng(rank).normal(size=shape)
    axes = tuple(range(-rank, 0))
    function = inline_calls(lambda a: getattr(jnp.fft, kind + "n")(a, axes=axes))
    assert holds_pooled_calls(jax.make_jaxpr(lambda a: jnp.fft.fft(a))(x).jaxpr)
    sizes = [
        e.invars[0].aval.shape for e in equations(jax.make_jaxpr(function)(x)) if e.primitive.name == "fft"
    ]
    assert len(sizes) >= rank
    assert all(len(size) == 2 and size[0] <= 7 for size in sizes)
    np.testing.assert_allclose(jax.jit(function)(x), getattr(np.fft, kind + "n")(x, axes=axes), atol=1e-12)


def test_long_transforms_are_made_one_by_one(monkeypatch):
    monkeypatch.setattr(transforms, "wait", lambda: True)
    x = np.random.default_rng(1).normal(size=(3, 1000))
    made = jax.make_jaxpr(inline_calls(jnp.fft.rfft))(x)
    assert {e.invars[0].aval.shape for e in equations(made) if e.primitive.name == "fft"} == {(1, 1000)}
    np.testing.assert_allclose(inline_calls(jnp.fft.rfft)(x), np.fft.rfft(x), atol=1e-11)


def test_transforms_of_other_releases_are_left_as_they_are(monkeypatch):
    monkeypatch.setattr(transforms, "wait", lambda: False)
    assert not holds_pooled_calls(jax.make_jaxpr(jnp.fft.fft)(np.ones((50, 8))).jaxpr)


def test_a_program_without_linear_algebra_is_told_from_one_with_it():
    matrix = np.eye(3)
    assert not holds_pooled_calls(jax.make_jaxpr(lambda m: jnp.sin(m) @ m)(matrix).jaxpr)
    assert holds_pooled_calls(jax.make_jaxpr(jax.jit(lambda m: jnp.linalg.inv(m)))(matrix).jaxpr)


def primitive(name, compute):
    """A primitive of another library: what it is implemented by, and what it compiles to."""
    made = core.Primitive(name)
    made.def_abstract_eval(lambda x, **_: jax.core.ShapedArray(x.shape, x.dtype))
    made.def_impl(lambda x, **params: compute(made, x, **params))
    mlir.register_lowering(made, mlir.lower_fun(lambda x, **_: x + 1.0, multiple_results=False))
    return made


def through(other):
    return lambda _, x: jax.jit(lambda y: other[0].bind(y))(x)


OTHERS = []
OWN_WORK = {
    "itself": primitive("itself", lambda own, x: jax.jit(lambda y: own.bind(y))(x)),
    "itself in a loop": primitive(
        "looped", lambda own, x: jax.lax.fori_loop(0, 2, lambda _, y: own.bind(y), x)
    ),
    "another one": primitive("one", through(OTHERS)),
    "itself, otherwise each time": primitive(
        "counting", lambda own, x, step=0: jax.jit(lambda y: own.bind(y, step=step + 1))(x)
    ),
}
OTHERS.append(primitive("other", lambda _, x: jax.jit(lambda y: OWN_WORK["another one"].bind(y))(x)))


@pytest.mark.parametrize("name", OWN_WORK)
def test_a_primitive_that_is_implemented_by_itself_is_left_as_it_is(name):
    own = OWN_WORK[name]
    assert not holds_pooled_calls(jax.make_jaxpr(own.bind)(jnp.ones(3)).jaxpr)
    matrices = np.random.default_rng(5).normal(size=(300, 20, 20))
    function = inline_calls(lambda m: own.bind(jnp.linalg.inv(m)))
    cut = jax.make_jaxpr(function)(matrices)
    assert own in {equation.primitive for equation in equations(cut)}
    np.testing.assert_allclose(jax.jit(function)(matrices), np.linalg.inv(matrices) + 1, rtol=1e-6)


def test_a_primitive_that_calls_itself_and_ends_is_opened():
    def compute(own, x, steps=2):
        return own.bind(x, steps=steps - 1) if steps else jnp.linalg.inv(x)

    own = primitive("ending", compute)
    assert holds_pooled_calls(jax.make_jaxpr(own.bind)(jnp.eye(3)).jaxpr)
