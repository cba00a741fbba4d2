"""Every wrong sweep file is refused before any compute, in one line naming file, key and value."""

import pytest
from equisweep.sweeps import Sweep, SweepError
from equisweep.sweeps.commands.main import main

AXES = "[axes]\nalpha = [0.1, 0.2]\n"
DOUBLE = 'model = "supervision"\noutputs = ["x_final"]\naxes.r = [2]\n[integrator]\n'
SINGLE = f'dtype = "float32"\n{DOUBLE}'

BAD = {
    "not TOML": ("model = ", "is not TOML"),
    "no model": (AXES, "model: is missing"),
    "unknown model": (f'model = "exernal"\n{AXES}', "unknown model 'exernal'; did you mean 'external'?"),
    "unknown key": (
        f'model = "external"\nouputs = []\n{AXES}',
        "ouputs: unknown key; did you mean 'outputs'?",
    ),
    "unknown parameter": (
        'model = "external"\n[axes]\nalhpa = [0.1]',
        "axes.alhpa: model external has no par",
    ),
    "unknown fixed": (
        f'model = "external"\n{AXES}[fixed]\nEE = 1',
        "fixed.EE: model external has no parameter",
    ),
    "unknown output": (f'model = "external"\noutputs = ["loss"]\n{AXES}', "has no output 'loss'"),
    "path without times": (
        'model = "supervision"\noutputs = ["x_path"]\n[axes]\nr = [2]',
        "outputs: 'x_path' is saved along times; add times",
    ),
    "twice an output": (
        f'model = "external"\noutputs = ["investment", "investment"]\n{AXES}',
        "'investment' stands there twice",
    ),
    "unknown option": (
        'model = "external"\n[axes]\nmechanism = ["sharin"]',
        "'sharin' is no option; did you mean 'sharing'?",
    ),
    "alpha above 1": (
        'model = "external"\n[axes]\nalpha = [0.5, 1.2]',
        "axes.alpha: 1.2 lies outside [0, 1]",
    ),
    "just outside": (
        'model = "external"\n[axes]\nalpha = [0.5, 1.00000001]\n',
        "axes.alpha: 1.00000001 lies outside [0, 1]",
    ),
    "v of 1": (f'model = "external"\n{AXES}[fixed]\nv = 1', "fixed.v: 1 lies outside (0, 1)"),
    "no loss": (f'model = "external"\n{AXES}[fixed]\nL = 0', "fixed.L: 0 lies outside (0, inf)"),
    "half a city": ('model = "external"\n[axes]\nn = [2.5]', "axes.n: 2.5 is not a whole number"),
    "text for a number": (
        f'model = "external"\n{AXES}[fixed]\nL = "much"',
        "fixed.L: 'much' is not a number",
    ),
    "nan": ('model = "external"\n[axes]\nalpha = [nan]', "axes.alpha: nan is not a finite number"),
    "nan fixed": (f'model = "external"\n{AXES}[fixed]\nL = nan', "fixed.L: nan lies outside"),
    "nan for a count": (f'model = "external"\n{AXES}[fixed]\nn = nan', "fixed.n: nan lies outside"),
    "a number beyond floats": (
        f'model = "external"\n{AXES}[fixed]\nL = 1{"0" * 400}',
        "fixed.L: a number of 401 digits is too large",
    ),
    "an axis beyond floats": (f'model = "external"\n[axes]\nL = [1{"0" * 400}]', "401 digits is too large"),
    "too many values": (
        'model = "external"\n[axes]\nalpha = {start = 0, stop = 1, num = 100000000000}',
        "axes.alpha.num: 100,000,000,000 values are too many",
    ),
    "too small a step": (
        'model = "external"\n[axes]\nalpha = {start = 0, stop = 1, step = 1e-15}',
        "axes.alpha.step: 1e-15 is too small",
    ),
    "zip of lists": (f'model = "external"\nzip = [[["alpha"], ["beta"]]]\n{AXES}', "is no axis"),
    "equal in float32": (
        'model = "external"\ndtype = "float32"\n[axes]\nalpha = [0.1, 0.1000000001]',
        "too close to be told apart in float32",
    ),
    "outside in float32": (
        f'model = "external"\ndtype = "float32"\n{AXES}[fixed]\nv = 0.999999999999',
        "fixed.v: 0.999999999999, in float32 1, lies outside (0, 1)",
    ),
    "atol of nothing": (f"{SINGLE}atol = 1e-45", "integrator: atol = 1e-45: numbers are float32, which"),
    "one of several": (f"{SINGLE}atol = [1e-6, 1e-39]", "take 1.18e-38 or more, or 0"),
    "atol alone": (f"{SINGLE}rtol = 0\natol = 1e-50", "from 1.18e-38 to 3.40e+38; take 1.18e-38 or more\n"),
    "atol of all": (f"{SINGLE}atol = 1e39", "take 3.40e+38 or less"),
    "a parameter of nothing": (
        f'dtype = "float32"\nmodel = "external"\n{AXES}[fixed]\nE = 1e-45',
        "fixed.E: 1e-45 is too small for float32, which holds 0 and 1.18e-38 or more",
    ),
    "no step": (f"{SINGLE}max_step = 1e-46", "integrator: max_step = 1e-46: numbers are float32"),
    "no end": (f'{SINGLE}horizon = "decided"\nlongest = 1e40', "integrator: longest = 1e+40: numbers"),
    "half a step": (f"{DOUBLE}fixed_steps = 2.5", "integrator: fixed_steps = 2.5: must be a whole number"),
    "atol of one component": (f"{DOUBLE}atol = [1e-8]", "integrator.atol: 1 numbers, but the state has 2 "),
    "infinite atol": (f"{DOUBLE}atol = inf", "integrator: atol = inf: must be finite"),
    "infinite settle": (f"{DOUBLE}settle = inf", "integrator: settle = inf: must be a distance"),
    "duplicate values": ('model = "external"\n[axes]\nalpha = [0.1, 0.1]', "0.1 stands there twice"),
    "empty axis": ('model = "external"\n[axes]\nalpha = []', "axes.alpha: is empty"),
    "no axes": ('model = "external"', "axes: there are none"),
    "axis and fixed": (
        f'model = "external"\n{AXES}[fixed]\nalpha = 0.3',
        "axes.alpha: also stands in [fixed]",
    ),
    "choice twice": (
        'model = "external"\n[axes]\nmechanism = ["sharing"]\n[fixed]\nmechanism = "sharing"',
        "fixed.mechanism: also stands in [axes]",
    ),
    "axes no table": ('model = "external"\naxes = 3', "axes: 3 should be a table"),
    "zip of unknown": (f'model = "external"\nzip = [["alpha", "beta"]]\n{AXES}', "zip: 'beta' is no axis"),
    "zip of unequal": (
        f'model = "external"\nzip = [["alpha", "beta"]]\n{AXES}beta = [0.1]',
        "alpha has 2, beta has 1 values",
    ),
    "zip mixed": (
        f'model = "external"\nzip = [["alpha", "mechanism"]]\n{AXES}mechanism = ["sharing", "cooperation"]',
        "mixes a static choice with a number",
    ),
    "derivative of a count": (
        f'model = "external"\n{AXES}[derivatives]\nequilibrium_count = ["alpha"]',
        "derivatives.equilibrium_count: equilibrium_count counts",
    ),
    "derivative in n": (
        f'model = "external"\n{AXES}[derivatives]\ninvestment = ["n"]',
        "derivatives.investment: n is a whole number",
    ),
    "derivative in a choice": (
        f'model = "external"\n{AXES}[derivatives]\ninvestment = ["mechanism"]',
        "mechanism is a static choice",
    ),
    "unknown dtype": (f'model = "external"\ndtype = "float16"\n{AXES}', "dtype: 'float16' is neither"),
    "component of a scalar": ('model = "external"\n[axes]\n"alpha.x" = [0.1]', "has no components"),
    "missing model file": (f'model = "none.py:game"\n{AXES}', "cannot read"),
    "too large for any disk": (
        'model = "external"\n[axes]\nalpha = {start = 0, stop = 1, num = 300000}\n'
        "beta = {start = 0.1, stop = 1, num = 300000}",
        "TB uncompressed",
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_wrong_sweep_is_refused_in_one_line(text, message, tmp_path, capsys):
    file = tmp_path / "bad.toml"
    file.write_text(text)
    output = tmp_path / "cube.zarr"
    assert main(["run", str(file), "-o", str(output)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert "TB" in message or str(file) in error
    assert not output.exists()


def test_a_file_that_is_no_text_is_refused(tmp_path):
    file = tmp_path / "bad.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SweepError, match="is not TOML"):
        Sweep.from_file(file)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SweepError, match="cannot be read"):
        Sweep.from_file(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"axes": ["alpha"]}, "axes: ['alpha'] should be a table"),
        ({"axes": {1: [2]}}, "axes: the key 1 should be a name"),
        ({"axes": {"alpha": [0.1]}, "fixed": None}, "fixed: None should be a table"),
        ({"axes": {"alpha": [0.1]}, "derivatives": ["x"]}, "derivatives: ['x'] should be a table"),
        ({"axes": {"alpha": [0.1]}, "outputs": "investment"}, "outputs: 'investment' should be a list"),
    ],
)
def test_wrong_types_are_refused_in_python_too(parts, message):
    with pytest.raises(SweepError) as error:
        Sweep("external", **parts).space()
    assert message in str(error.value)


def test_no_tolerance_is_a_tolerance():
    for options in ({"atol": 0}, {"atol": [0.0, 1.2e-38]}, {"max_step": float("inf")}, {"max_step": 1e39}):
        sweep = Sweep("supervision", {"r": [2]}, outputs=["x_final"], dtype="float32", integrator=options)
        assert sweep.space().integrator == options
    assert Sweep("external", {"alpha": [0, 0.1]}, dtype="float32").space().points == 2


def test_a_byte_order_mark_does_no_harm(tmp_path):
    (tmp_path / "bom.toml").write_text(f'\ufeffmodel = "external"\n{AXES}', encoding="utf-8")
    assert Sweep.from_file(tmp_path / "bom.toml").space().points == 2
