"""What XLA is asked for a program: one of many equations must not take all memory while it is compiled."""

import jax
import numpy as np
import pytest
from equisweep.engine.grid.vmap import GridVmap
from equisweep.engine.xla.effort import effort, hurried

CALM = {"xla_backend_optimization_level": 1}


def chain(length):
    """A function of one number that takes so many equations, each with a constant of its own."""

    def point(coordinate):
        x = coordinate["a"]
        for k in range(length):
            x = x * (1 + k * 1e-7)
        return {"y": x}

    return point


def has_a_choice_of_emitters():
    """XLA's other emitters are gone since JAX 0.11, and with them the option, which it refuses."""
    asked = jax.jit(lambda: 1, compiler_options={"xla_cpu_use_fusion_emitters": True}).lower()
    try:
        return asked.compile() is not None
    except jax.errors.JaxRuntimeError as error:
        if "No such compile option" not in str(error):
            raise
        return False


def options(length, seldom=False):
    at = [{"a": np.linspace(0.1, 1.0, 4)}]
    return GridVmap(chain(length), at, jax.devices("cpu")[0], seldom=lambda: seldom)._options


@pytest.mark.parametrize(("length", "asked"), [(3, {}), (600, CALM)])
def test_a_long_program_is_compiled_at_the_level_that_takes_little_memory(length, asked, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_parallel_codegen_split_count=1")
    assert options(length) == asked
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=0")  # less was asked for all
    assert options(length) == {}


def test_a_long_chain_keeps_fusion_emitters_whose_absence_overflows_the_stack():
    without = {"xla_cpu_use_fusion_emitters": False} if has_a_choice_of_emitters() else {}
    assert options(3, seldom=True) == {**hurried(), **without}
    assert effort(6000, 400, seldom=True) == {**hurried(), **without}
    assert effort(6000, 6000, seldom=True) == hurried() == {"xla_backend_optimization_level": 0}
