"""The commands, as a user types them."""

import csv
import json
import secrets
import shlex
import shutil
from importlib import import_module

import pytest
from equisweep.sweeps.commands.command import program
from equisweep.sweeps.commands.main import main
from helpers.old_cubes import made_old
from helpers.pictures import figures

SWEEP = """
model = "external"
outputs = ["investment", "expected_loss"]
[axes]
mechanism = ["noncooperation", "sharing"]
alpha = { start = 0.1, stop = 0.9, num = 9 }
beta = [0.1, 0.2]
[fixed]
n = 3
"""


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    folder = tmp_path_factory.mktemp("commands")
    (folder / "sweep.toml").write_text(SWEEP)
    assert main(["run", str(folder / "sweep.toml"), "-o", str(folder / "cube.zarr"), "--quiet"]) == 0
    return folder / "cube.zarr"


def printed(capsys, *arguments: str) -> str:
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def test_models_lists_each_and_shows_one_in_full(capsys):
    assert "external" in printed(capsys, "models")
    text = printed(capsys, "models", "external")
    assert "K p Π [1 + (1-p) S] = 1" in text
    for word in ("α", "(0, 1)", "400", "mechanism", "price_of_anarchy", "doi 10.18001/TRS.7.5.21"):
        assert word in text


@pytest.mark.parametrize(
    ("flags", "message"), [((), "by points tried here;"), (("--no-trial",), "on two cores; no point tried;")]
)
def test_a_plan_says_whether_points_were_tried(capsys, cube, flags, message):
    text = printed(capsys, "plan", str(cube.parent / "sweep.toml"), *flags)
    assert "36 (mechanism 2 x alpha 9 x beta 2)" in text
    assert f"{message} 2 compilations included" in text


@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
def test_a_cube_in_memory_is_said_to_be_gone_with_the_command(capsys, cube, quiet):
    pytest.importorskip("obstore")
    where = f"memory://{secrets.token_hex(4)}/cube.zarr"
    assert main(["run", str(cube.parent / "sweep.toml"), "-o", where, *quiet]) == 0
    output = capsys.readouterr()
    assert f"{where}: lies in the memory of this command, and is gone with it" in output.err
    assert "look at it" not in output.out


def test_run_tells_progress_and_where_the_cube_lies(capsys, cube):
    new = str(cube.parent / "a new.zarr")
    assert main(["run", str(cube.parent / "sweep.toml"), "-o", new]) == 0
    output = capsys.readouterr()
    assert "100%  36 of 36 points" in output.err
    assert "\r" not in output.err  # plain lines where there is no terminal
    assert "new.zarr: 36 points" in output.out
    (command,) = [line for line in output.out.splitlines() if line.startswith("look at it with: ")]
    assert shlex.split(command)[-2:] == ["info", new]
    assert "gone with it" not in output.err
    assert main(["run", str(cube.parent / "sweep.toml"), "-o", new]) == 0
    assert "complete already, all 2 tiles;" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "path", "printed_path"),
    [
        ("bin/equisweep", "", "bin/equisweep"),
        ("bin/equisweep", "bin", "equisweep"),
        ("pytest", "", "equisweep"),
    ],
)
def test_the_next_command_can_be_typed_as_it_is_told(monkeypatch, tmp_path, typed, path, printed_path):
    script = tmp_path / "bin" / "equisweep"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [typed])
    monkeypatch.setenv("PATH", str(tmp_path / path) if path else str(tmp_path / "nowhere"))
    assert program() == printed_path


def test_info_shows_axes_status_versions_and_the_sweep_file(capsys, cube):
    text = printed(capsys, "info", str(cube))
    for word in (
        "alpha",
        "0.1, 0.2 ... 0.9",
        "ok      36      100.00%",
        "jax",
        SWEEP.strip(),
        "2 of 2 missing tiles",
    ):
        assert word in text


def test_query_prints_a_paper_like_table(capsys, cube):
    text = printed(capsys, "query", str(cube), "--var", "investment", "--sel", "mechanism=noncooperation")
    assert text.splitlines()[0] == "investment [money] at mechanism = noncooperation"
    assert text.splitlines()[4].split() == ["0.1", "4.65477", "14.6548"]
    assert "status: 18 ok" in text


def test_query_gives_csv_and_json_with_every_digit(capsys, cube):
    options = ("query", str(cube), "--sel", "alpha=0.3", "--sel", "beta=0.1")
    rows = list(csv.DictReader(printed(capsys, *options, "--format", "csv").splitlines()))
    records = json.loads(printed(capsys, *options, "--format", "json"))
    assert [row["mechanism"] for row in rows] == ["noncooperation", "sharing"]
    assert [float(row["investment"]) for row in rows] == [record["investment"] for record in records]
    assert records[0]["investment"] == pytest.approx(4.50551879, abs=1e-8)
    assert records[0]["status"] == "ok"


def test_query_takes_ranges_and_lists(capsys, cube):
    wanted = ("alpha=0.2:0.4", "mechanism=sharing,noncooperation", "beta=0.2")
    options = [word for selection in wanted for word in ("--sel", selection)]
    text = printed(capsys, "query", str(cube), "--var", "investment", *options, "--format", "csv")
    assert len(text.splitlines()) == 1 + 3 * 2


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ("alpha=0.31", "the nearest is alpha=0.3"),
        ("alhpa=0.3", "did you mean 'alpha'"),
        ("alpha", "write NAME=VALUE"),
        ("alpha=x", "'x' is not a number"),
        ("alpha=2:3", "selects nothing; alpha runs from 0.1 to 0.9"),
        ("mechanism=sharin", "did you mean 'sharing'"),
    ],
)
def test_query_refuses_a_wrong_selection(capsys, cube, selection, message):
    assert main(["query", str(cube), "--sel", selection]) == 2
    assert message in capsys.readouterr().err


def test_query_refuses_an_unknown_variable(capsys, cube):
    assert main(["query", str(cube), "--var", "investmnt"]) == 2
    assert "did you mean 'investment'" in capsys.readouterr().err


def test_verify_reads_everything_back(capsys, cube):
    assert "6 shards" in printed(capsys, "verify", str(cube))


def test_verify_fails_on_damage(capsys, cube, tmp_path):
    shutil.copytree(cube, tmp_path / "copy.zarr")
    shard = next(path for path in (tmp_path / "copy.zarr" / "investment" / "c").rglob("*") if path.is_file())
    shard.write_bytes(shard.read_bytes()[:-1])
    assert main(["verify", str(tmp_path / "copy.zarr")]) == 1
    assert "cannot be read back" in capsys.readouterr().out


def test_reproduce_agrees_with_every_published_number(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where it draws, unless told
    with figures(False):
        assert "396 of 396 published numbers agree" in printed(capsys, "reproduce", "external")


def test_every_command_has_help_with_an_example(capsys):
    for command in ("models", "plan", "run", "info", "query", "plot", "verify", "reproduce", "structure"):
        with pytest.raises(SystemExit) as stop:
            main([command, "--help"])
        assert stop.value.code == 0
        assert f"equisweep {command}" in capsys.readouterr().out.split("example", 1)[1]


def test_query_can_ask_for_the_status_alone(capsys, cube):
    text = printed(capsys, "query", str(cube), "--var", "status", "--sel", "beta=0.1", "--format", "csv")
    assert text.splitlines()[0] == "beta,mechanism,alpha,status"


def test_damage_is_one_line_for_those_who_read(capsys, cube, tmp_path):
    shutil.copytree(cube, tmp_path / "copy.zarr")
    for path in (tmp_path / "copy.zarr" / "status" / "c").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-3])
    for command in ("info", "query"):
        assert main([command, str(tmp_path / "copy.zarr")]) == 2
        error = capsys.readouterr().err
        assert f"equisweep verify {tmp_path / 'copy.zarr'}" in error
        assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "message"), [("none/x.png", "does not exist"), ("x.xyz", ".png, .svg or .pdf")]
)
def test_a_picture_that_cannot_be_written_is_one_line(capsys, tmp_path, name, message):
    factors = tmp_path / "factors.csv"
    factors.write_text("factor,a,b\na,0,1\nb,0,0\n")
    assert main(["structure", str(factors), "-o", str(tmp_path / name)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "ours"),
    [
        ("info", "cube.described.describe.describe_missing"),
        ("info --citation", "cube.described.citation.logged_runs"),
        ("query", "cube.query.answer"),
        ("export NEW", "cube.query.answer"),
        ("sql select", "cube.sql.tables"),
        ("plot --var status -o x.png", "plots.plot.picture"),
        ("plot --kind sensitivity --var investment -o x.png", "sensitivity.picture.draw_sensitivity"),
        ("sensitivity", "sensitivity.analysis.sensitivity"),
        ("boundary --var status --along alpha", "boundaries.boundaries.boundaries"),
        ("discover --where alpha>0.2", "discover.discover.discover"),
        ("run", "cube.statuses.advice"),
    ],
)
@pytest.mark.parametrize("error", [ValueError, KeyError, RuntimeError])
def test_a_fault_of_ours_is_not_said_to_be_of_the_cube(
    capsys, cube, tmp_path, monkeypatch, words, ours, error
):
    def fails(*_args, **_options):
        raise error("a fault of ours")

    module, _, name = ours.rpartition(".")
    monkeypatch.setattr(import_module(f"equisweep.sweeps.{module}"), name, fails)
    command, *others = words.replace("NEW", str(tmp_path / "new.zarr")).split()
    sweep = cube.parent / "sweep.toml"
    place = [str(sweep), "-o", str(cube), "--overwrite"] if command == "run" else [str(cube)]
    monkeypatch.chdir(tmp_path)
    assert main([command, *place, *others]) == 70
    text = capsys.readouterr().err
    assert f"{error.__name__}: " in text
    assert "a fault of ours" in text
    assert "cannot be read" not in text


def old(cube, folder):
    """A copy of the cube as version 0.1.0 left it, without seals: what is damaged shows as it is read."""
    shutil.copytree(cube, folder / "old.zarr")
    made_old(folder / "old.zarr")
    return folder / "old.zarr"


@pytest.mark.parametrize("words", ["info", "query", "sql select", "plot --var status -o x.png"])
@pytest.mark.parametrize("left", [b"", b"\x00" * 44, None])
def test_a_damaged_coordinate_is_said_to_be_of_the_cube(capsys, cube, tmp_path, monkeypatch, words, left):
    damaged = old(cube, tmp_path)
    if left is None:  # bytes without a type
        document = json.loads((damaged / "alpha" / "zarr.json").read_text()) | {"data_type": "r8"}
        (damaged / "alpha" / "zarr.json").write_text(json.dumps(document))
        reason = "ValueError: the array 'alpha' is stored in another way than a cube's arrays are"
    else:
        (damaged / "alpha" / "c" / "0").write_bytes(left)
        reason = "Damaged: is not what was written"
    monkeypatch.chdir(tmp_path)
    command, *others = words.split()
    assert main([command, str(damaged), *others]) == 2
    assert f"{damaged}: cannot be read ({reason})" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "value"), [("title", None), ("versions", "[1]"), ("versions", "{")])
def test_attributes_that_are_missing_or_damaged_are_said_to_be_of_the_cube(
    capsys, cube, tmp_path, name, value
):
    damaged = old(cube, tmp_path)
    document = json.loads((damaged / "zarr.json").read_text())
    document["attributes"] = {k: v for k, v in document["attributes"].items() if k != name}
    document["attributes"] |= {} if value is None else {name: value}
    (damaged / "zarr.json").write_text(json.dumps(document))
    for more in ((), ("--citation",)):
        assert main(["info", str(damaged), *more]) == 2
        text = capsys.readouterr().err
        assert f"{damaged}: its attribute '{name}' is missing, or not what a run writes; " in text
        assert f"equisweep verify {damaged} names what is damaged" in text
