"""Indices of samples that were not stored have the names, and the order, of those of stored samples."""

import pytest
from equisweep.engine.errors import SweepError
from equisweep.sweeps import run
from helpers.sampled_models import ishigami_sweep


def cube_of(folder, store):
    design = {"kind": "sobol", "samples": 64, "seed": 3, "store": store}
    sweep = ishigami_sweep(folder, design, outputs=["side", "terms", "y"])
    return run(sweep, folder / f"{store}.zarr", durable=False).load()


def test_outputs_come_in_one_order_and_under_the_same_names(tmp_path):
    stored, held = cube_of(tmp_path, True), cube_of(tmp_path, False)
    for asked in ((), ["side"], ["side_is_high", "y"]):
        one, other = ([*cube.equisweep.sensitivity(names=asked).data_vars] for cube in (stored, held))
        assert [name for name in one if name.endswith("_ST")] == [n for n in other if n.endswith("_ST")]
    with pytest.raises(SweepError, match="no such output"):
        held.equisweep.sensitivity(names=["sid"])
