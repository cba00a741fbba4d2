"""What the README tells a user to type works as it says."""

import contextlib
import io
import re

import numpy as np
from equisweep.sweeps import Sweep, open_cube
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.spec.presets import PRESETS
from helpers.project import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language, holding):
    """The one code block in that language with that text in it."""
    (found,) = (
        code for code in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if holding in code
    )
    return found


def test_the_own_model_is_swept_as_written(tmp_path):
    (tmp_path / "my_game.py").write_text(block("python", "# my_game.py"))
    (tmp_path / "my_sweep.toml").write_text(block("toml", "my_game"))
    assert main(["run", str(tmp_path / "my_sweep.toml"), "-o", str(tmp_path / "cube.zarr"), "-q"]) == 0
    cube = open_cube(tmp_path / "cube.zarr").load()
    a, d = cube["attack"], cube["defence"]
    np.testing.assert_allclose(cube["breach"], (a / (a + d)).transpose(*cube["breach"].dims))
    np.testing.assert_allclose(
        cube["d_breach_d_defence"], (-a / (a + d) ** 2).transpose(*cube["breach"].dims)
    )


def test_the_vector_sweep_is_accepted():
    import tomllib

    space = Sweep.from_table(tomllib.loads(block("toml", '"v.data"'))).space()
    assert space.dims == ("v.data", "M")
    assert space.labels["factor"] == ("data", "application_systems")


def test_algorithm_1_prints_what_is_shown():
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(block("python", "allocate"), {})
    assert f"```\n{shown.getvalue()}```" in README


def test_every_preset_and_picture_is_named():
    for path in PRESETS.glob("*.toml"):
        assert f"`{path.name}`" in README
    for picture in re.findall(r"!\[[^]]*\]\(([^)]*)\)", README):
        assert (ROOT / picture).stat().st_size > 10_000
