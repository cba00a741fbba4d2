"""Whether points and steps are machine code is told, with the reason where they are not."""

import jax.numpy as jnp
from equisweep.engine.how_computed import how_computed, why_not_machine_code
from equisweep.engine.ode.runge_kutta import Method
from equisweep.sweeps import Sweep, plan
from equisweep.sweeps.commands.plan import describe_plan
from helpers.flows import scalar

P = {"z0": jnp.asarray(0.5), "horizon": jnp.asarray(1.0)}


def test_the_reason_names_what_has_no_scalar_form():
    assert why_not_machine_code(scalar(lambda t, z, p: -z), P, Method()) is None
    solving = scalar(lambda t, z, p: -jnp.linalg.cholesky(jnp.eye(2) + z[0] ** 2)[0, :1])
    assert why_not_machine_code(solving, P, Method()) == "primitive cholesky"
    assert why_not_machine_code(solving, P, Method(native=False)) == "native = false"
    wide = {**P, "w": jnp.ones(5000)}
    told = why_not_machine_code(scalar(lambda t, z, p: -z * p["w"].sum()), wide, Method())
    assert told == "more than 4096 numbers in a lane"


class Gpu:
    platform = "gpu"


def test_a_plan_says_how_its_trajectories_are_stepped():
    sweep = Sweep("internal", axes={"horizon": [1.0, 2.0]}, outputs=["attractor"])
    assert "\ncomputed   machine code\n" in describe_plan(plan(sweep, "cpu"))
    assert how_computed(sweep.space(), Gpu) == "XLA (on gpu)"


def test_a_plan_says_how_its_points_are_computed():
    ways = Sweep("external", axes={"alpha": [0.1, 0.2], "mechanism": ["cooperation", "sharing"]})
    assert "\ncomputed   machine code\n" in describe_plan(plan(ways, "cpu"))
    assert how_computed(ways.space(), Gpu) == "XLA (on gpu)"
    types = {"theta": 1, "probability": 1 / 12, "reward_rate": 2, "T_min": 1}
    many = {name: [first + (name != "probability") * k for k in range(12)] for name, first in types.items()}
    program = Sweep("contract", axes={"T_total": [350.0, 400.0]}, fixed=many)
    assert "\ncomputed   XLA (a computed index into a large array)\n" in describe_plan(plan(program, "cpu"))
