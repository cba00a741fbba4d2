"""Whether points and steps are machine code is said, with the reason where they are not."""

from functools import partial

import jax
import jax.numpy as jnp
from equisweep.engine.codegen.how_compiled import NATIVE, Compiled
from equisweep.engine.codegen.lane_loop import lane_loop
from equisweep.engine.grid.function import how_computed
from equisweep.engine.ode.integration import Integration
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import integrated
from equisweep.sweeps import Sweep, plan
from equisweep.sweeps.commands.running.plan import describe_plan
from helpers.flows import scalar

P = {"z0": jnp.asarray(0.5), "horizon": jnp.asarray(1.0)}


def how_stepped(flow, p, method):
    """How the steps of `trajectory` of the same are computed; nothing is compiled."""
    ways = set()
    loop = partial(lane_loop, report=ways.add, link=False)
    jax.eval_shape(lambda p: integrated(Integration(flow, p, method, {}, loop)), p)
    return ways


def test_the_reason_names_what_has_no_scalar_form():
    assert how_stepped(scalar(lambda t, z, p: -z), P, Method()) == {NATIVE}
    solving = scalar(lambda t, z, p: jnp.linalg.qr(jnp.eye(2) + z[0] ** 2)[1][0, :1])
    assert how_stepped(solving, P, Method()) == {Compiled(False, "primitive qr")}
    assert how_stepped(solving, P, Method(native=False)) == {Compiled(False, "native = false")}
    wide = {**P, "w": jnp.ones(5000)}
    ways = how_stepped(scalar(lambda t, z, p: -z * p["w"].sum()), wide, Method())
    assert ways == {Compiled(False, "more than 4096 numbers in a lane")}


class Device:
    def __init__(self, platform):
        self.platform = platform


def test_a_plan_says_how_its_trajectories_are_stepped():
    sweep = Sweep("internal", axes={"horizon": [1.0, 2.0]}, outputs=["attractor"])
    assert "\ncomputed   machine code\n" in describe_plan(plan(sweep, "cpu", trial=False))
    assert how_computed(sweep.space(), Device("tpu")) == {Compiled(False, "on tpu")}
    assert how_computed(sweep.space(), Device("gpu")) == {NATIVE}


def test_a_plan_says_how_its_points_are_computed():
    ways = Sweep("external", axes={"alpha": [0.1, 0.2], "mechanism": ["cooperation", "sharing"]})
    assert "\ncomputed   machine code\n" in describe_plan(plan(ways, "cpu", trial=False))
    assert how_computed(ways.space(), Device("gpu")) == {NATIVE}
    assert how_computed(ways.space(), Device("tpu")) == {Compiled(False, "on tpu")}
    types = {"theta": 1, "probability": 1 / 12, "reward_rate": 2, "T_min": 1}
    many = {name: [first + (name != "probability") * k for k in range(12)] for name, first in types.items()}
    program = Sweep("contract", axes={"T_total": [350.0, 400.0]}, fixed=many)
    assert "\ncomputed   XLA (a computed index into a large array)\n" in describe_plan(
        plan(program, "cpu", trial=False)
    )
