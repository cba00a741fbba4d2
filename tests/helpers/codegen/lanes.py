"""Functions of one lane, in the machine code of lanes; loops that several back ends run side by side."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from equisweep.engine.codegen.lane_loop import lane_loop

from helpers.codegen.bits import assert_bits
from helpers.codegen.jaxprs import equations


def once(function, *arrays):
    """`function` of the arrays, lane by lane, as the only round of a loop in machine code."""
    shapes = jax.eval_shape(jax.vmap(function), *arrays)

    def one(*values):
        start = (jnp.int32(0), jax.tree.map(lambda s: jnp.zeros(s.shape[1:], s.dtype), shapes))
        return lane_loop(lambda a, _: a[0] < 1, lambda a, v: (a[0] + 1, function(*v)), start, values)[1]

    jitted = jax.jit(jax.vmap(one))
    assert is_machine_code(jax.vmap(one), *arrays), function
    return jax.tree.map(np.asarray, jitted(*arrays))


def how_computed(cond, body, lane, fixed):
    """How a loop is computed. Nothing is compiled."""
    ways = []
    loop = partial(lane_loop, cond, body, report=ways.append, link=False)
    jax.eval_shape(loop, lane, fixed)
    return ways[0]


def is_machine_code(function, *arguments):
    """Whether a call into machine code stands in what is traced."""
    traced = jax.make_jaxpr(function)(*arguments)
    return any(equation.primitive.name == "ffi_call" for equation in equations(traced))


class SideBySide:
    """Back ends of which each runs every loop, of one trace; `results`: what each came to, loop by loop."""

    platform = "cpu"
    routes = False

    def __init__(self, *backends):
        self.backends, self.results = backends, []

    def supports(self, op, dtype):
        return all(backend.supports(op, dtype) for backend in self.backends)

    def require(self, work):
        for backend in self.backends:
            backend.require(work)

    def lanes(self, loop):
        programs = [backend.lanes(loop) for backend in self.backends]

        def seen(results):
            self.results.append([[np.array(a) for a in arrays] for arrays in results])
            return results[0]

        def program(arrays):
            results = [program(arrays) for program in programs]
            shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in results[0]]
            return jax.pure_callback(seen, shapes, results, vmap_method="broadcast_all")

        return program

    def assert_same_bits(self):
        """Of all loops and all back ends; NaN of any bits is one."""
        assert self.results
        for first, *others in self.results:
            for other in others:
                for one, wanted in zip(other, first, strict=True):
                    assert_bits(one, wanted)
