"""Paths as people state them: a tilde is the home folder, and nothing is no path."""

from pathlib import Path

import pytest
from equisweep.sweeps import CubeError, Sweep, SweepError, open_cube
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.file_paths import path_of


def test_a_tilde_is_the_home_folder_in_python_and_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "here.toml").write_text('model = "~/game.py:x"\n[axes]\na = [1]\n')
    assert path_of("~/c.zarr") == path_of(Path("~/c.zarr")) == tmp_path / "c.zarr"
    assert path_of("a/~/b") == Path("a/~/b")
    with pytest.raises(CubeError, match=f"{tmp_path}/no.zarr: no such cube"):
        open_cube("~/no.zarr")
    with pytest.raises(SweepError, match=f"cannot read {tmp_path}/game.py"):
        Sweep.from_file("~/here.toml").space()
    assert main(["info", "~/no.zarr"]) == 2
    assert f"{tmp_path}/no.zarr: no such cube" in capsys.readouterr().err


@pytest.mark.parametrize("stated", ["", "a\0b", "a\ud800b"])
def test_what_no_file_can_be_called_is_refused(stated):
    with pytest.raises(SweepError, match="is no path"):
        path_of(stated)


def test_an_empty_path_is_refused_by_commands(capsys):
    with pytest.raises(SystemExit):
        main(["info", ""])
    assert "'' is no path" in capsys.readouterr().err


def test_a_name_that_is_no_text_in_utf_8_is_written_with_escapes(capsys):
    assert main(["info", "caf\udce9.zarr"]) == 2
    assert "caf\\udce9.zarr: no such cube" in capsys.readouterr().err
