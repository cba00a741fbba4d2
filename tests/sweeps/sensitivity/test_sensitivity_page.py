"""What the documentation and the preset say about sensitivities holds."""

import re

import pytest
from equisweep.sweeps import Sweep, open_cube, plan
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.sensitivity.analysis import sensitivity
from equisweep.sweeps.spec.presets import preset
from helpers.project import ROOT

PAGE = (ROOT / "docs/howto/sensitivity.md").read_text(encoding="utf-8")


def test_the_sweep_file_gives_the_table_that_is_shown(tmp_path, capsys):
    (sweep,) = re.findall(r"```toml\n(# sampled.toml.*?)```", PAGE, re.DOTALL)
    (shown,) = re.findall(r"```text\n(output +mechanism .*?)```", PAGE, re.DOTALL)
    file, cube = tmp_path / "sweep.toml", tmp_path / "cube.zarr"
    file.write_text(sweep)
    assert plan(Sweep.from_file(file), trial=False).points == 2 * 1024 * (4 + 2)
    assert main(["run", str(file), "-o", str(cube), "-q"]) == 0
    assert main(["sensitivity", str(cube), "--var", "investment"]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0] == shown.splitlines()[0]
    assert printed.splitlines()[-3:-1] == shown.splitlines()[-3:-1]
    # The numbers to within their intervals: another release of scipy may draw other points.
    row = r"^investment +(\w+) +(\w+) +(\S+) ± (\S+) +(\S+) ± (\S+) +0$"
    ours, printed_rows = (re.findall(row, text, re.MULTILINE) for text in (printed, shown))
    assert len(printed_rows) == 8
    for mine, other in zip(ours, printed_rows, strict=True):
        assert mine[:2] == other[:2]
        assert float(mine[2]) == pytest.approx(float(other[2]), abs=float(other[3]))
        assert float(mine[4]) == pytest.approx(float(other[4]), abs=float(other[5]))
    # The other methods that the section offers for it; the bound is one.
    result, bound = open_cube(cube).equisweep.sensitivity("sobol"), sensitivity(open_cube(cube), "dgsm")
    assert (bound["investment_total_bound_high"] > result["investment_ST"]).all()
    assert set(sensitivity(open_cube(cube), "elasticity").dims) == {"parameter", "mechanism", "sample"}
    assert "expected_loss_prcc" in sensitivity(open_cube(cube), "prcc")


def test_the_preset_samples_what_the_documentation_says():
    stated = preset("external_sensitivity")
    space = stated.space()
    assert space.shape == (4, 1024 * (2 * 7 + 2))
    assert {target for _, target in space.derivatives} == set(stated.design["parameters"])
    assert {p.name for p in space.model.parameters} == set(stated.design["parameters"]) | {"n"}
