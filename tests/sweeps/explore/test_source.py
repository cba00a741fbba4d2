"""A cube on the disk while it is computed, replaced, or asked in part."""

import json
import shutil
from urllib.parse import parse_qs

import numpy as np
from equisweep.sweeps import open_cube, run
from equisweep.sweeps.explore import source
from equisweep.sweeps.explore.answers import Answers
from equisweep.sweeps.explore.source import source_of_path
from helpers.ended_early import refused_after
from helpers.explorer.questions import numbers
from helpers.small_sweeps import small_sweep

VIEW = {"var": ["investment"], "x": ["alpha"], "y": ["beta"], "facet": ["mechanism", "n"], "keep": ["corner"]}


def looked_at(answers):
    (view,) = json.loads(answers("view", VIEW)[1])["views"]
    return view, numbers(view["layers"][0]["values"])


def test_new_tiles_of_a_cube_that_is_being_computed_appear(tmp_path, small_cube, monkeypatch):
    root, sweep = tmp_path / "cube.zarr", small_sweep(derivatives={})
    with refused_after(3) as written:
        run(sweep, root, tile_points=12)
    answers = Answers([source_of_path(root)])
    view, before = looked_at(answers)
    done = sum(tile.points for tile in written)
    assert view["not_computed"] == 108 - done
    assert not answers.sources[0].finished
    monkeypatch.setattr(source, "_STALE", 1e6)
    run(sweep, root)
    assert looked_at(answers)[0]["not_computed"] == 108 - done  # what was opened stays what it is
    monkeypatch.setattr(source, "_STALE", -1.0)
    view, after = looked_at(answers)
    assert (view["not_computed"], answers.sources[0].finished) == (0, True)
    there = ~np.isnan(before)
    np.testing.assert_array_equal(after[there], before[there])
    whole = open_cube(small_cube)["investment"].transpose("mechanism", "n", "beta", "alpha").values.ravel()
    kept = ~np.isnan(after)
    np.testing.assert_array_equal(after[kept], whole.astype(np.float32)[kept])


def test_a_cube_that_is_replaced_is_opened_anew(tmp_path, small_cube):
    root = tmp_path / "cube.zarr"
    shutil.copytree(small_cube, root)
    answers = Answers([source_of_path(root)])
    _, before = looked_at(answers)
    shutil.rmtree(root)
    shutil.copytree(small_cube, root)
    np.testing.assert_array_equal(looked_at(answers)[1], before)


def test_the_part_that_is_explored_is_a_part_of_every_command(small_cube):
    answers = Answers([source_of_path(small_cube, {"n": 3, "mechanism": "sharing"})])
    assert "n" not in [dim["dim"] for dim in json.loads(answers("cube", {})[1])["dims"]]
    state = {"var": ["investment"], "x": ["alpha"], "y": ["beta"]}
    copies = json.loads(answers("copy", state)[1])
    assert copies["command"].endswith("--x alpha --y beta --sel n=3 --sel mechanism=sharing -o picture.png")
    box = {f"_{key}": [value] for key, value in {"x0": "0", "x1": "0.45", "y0": "0", "y1": "1"}.items()}
    asked = json.loads(answers("box", state | box)[1])
    assert "--sel n=3 --sel mechanism=sharing --where 'alpha >= 0.1 and alpha <= 0.4" in asked["query"]
    point = json.loads(answers("point", state | {"_at": ["alpha:2", "beta:0"]})[1])
    wanted = open_cube(small_cube)["investment"].sel(n=3, mechanism="sharing", beta=0.05).values[2]
    assert point["outputs"][0]["texts"] == [repr(wanted.item())]
    assert json.loads(answers("point", state | {"point": point["sel"]})[1])["outputs"] == point["outputs"]


def test_a_large_cube_is_read_in_few_pieces_while_a_slider_moves_and_in_more_once_it_rests(tmp_path):
    axes = {
        "alpha": {"start": 0.1, "stop": 0.9, "num": 64},
        "beta": [0.1, 0.2],
        "L": {"start": 100, "stop": 400, "num": 64},
    }
    root = tmp_path / "cube.zarr"
    run(
        small_sweep(axes=axes, fixed={"v": 0.5, "E": 0.1, "n": 3}, outputs=["investment"], derivatives={}),
        root,
        tile_points=64,
    )
    answers = Answers([source_of_path(root)])
    state = parse_qs(json.loads(answers("cube", {})[1])["address"])
    assert {state["x"][0], state["y"][0]} == {"beta", "L"}  # one piece each; alpha would take one a value
    across = {"var": ["investment"], "x": ["alpha"], "y": ["L"], "sel": ["beta=0.2"], "keep": ["corner"]}
    seen = {}
    for name, more in (("quick", {"_quick": ["1"]}), ("full", {})):
        answer = json.loads(answers("view", across | more)[1])
        (view,) = answer["views"]
        seen[name] = numbers(view["x"]["at"]).tolist()
        assert answer["coarse"] == (name == "quick")
        assert ("every 2nd of 64 values of alpha" in view["note"]) == (name == "quick")
        values = numbers(view["layers"][0]["values"]).reshape(64, -1)
        wanted = open_cube(root)["investment"].sel(beta=0.2).values[seen[name]].T.astype(np.float32)
        np.testing.assert_array_equal(values, wanted)
    assert (seen["quick"], seen["full"]) == (list(range(0, 64, 2)), list(range(64)))
