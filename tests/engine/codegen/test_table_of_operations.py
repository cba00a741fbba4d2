"""The table of operations: every entry is whole, and what it says is what JAX says."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.backends import backend_of
from equisweep.engine.codegen.ir import DTYPES, Graph
from equisweep.engine.codegen.ops import OPERATIONS
from equisweep.engine.codegen.ops.series import Series
from helpers.products import costs_seconds

# Deliberately: a flow that holds one of these cannot be integrated by Taylor series.
WITHOUT_SERIES = {"lgamma", "fma", "bitcast"}
ONLY_IN_FORMULAS = {"fma"}
INTEGERS = {"shift_left", "shift_right_logical", "shift_right_arithmetic"}
BOOLEANS = {"and", "or", "xor", "not"}


def test_every_operation_has_its_entries():
    for name, operation in OPERATIONS.items():
        assert operation.name == name
        assert (operation.value is None) == (name in ONLY_IN_FORMULAS), name
        ways = [operation.series is not None, operation.stepwise, name in WITHOUT_SERIES]
        assert sum(ways) == 1, name


def test_the_cpu_has_every_operation_that_has_no_formula():
    cpu = backend_of("cpu")
    for name, operation in OPERATIONS.items():
        dtypes = {dtype for dtype in DTYPES if cpu.supports(name, dtype)}
        by_formula = {dtype for dtype in DTYPES if operation.by_formula(dtype)}
        assert not dtypes & by_formula, name
        assert dtypes | by_formula, name
        assert dtypes.issuperset({"f64", "f32"}) or operation.formula or name in BOOLEANS | INTEGERS, name
    assert not cpu.supports("sqrt", "i32")
    assert not cpu.supports("div", "i1")


def test_an_operation_takes_as_many_arguments_as_it_says():
    graph = Graph()
    with pytest.raises(TypeError, match="add of 1 arguments"):
        graph.apply("add", graph.constant(1.0, "f64"))
    with pytest.raises(KeyError, match="cosine"):
        graph.apply("cosine", graph.constant(1.0, "f64"))


def arguments_of(name):
    """Numbers inside the domain, as many as the operation takes."""
    if name == "select":
        return [True, 1.75, -0.5]
    return ([True, False] if name in BOOLEANS else [1.75, -0.5])[: OPERATIONS[name].arity]


OF_BITS = {"shift_left", "shift_right_arithmetic", "bitcast", "fma"}  # jax has these not, or not of floats


def test_constants_fold_to_what_jax_computes():
    names = [name for name, operation in OPERATIONS.items() if operation.fold and name not in OF_BITS]
    given = {name: [*map(jnp.asarray, arguments_of(name))] for name in names}
    expected = jax.jit(lambda given: {name: OPERATIONS[name].value(*x) for name, x in given.items()})(given)
    assert names
    for name in names:
        graph = Graph()
        dtype = "i1" if expected[name].dtype == bool else "f64"
        constants = [
            graph.constant(number, "i1" if isinstance(number, bool) else "f64")
            for number in arguments_of(name)
        ]
        folded = graph.apply(name, *constants, dtype=dtype)
        assert folded.constant, name
        np.testing.assert_allclose(folded.value, expected[name], rtol=4e-16, err_msg=name)


def series_of(name, inner):
    """Taylor coefficients by the operation's rule, as `ode.taylor` computes them."""
    operation, own = OPERATIONS[name], Series()
    of = [inner] if operation.arity == 1 else [inner, Series([0.75, *[None] * (len(inner) - 1)])]
    if name == "select":
        of = [Series([True, *[None] * (len(inner) - 1)]), inner, Series([0.75, *[None] * (len(inner) - 1)])]
    own.append(value_of(name)(inner[0]))
    for k in range(1, len(inner)):
        own.append(operation.series(own, k, *of))
    return own


def value_of(name):
    """The operation as a function of one argument, the others fixed."""
    operation = OPERATIONS[name]
    if name == "select":
        return lambda x: operation.value(True, x, 0.75)
    if name == "convert":
        return lambda x: operation.value(x, dtype="float64")
    return lambda x: operation.value(x, *[0.75] * (operation.arity - 1))


@costs_seconds
def test_series_are_derivatives_over_factorials():
    names, start = [name for name, operation in OPERATIONS.items() if operation.series], 1.3

    def own_series(x):
        return {name: list(series_of(name, Series([x, 0.7, None, -0.4, 0.3])))[1:] for name in names}

    def expected(x):
        """The first, then one derivative more at each step: of all operations at once."""

        def functions(t):
            at = x + 0.7 * t - 0.4 * t**3 + 0.3 * t**4
            return jnp.stack([value_of(name)(at).astype(float) for name in names]), []

        def with_one_more(functions):
            def last_and_all(t):
                last, before = functions(t)
                return last, [*before, last]

            return jax.jacfwd(last_and_all, has_aux=True)

        for _ in range(4):
            functions = with_one_more(functions)
        last, before = functions(0.0)
        return [*before[1:], last]

    series, derivatives = jax.jit(lambda x: (own_series(x), expected(x)))(start)
    for k, row in enumerate(derivatives):
        for name, right in zip(names, row / math.factorial(k + 1), strict=True):
            got = series[name][k]
            got = 0.0 if got is None else got
            np.testing.assert_allclose(got, right, rtol=1e-12, atol=1e-13, err_msg=f"{name} {k + 1}")
