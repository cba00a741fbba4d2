"""Derivatives of orbits, by explicit and implicit steps: the same bits on threads and in vectors."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen import lane_loop as loops
from equisweep.engine.codegen.cpu import jit as machine_code
from equisweep.engine.codegen.cpu.backend import Cpu
from equisweep.engine.codegen.lane_loop import lane_loop
from equisweep.engine.ode.integration import Integration
from equisweep.engine.ode.method import SOLVERS, Method
from equisweep.engine.ode.trajectory import integrated
from helpers.codegen.avx2 import Avx2
from helpers.codegen.gpu import OnThisProcessor
from helpers.codegen.lanes import SideBySide
from helpers.flows import DECAY
from helpers.products import some

DECAYS = {
    "horizon": np.array([0.2, 1.0, 3.0, 0.0, 5.0]),
    "k": np.array([0.1, 0.5, 2.0, 8.0, np.inf]),
    "z0": np.linspace(-1, 1, 5),
}


@pytest.mark.parametrize("solver", some(SOLVERS, {"rodas5p"}))
def test_derivatives_of_orbits_have_the_same_bits_on_threads_and_in_vectors(monkeypatch, solver):
    """Sums of fused products are where a compiler might do otherwise: each loop's, and the whole right."""
    all_ = SideBySide(OnThisProcessor(), Cpu(16), Avx2())
    monkeypatch.setattr(machine_code, "OPTIMISE", 0)
    monkeypatch.setattr(loops, "lane_backends", lambda: [all_])

    def slope(p):
        method = Method(solver, 1e-6, max_steps=300, settle=0.0)

        def outputs(k):
            return integrated(Integration(DECAY, p | {"k": k}, method, {}, partial(lane_loop)), ())

        return jax.jvp(outputs, (p["k"],), (jnp.ones(()),))

    ends, slopes = jax.jit(jax.vmap(slope))(DECAYS)
    all_.assert_same_bits()
    assert len(all_.results) > 5
    assert any(len(of_loop[0]) > len(ends) for of_loop in all_.results)
    t, k, z0 = (DECAYS[name][:4] for name in ("horizon", "k", "z0"))
    np.testing.assert_allclose(slopes["z_final"][:4], -t * z0 * np.exp(-k * t), atol=2e-5)
