"""Every lowering rule, by a small function that holds its primitive: machine code gives what JAX gives.

The functions are computed at random places and at the edges.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.grid_loop import GridLoop
from equisweep.engine.codegen.lower.rule import RULES
from helpers.codegen.grids import assert_same, by_jax, filled
from helpers.codegen.jaxprs import equations
from helpers.codegen.primitives import ABSENT, EXACT, ROUNDED
from helpers.codegen.threads import assert_same_bits, on_threads

EPS = np.finfo(float).eps

EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, np.inf, -np.inf, np.nan, 1e300, -1e-300]
WHOLE = [0, 1, -1, 2, 7, -8, 2**31 - 1, -(2**31)]


def pairs(edges, more):
    """Every edge with every other, then pairs of random numbers: two rows."""
    grid = np.array([(a, b) for a in edges for b in edges]).T
    return np.concatenate([grid, more], axis=1)


def arguments(count=250):
    rng = np.random.default_rng(17)
    x, y = pairs(EDGES, rng.uniform(-4, 4, (2, count)))[:, :count]
    i, j = pairs(WHOLE, rng.integers(-40, 40, (2, count)))[:, :count].astype(np.int32)
    return [{"x": x, "y": y, "i": i, "j": j, "b": rng.random(count) < 0.5}]


def in_groups(functions, rtol, size):
    """Some functions are compiled at once: faster than one by one, and than all as one."""
    names = [name for name in functions if name not in ABSENT]
    for first in range(0, len(names), size):
        group = {name: functions[name] for name in names[first : first + size]}
        yield pytest.param(group, rtol, id=f"{names[first]}...")


def point_of(functions):
    """All these functions as one, of a point of a grid."""

    def point(c):
        outcome = {}
        for name, function in functions.items():
            results = jax.tree.leaves(function(c["x"], c["y"], c["i"], c["j"], c["b"]))
            outcome |= {f"{name} {k}": result for k, result in enumerate(results)}
        return outcome

    return point


def test_every_rule_has_a_function_here_that_holds_its_primitive():
    assert RULES.keys() == EXACT.keys() | ROUNDED.keys()
    for name, function in (EXACT | ROUNDED).items():
        if name not in ABSENT:
            given = [jnp.float64(1), jnp.float64(2), jnp.int32(3), jnp.int32(4), jnp.asarray(True)]
            held = {e.primitive.name for e in equations(jax.make_jaxpr(function)(*given))}
            assert name in held, name


@pytest.mark.parametrize(
    ("functions", "rtol"), [*in_groups(EXACT, 0.0, 8), *in_groups(ROUNDED, 64 * EPS, len(ROUNDED))]
)
def test_every_primitive_gives_what_jax_gives(functions, rtol):
    point, coordinates = point_of(functions), arguments()
    loop = GridLoop(point, coordinates)
    with np.errstate(all="ignore"):
        numbers = filled(loop, coordinates)
        assert_same(numbers, by_jax(point, coordinates), rtol, atol=rtol)
    # And what a GPU's threads make of the same scalars, to the bit.
    assert_same_bits(on_threads(loop, coordinates, 3)(*coordinates), numbers)
