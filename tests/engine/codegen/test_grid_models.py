"""Models over grids as machine code, against XLA."""

from contextlib import contextmanager

import jax
import numpy as np
import pytest
from equisweep.engine import plan_space
from equisweep.engine.codegen.cpu import jit as machine_code
from equisweep.engine.codegen.how_compiled import NATIVE, Compiled
from equisweep.engine.codegen.traced_once import TracedOnce
from equisweep.engine.device import pick_device
from equisweep.engine.grid import function as grid_function
from equisweep.engine.grid import made_before
from equisweep.engine.grid.evaluate import Evaluator
from equisweep.engine.point import point_function
from equisweep.kernels.games.registry import MODELS
from equisweep.sweeps import Sweep
from helpers.codegen.grids import assert_same
from helpers.products import covering, whole_product
from helpers.small_sweeps import small_sweep


def cube(space, tile_points=None):
    """All variables of a space, and how they were computed."""
    device = pick_device("cpu")
    ev = Evaluator(space, plan_space(space, device, tile_points), device)
    whole = {}
    for tile in ev.layout:
        for name, values in ev.finish(tile, ev.start(tile)).items():
            inner = values.shape[len(tile.region) :]
            whole.setdefault(name, np.empty((*space.shape, *inner), values.dtype))[tile.region] = values
    ev.batches.close()
    return whole, ev.computed


EDGES = {
    "external": {"alpha": [0.0, 0.3, 0.999, 1.0], "beta": [1e-4, 0.2, 1.0], "n": [1, 2, 7]},
    "external_combined": {"alpha": [0.0, 0.5], "budget": [0.0, 6.0], "entry_cost": [0.0, 9.0], "n": [1, 4]},
    "supervision": {"r": [0.0, 2.0, 12.0], "Lg": [0.0, 8.0, 30.0], "p1": [0.0, 0.5], "R1": [-3.0, 0.0]},
    "supervision_noise": {"r": [0.0, 12.0], "noise_manage": [0.0, 1.5], "p1": [0.0, 0.5], "seed": [0, 7]},
    "supervision_regulator": {"r": [0.0, 12.0], "P": [0.5, 9.0], "D": [0.0, 80.0], "p1": [0.0, 0.5]},
    "supervision_shapes": {
        "r": [0.0, 12.0],
        "f": [0.0, 9.0],
        "reward_exponent": [0.3, 3.0],
        "p1": [0.0, 0.5],
    },
    "supervision_shares": {
        "r": [0.0, 12.0],
        "f": [0.0, 9.0],
        "fine_x_exponent": [0.3, 3.0],
        "p1": [0.0, 0.5],
    },
    "internal": {"M": [1e-3, 5.0, 700.0], "v.data": [0.01, 0.4, 0.99], "L.data": [1e-3, 500.0]},
    "contract": {"T_total": [0.5, 350.0, 700.0], "unit_cost": [0.1, 0.5, 0.9], "T_min.1": [0.0, 20.0, 500.0]},
    "menu": {"T_total": [0.5, 260.0, 5000.0], "kappa": [0.05, 0.8, 0.98], "T_min.1": [0.0, 20.0]},
}
FIXED = {
    "supervision_noise": {"horizon": 3.0},
    "contract": {
        "theta": [1, 2, 3],
        "reward_rate": [2, 4, 6],
        "probability": [0.5, 0.25, 0.25],
        "T_min": {"2": 60, "3": 100},
        "value_rate": 2,
    },
    "menu": {
        "theta": [1, 2],
        "reward_rate": [2, 4],
        "probability": [0.5, 0.5],
        "T_min": {"2": 60},
        "phi": [1, 1.2],
        "criticality_probability": [0.5, 0.5],
    },
}
SLOPES = {
    "external": {"investment": ["alpha", "beta"], "expected_loss": ["beta"]},
    "external_combined": {"investment": ["alpha", "budget"], "expected_loss": ["entry_cost"]},
    "supervision": {"jacobian": ["r", "Lg"]},
    "supervision_noise": {"x_final": ["r"]},
    "supervision_regulator": {"rest_z": ["P"]},
    "supervision_shapes": {"rest_x": ["r"]},
    "supervision_shares": {"rest_x": ["r"]},
    "internal": {"expected_loss": ["M", "v.data"], "share": ["L.data"]},
    "contract": {"centre_utility": ["T_total", "T_min.1"]},
    "menu": {"centre_utility": ["T_total"], "resources": ["theta.1"]},
}
# Every option of every choice at least once, which is tested.
CHOICES = {
    "external": [
        ("noncooperation exact highest", "float64"),
        ("cooperation exact middle", "float32"),
        ("compensation published highest", "float64"),
        ("sharing published lowest", "float64"),
    ],
    "external_combined": [
        ("noncooperation city lowest", "float64"),
        ("cooperation common highest", "float32"),
        ("compensation none lowest", "float64"),
        ("sharing common highest", "float64"),
        ("together city highest", "float64"),
    ],
    "supervision": [("static dynamic", "float64"), ("dynamic static", "float32")],
    "supervision_noise": [("static dynamic", "float64"), ("dynamic static", "float32")],
    "supervision_regulator": [("static dynamic", "float64"), ("dynamic static", "float32")],
    "supervision_shapes": [
        ("constant linear", "float64"),
        ("linear step", "float32"),
        ("power power", "float64"),
        ("step constant", "float64"),
    ],
    "supervision_shares": [("linear power step_falling power", "float64")],
    "internal": [("", "float64")],
    "contract": [("all", "float64"), ("neighbours", "float64"), ("downward", "float64")],
    "menu": [("power", "float64"), ("log", "float32")],
}


def test_every_option_of_every_choice_stands_in_the_table():
    # `network` has hundreds of combinations: tests/sweeps/test_network_sweep.py compares one with XLA.
    assert CHOICES.keys() | {"network"} == MODELS.keys()
    # Menus at rates, and linear ones, are linear programs as those of `contract` are.
    # Of `supervision_shares` there are hundreds, too, made of parts that are the same in each.
    for name, cases in ((n, c) for n, c in CHOICES.items() if n not in ("menu", "supervision_shares")):
        tried = list(zip(*(options.split() for options, _ in cases), strict=True))
        assert [set(options) for options in tried] == [set(c.options) for c in MODELS[name].choices], name


def through_xla(point, space):
    """The same by XLA, of all points in a row: one axis is traced sooner than one within another."""
    grid = np.meshgrid(*(np.arange(axis.size) for axis in space.axes), indexing="ij")
    at = [
        {name: np.asarray(values)[i.ravel()].astype(space.dtype) for name, values in axis.values.items()}
        for axis, i in zip(space.axes, grid, strict=True)
    ]
    with compiled_quickly():
        outputs = jax.tree.map(np.asarray, jax.jit(jax.vmap(point))(*at))
    return {name: np.reshape(values, (*space.shape, *values.shape[1:])) for name, values in outputs.items()}


@contextmanager
def compiled_quickly():
    """XLA without most of its optimisations: what it gives is compared with, and computed once."""
    before = jax.config.values["jax_disable_most_optimizations"]
    jax.config.update("jax_disable_most_optimizations", True)
    try:
        yield
    finally:
        jax.config.update("jax_disable_most_optimizations", before)


def assert_near(actual, expected, dtype):
    """Numbers up to rounding of the largest there are; NaN, statuses and classes as they are."""
    assert actual.keys() == expected.keys()
    for name, values in actual.items():
        wanted = expected[name]
        assert values.dtype == wanted.dtype, name
        real = values.dtype.kind == "f"
        largest = np.max(np.abs(wanted), initial=0.0, where=np.isfinite(wanted))
        allowed = 1e5 * np.finfo(dtype).eps * largest if real else 0
        np.testing.assert_allclose(values, wanted, rtol=0, atol=allowed, err_msg=name)


# Its machine code is beside a scan and differences in kernels/games/beyond/test_supervision_shares.py, too.
LONGEST = "supervision_shares"
# Of these models one case each, which is quickly compiled, and of each dtype one.
QUICK = {
    "supervision_noise": "static dynamic",
    "supervision_regulator": "dynamic static",
    "internal": "",
}


CASES = [(name, dtype, options) for name, cases in CHOICES.items() for options, dtype in cases]


@pytest.mark.parametrize(
    ("name", "dtype", "options"),
    [
        *covering(
            [case for case in CASES if case[0] != LONGEST],
            lambda name, _, options: QUICK.get(name) == options,
            columns=0,
        ),
        *(pytest.param(*case, marks=whole_product) for case in CASES if case[0] == LONGEST),
    ],
)
def test_edges_of_the_domain_are_those_of_xla_and_the_same_in_tiles(monkeypatch, name, dtype, options):
    model = MODELS[name]
    sweep = Sweep(
        name,
        axes=EDGES[name],
        fixed=FIXED.get(name, {}) | dict(zip((c.name for c in model.choices), options.split(), strict=True)),
        outputs=[output.name for output in model.outputs],
        derivatives=SLOPES[name],
        dtype=dtype,
    )
    space = sweep.space()
    kernel, calls = point_function(space, space.choices), []
    point = TracedOnce(lambda *at: calls.append(at) or kernel(*at))
    monkeypatch.setattr(grid_function, "point_function", lambda *_: point)
    monkeypatch.setattr(grid_function, "TracedOnce", lambda traced_once: traced_once)
    # gpu/test_grids.py has the optimised code of these models, and the bits of it.
    monkeypatch.setattr(machine_code, "OPTIMISE", 0)
    result, how = cube(space)
    assert how == {NATIVE}
    assert_near(result, through_xla(point, space), dtype)
    assert len(calls) == 1  # one trace for both, which takes most of the time
    assert len(np.unique(result["status"])) > 1
    assert_same(cube(space, tile_points=7)[0], result)


def test_machine_code_that_fails_is_replaced_by_xla_with_a_warning(monkeypatch):
    def fails(_):
        raise RuntimeError("no such instruction")

    space = small_sweep(fixed={"mechanism": "sharing"}, axes={"alpha": [0.1, 0.2], "n": [3]}).space()
    (expected, how), failing = cube(space), pytest.warns(UserWarning, match="no such instruct")
    assert how == {NATIVE}
    monkeypatch.setattr(machine_code, "link", fails)
    made_before.MADE.clear()
    with failing:
        actual, how = cube(space)
    assert how == {Compiled(False, "the machine code failed")}
    assert_same(actual, expected, rtol=1e-12)
