"""What a cube says of its sweep is what was swept."""

from dataclasses import replace

import numpy as np
import pytest
from equisweep.sweeps import CubeError, Sweep, open_cube, run
from equisweep.sweeps.cube.source import sweep_of
from equisweep.sweeps.provenance import provenance

FILE = """# two points
model = "external"
outputs = ["investment"]
[axes]
alpha = [0.1, 0.2]
beta = [0.5]
"""


def test_a_sweep_that_was_changed_after_its_file_was_read_is_another_one(tmp_path):
    file, cube, other = tmp_path / "sweep.toml", tmp_path / "cube.zarr", tmp_path / "other.zarr"
    file.write_text(FILE)
    read = Sweep.from_file(file)
    changed = replace(read, fixed={"L": 500})
    run(read, cube)
    with pytest.raises(CubeError, match="another sweep"):
        run(changed, cube)
    run(changed, other)
    assert sweep_of(open_cube(other)).fixed == {"L": 500}
    assert open_cube(cube).attrs["sweep"] == FILE
    assert (open_cube(other).investment.values != open_cube(cube).investment.values).all()


@pytest.mark.parametrize(
    "change",
    [
        {"axes": {"alpha": np.array([0.1, 0.2]), "beta": [0.25]}},
        {"axes": {"beta": [0.5], "alpha": [0.1, 0.2]}},  # in another order
        {"outputs": ["expected_loss"]},
        {"about": {"title": "another"}},
        {"dtype": "float32"},
        {"reduce": {"over": ["beta"], "investment": ["mean"]}},
    ],
)
def test_every_key_counts(change, tmp_path):
    read = Sweep.from_table(
        {"model": "external", "outputs": ["investment"], "axes": {"alpha": [0.1, 0.2], "beta": [0.5]}},
        text=FILE,
    )
    assert provenance(read)["sweep"] == FILE
    assert provenance(replace(read, axes={"alpha": (0.1, 0.2), "beta": np.array([0.5])}))["sweep"] == FILE
    assert provenance(replace(read, **change))["sweep_sha256"] != provenance(read)["sweep_sha256"]
