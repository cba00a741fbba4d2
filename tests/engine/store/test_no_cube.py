"""What is no cube is said to be none, and what to open it with."""

import json
import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from equisweep.sweeps import CubeError, Sweep, open_cube, run, verify
from equisweep.sweeps.cube.export import write_zarr

SMALL = Sweep("external", {"alpha": [0.1, 0.2], "beta": [0.1, 0.2]}, outputs=["investment"])


@pytest.fixture(scope="module")
def cube(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("cube") / "cube.zarr"
    run(SMALL, path, durable=False)
    return path


def exported(cube: Path, path: Path) -> None:
    write_zarr(open_cube(cube), path)


def a_part_by_xarray(cube: Path, path: Path) -> None:
    open_cube(cube).isel(alpha=0).to_zarr(path)


def of_zarr_2(cube: Path, path: Path) -> None:
    xr.Dataset({"a": ("x", np.arange(3.0))}).to_zarr(path, zarr_format=2, consolidated=False)


def of_another_program(cube: Path, path: Path) -> None:
    xr.Dataset({"a": ("x", np.arange(3.0))}).to_zarr(path, consolidated=False)


def an_array(cube: Path, path: Path) -> None:
    zarr.create_array(path, shape=(3,), dtype="f8")


def an_empty_folder(cube: Path, path: Path) -> None:
    path.mkdir()


OPENED = "xarray.open_zarr reads it, as all that export writes"
NONE = {
    exported: f"is Zarr but no cube that a run wrote: .*; {OPENED}",
    a_part_by_xarray: f"is Zarr but no cube that a run wrote: .*; {OPENED}",
    of_zarr_2: f"is Zarr 2, and a cube is Zarr 3; {OPENED}",
    of_another_program: f"is a Zarr group but no equisweep cube .*; {OPENED}",
    an_array: "is no equisweep cube: its zarr.json is not of a group of Zarr 3$",
    an_empty_folder: r"cannot be opened as a cube \(it holds no zarr.json\)",
}


@pytest.mark.parametrize("made", NONE, ids=lambda made: made.__name__)
@pytest.mark.parametrize("ask", [open_cube, verify, lambda path: run(SMALL, path, overwrite=True)])
def test_what_is_no_cube_is_said_to_be_none_with_what_opens_it(made, ask, cube, tmp_path):
    path = tmp_path / "other.zarr"
    with warnings.catch_warnings(action="ignore"):  # zarr's, of texts in Zarr 3
        made(cube, path)
    before = sorted(path.rglob("*"))
    if not before and ask not in (open_cube, verify):
        return  # an empty folder becomes a cube
    with pytest.raises(CubeError, match=f"^{re.escape(str(path))}: {NONE[made]}"):
        ask(path)
    assert sorted(path.rglob("*")) == before


def test_an_array_of_a_cube_names_the_cube(cube):
    with pytest.raises(CubeError, match=f"; the cube is {re.escape(str(cube))}$"):
        open_cube(cube / "investment")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.nc", "xarray.open_dataset"),
        ("a.CSV", "pandas.read_csv"),
        ("a.toml", "run makes a cube"),
        ("a", ""),
    ],
)
def test_a_file_is_said_to_be_one_with_what_reads_it(name, said, tmp_path):
    (tmp_path / name).write_text("a")
    with pytest.raises(CubeError, match=f"is a file, and a cube is a folder{f'; {said}' if said else '$'}"):
        open_cube(tmp_path / name)


def test_a_cube_whose_metadata_say_another_layout_is_damaged_and_no_export(cube, tmp_path):
    """One that lost its seal, and not its records."""
    damaged = Path(shutil.copytree(cube, tmp_path / "damaged.zarr"))
    for seal in (damaged / "status" / "manifest").glob("cube-*.json"):
        seal.unlink()
    for path in (damaged / "zarr.json", damaged / "alpha" / "zarr.json"):
        document = json.loads(path.read_text())
        array = document["consolidated_metadata"]["metadata"]["alpha"] if path.parent == damaged else document
        array["codecs"] = array["codecs"][:1]
        path.write_text(json.dumps(document))
    with pytest.raises(CubeError, match=r"cannot be opened as a cube \(ValueError: .* in another way"):
        open_cube(damaged)
