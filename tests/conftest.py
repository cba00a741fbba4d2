"""Which tests begin first, that cases have an order, and that tests run in the setup of `helpers.hostile`."""

import pytest
from helpers.project import ROOT

# Files that take longest begin first: the one that began last would keep one worker while others are idle.
_LONGEST = [
    "docs/test_examples.py",
    "faults/test_short.py",
    "kernels/games/beyond/test_supervision_shares.py",
    "engine/codegen/gpu/test_lanes.py",
    "engine/ode/test_differences.py",
    "engine/ode/test_trajectory.py",
    "kernels/games/test_registry_laws.py",
    "engine/codegen/test_grid_models.py",
    "gpu/test_kernels.py",
    "sweeps/papers/test_reproduce_supervision.py",
    "sweeps/test_internal_dynamics.py",
    "kernels/games/external/test_derivatives.py",
    "docs/test_site.py",
    "engine/ode/rest/test_settling.py",
    "engine/ode/test_closed_orbit.py",
    "kernels/games/beyond/test_supervision_shapes_ends.py",
    "engine/ode/switching/test_primitives.py",
    "kernels/games/test_contract.py",
    "kernels/games/menu/test_menus.py",
    "kernels/games/network/test_network_brute.py",
    "sweeps/test_supervision_sweep.py",
    "faults/hostile/test_hostile_inputs.py",
    "engine/test_kill.py",
    "sweeps/papers/test_audit.py",
    "engine/ode/test_portable_orbits.py",
    "sweeps/plots/test_gallery.py",
    "docs/test_readme.py",
    "benchmarks/test_peers.py",
    "test_packaging.py",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {ROOT / "tests" / name: place for place, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: order.get(item.path, len(order)))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for mark in metafunc.definition.iter_markers("parametrize"):
        if len(mark.args) > 1 and isinstance(mark.args[1], set | frozenset):
            raise TypeError(
                f"{metafunc.function.__name__}: a set has another order in each worker; give a list"
            )


def pytest_configure(config: pytest.Config) -> None:
    # jax writes kept programs in place, so that a process may meet half of one; then it compiles as usual.
    config.addinivalue_line("filterwarnings", "ignore:Error (reading|writing) persistent compilation cache")
    # Who hands tests out to workers runs none: loading jax for it would be 3 s in which no worker has begun.
    if not config.getoption("numprocesses", None) or hasattr(config, "workerinput"):
        config.pluginmanager.import_plugin("helpers.hostile")
