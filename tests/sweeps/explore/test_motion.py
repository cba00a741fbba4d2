"""What a model does at a point that was clicked, computed now; code of the user's runs with consent alone."""

import json
import re
from base64 import b64decode

import numpy as np
import pytest
from equisweep.sweeps import SweepError
from equisweep.sweeps.explore.answers import Answers
from equisweep.sweeps.explore.source import source_of_dataset
from helpers.explorer.cubes import HAWKS_FILE as FILE
from helpers.explorer.cubes import hawks_cube
from helpers.explorer.questions import numbers
from helpers.products import costs_seconds
from helpers.project import ROOT
from scipy.integrate import solve_ivp


@pytest.fixture(scope="module")
def hawks():
    return hawks_cube()


def ask(cube, model, question, **values):
    lists = {key: [one] if isinstance(one, str) else one for key, one in values.items()}
    return json.loads(Answers([source_of_dataset(cube)], model)(question, lists)[1])


@costs_seconds
def test_the_trajectory_of_a_point_is_that_of_its_equation(hawks):
    point = ask(hawks, None, "point", var="hawks_final", x="V", y="C", _at=["V:2", "C:0"])["sel"]
    answer = ask(hawks, FILE, "motion", point=point)
    times = numbers(answer["times"])
    (curve,) = answer["curves"]

    def rate(_, x):
        return x * (1 - x) * (2.5 - 4.0 * x) / 2

    wanted = solve_ivp(rate, (0, 60), [0.3], t_eval=times, rtol=1e-10, atol=1e-12).y[0]
    np.testing.assert_allclose(numbers(curve["values"]), wanted, rtol=2e-5)
    assert (times[0], times[-1], curve["name"]) == (0, 60, "hawks")
    assert b64decode(answer["portrait"]).startswith(b"\x89PNG")


def test_code_of_the_user_runs_with_consent_and_only_if_it_is_what_was_swept(hawks, tmp_path):
    assert ask(hawks, None, "cube")["own_model"] == f"{FILE}:hawk_dove"
    assert ask(hawks, None, "cube")["has_flow"]
    for question in ("motion", "boundary"):
        values = (
            {"point": ["V=1.0", "C=4.0"]}
            if question == "motion"
            else {"var": "hawks_final", "x": "V", "y": "C"}
        )
        with pytest.raises(SweepError, match=re.escape("your own code, and no part of the cube")):
            ask(hawks, None, question, **values)
        other = tmp_path / "other.py"
        other.write_text("# another\n" + (ROOT / "examples/hawk_dove.py").read_text())
        with pytest.raises(SweepError, match="is not the file that this cube was swept with"):
            ask(hawks, f"{other}:hawk_dove", question, **values)
    with pytest.raises(SweepError, match="one point; click on one"):
        ask(hawks, f"{FILE}:hawk_dove", "motion", point=["V=1.0"])


def test_a_boundary_on_a_map_lies_where_the_model_has_it(hawks):
    asked = {"var": "hawks_final", "x": "V", "y": "C", "_along": "x", "_level": "0.3"}
    answer = ask(hawks, f"{FILE}:hawk_dove", "boundary", **asked)
    ((x, y),) = answer["panels"]
    assert y == [4.0, 8.0]
    np.testing.assert_allclose(x, [1.2, 2.4], rtol=1e-4)  # V = 0.3 C
    for change, message in (
        ({"_level": ""}, "which value it passes"),
        ({"_level": "many"}, "is no number"),
        ({"y": ""}, "over a map"),
    ):
        with pytest.raises(SweepError, match=message):
            ask(hawks, f"{FILE}:hawk_dove", "boundary", **(asked | change))
