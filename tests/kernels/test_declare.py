"""Declarations of flows: whole numbers where numbers are meant, and what can be no declaration."""

import jax.numpy as jnp
import pytest
from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Domain, Parameter

PARAMETERS = [Parameter(name, name, "1", 1.0, Domain(0), name) for name in ("k", "horizon")]
X, Y = (Observable(name, name, "1", name) for name in "xy")


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_start_and_rates_have_the_dtype_of_the_sweep(dtype):
    """Whole numbers, truth values and float32 amid float64 ended in an error of JAX, or of the tolerances."""
    p = {"k": jnp.ones((), dtype), "n": jnp.int32(2), "horizon": jnp.ones((), dtype)}
    for start in ([1, 0], [True, 0.0], jnp.asarray([1, 0]), jnp.asarray([1.0, 0.0], jnp.float32)):

        @flow_model(parameters=PARAMETERS, start=lambda p, start=start: start, observables=[X, Y])
        def relay(t, state, p):
            return [jnp.where(state[0] > 0, -1, 1), state[1] < 5]

        state = relay.flow.start(p)
        rates = relay.flow.field(jnp.zeros((), dtype), state, p)
        assert (state.dtype, rates.dtype) == (dtype, dtype)
        assert (state.tolist(), rates.tolist()) == ([1, 0], [-1, 1])


def test_more_observables_than_components_are_no_declaration():
    """The third one was the second one once more."""

    @flow_model(parameters=PARAMETERS, start=lambda p: [1.0], observables=[X, Y])
    def decay(t, state, p):
        return [-state[0]]

    with pytest.raises(ValueError, match="2 observables, but the state has 1 components: leave out y, or"):
        decay.flow.observe(jnp.ones(1), {})


def test_coordinates_that_there_are_not():
    with pytest.raises(ValueError, match="coordinates='logit': must be one of free, logits, log_ratios"):
        flow_model(parameters=PARAMETERS, start=lambda p: [1.0], observables=[X], coordinates="logit")
