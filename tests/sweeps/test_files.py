"""What changes in a file of data makes another sweep, and every such file travels to workers."""

from pathlib import Path

import pytest
from equisweep.sweeps import CubeError, Sweep, open_cube
from equisweep.sweeps.cluster import order as orders
from equisweep.sweeps.run import run_report

POINTS = "a,b\n0.1,0.2\n0.3,0.4\n0.5,0.6\n"
OF_POINTS = {"samples": "data/points.csv", "parameters": {"alpha": {"column": "a"}, "beta": {"column": "b"}}}
MEASURED = {
    "kind": "lhs",
    "samples": 3,
    "parameters": {"alpha": {"empirical": "data/points.csv", "column": "a"}, "beta": {"uniform": [0.1, 0.9]}},
}
ROADS = {"roads": {"file": "data/roads.txt"}, "unasked": "../nowhere.csv"}


def stated(folder, monkeypatch, design):
    """A sweep whose files lie below its folder, in a process that works elsewhere."""
    (folder / "here/data").mkdir(parents=True)
    (folder / "elsewhere").mkdir()
    (folder / "here/data/points.csv").write_text(POINTS)
    monkeypatch.chdir(folder / "elsewhere")
    return Sweep("external", outputs=["investment"], design=design, folder=folder / "here")


@pytest.mark.parametrize("design", [OF_POINTS, MEASURED])
def test_a_file_of_points_that_has_changed_makes_another_sweep(tmp_path, monkeypatch, design):
    sweep = stated(tmp_path, monkeypatch, design)
    options = {"durable": False, "progress": False}
    assert run_report(sweep, tmp_path / "cube.zarr", **options).computed
    assert not run_report(sweep, tmp_path / "cube.zarr", **options).computed
    (tmp_path / "here/data/points.csv").write_text(POINTS.replace("0.3", "0.35"))
    with pytest.raises(CubeError, match=r"holds another sweep \((design|axes)\."):
        run_report(sweep, tmp_path / "cube.zarr", **options)
    (tmp_path / "here/data/points.csv").write_text(POINTS)
    assert not run_report(sweep, tmp_path / "cube.zarr", **options).computed


def test_a_table_with_more_rows_takes_points_from_the_cube_of_fewer(tmp_path, monkeypatch):
    sweep = stated(tmp_path, monkeypatch, OF_POINTS)
    options = {"durable": False, "progress": False}
    run_report(sweep, tmp_path / "cube.zarr", **options)
    (tmp_path / "here/data/points.csv").write_text(POINTS + "0.7,0.8\n")
    with pytest.raises(CubeError, match=r"takes over common points with reuse=.*cube.zarr") as refused:
        run_report(sweep, tmp_path / "cube.zarr", **options)
    assert "adds to it" not in str(refused.value)
    report = run_report(sweep, tmp_path / "longer.zarr", reuse=tmp_path / "cube.zarr", **options)
    assert (report.reused, report.points) == (3, 1)
    run_report(sweep, tmp_path / "alone.zarr", **options)
    alone, longer = (open_cube(tmp_path / f"{name}.zarr").load() for name in ("alone", "longer"))
    assert longer.identical(alone.assign_attrs(longer.attrs))


@pytest.mark.parametrize("design", [OF_POINTS, MEASURED])
def test_files_of_points_travel_to_workers(tmp_path, monkeypatch, design):
    sweep = stated(tmp_path, monkeypatch, design)
    order = orders.order(sweep, tmp_path / "cube.zarr", "cpu", False, None)
    assert dict(order.files) == {"data/points.csv": POINTS.encode()}
    unpacked = order.unpacked()
    (tmp_path / "here/data/points.csv").unlink()
    assert unpacked.space().axes[0].size == 3


def test_files_of_networks_travel_to_workers(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/roads.txt").write_text("Lyon Paris\nParis Nice\n")
    (tmp_path / "nowhere.csv").write_text("no network")
    axes = {"network": ["roads", "ring"], "alpha": [0.2, 0.6]}
    sweep = Sweep("network", axes, outputs=["investment"], networks=ROADS, folder=tmp_path)
    monkeypatch.chdir(Path(tmp_path).parent)
    order = orders.order(sweep, tmp_path / "cube.zarr", "cpu", False, None)
    assert list(order.files) == ["data/roads.txt"]
    (tmp_path / "data/roads.txt").unlink()
    assert order.unpacked().space().identity()["networks.roads"]
