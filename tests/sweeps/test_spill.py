"""What SQL needs beyond its memory lies in a private folder; a stop reaches it wherever it works."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from equisweep.engine.errors import SweepError
from equisweep.engine.store.shared.owner import where
from equisweep.sweeps.cube import sql as sql_module
from equisweep.sweeps.cube.sql import sql
from equisweep.sweeps.spill import private_folder
from helpers.hard_cube import hard_cube
from helpers.products import costs_seconds


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Where private folders lie in these tests."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield tmp_path
    monkeypatch.undo()


def fail_in_a_folder(base):
    with private_folder() as folder:
        assert folder.parent == base
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "spilt").write_bytes(b"1")
        raise ZeroDivisionError


def test_a_private_folder_is_its_owners_alone_and_gone_afterwards(temporary):
    with pytest.raises(ZeroDivisionError):
        fail_in_a_folder(temporary)
    assert list(temporary.iterdir()) == []


def test_folders_that_killed_processes_left_go_and_no_others(temporary):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (
        f"equisweep-sql-{where()}-01234567-{ended.pid}",
        f"equisweep-sql-{where()}-01234567-{os.getppid()}",
        f"equisweep-sql-00000000-01234567-{ended.pid}",  # of another host, or another container here
        "equisweep-sql-c",
        "mine",
    ):
        (temporary / name).mkdir()
        (temporary / name / "file").write_bytes(b"1")
    (temporary / f"equisweep-sql-{where()}-89abcdef-{ended.pid}").symlink_to(temporary / "mine")
    with private_folder() as folder:
        left = {path.name for path in temporary.iterdir()} - {folder.name}
    living, elsewhere = (
        f"equisweep-sql-{end}-{pid}"
        for end, pid in ((f"{where()}-01234567", os.getppid()), ("00000000-01234567", ended.pid))
    )
    assert {living, elsewhere, "equisweep-sql-c", "mine"} <= left
    assert f"equisweep-sql-{where()}-01234567-{ended.pid}" not in left
    assert (temporary / "mine" / "file").exists()


def test_what_does_not_fit_is_spilt_and_right(monkeypatch, temporary):
    monkeypatch.setitem(sql_module._CONFIG, "memory_limit", "80MB")
    count = 1_500_000
    texts = f"select hash(range)::varchar || range as s from range({count})"
    rows = sql(hard_cube(), f"select s from ({texts} order by s) offset {count - 1}")
    held = max(f"{row['h']}{row['r']}" for row in sql(hard_cube(), _LARGEST.format(count)).to_pylist())
    assert rows["s"].to_pylist() == [held]
    assert list(temporary.iterdir()) == []


# The largest text begins with 9: few numbers are left to be compared in Python.
_LARGEST = (
    "select hash(range)::varchar as h, range as r from range({}) where hash(range)::varchar like '99999%'"
)


@pytest.mark.parametrize(
    "query",
    [
        "select * from glob('/etc/*')",
        "select * from read_text('/etc/hostname')",
        "select * from read_csv('/proc/self/environ')",
        "select * from read_text(current_setting('temp_directory') || '/../../../etc/hostname')",
        "set temp_directory = '/tmp'",
        "copy (select 1) to '/tmp/equisweep-was-here'",
        "attach '/tmp/equisweep-was-here' as other",
        "select * from (select 1) union all select * from '/etc/hostname'",
    ],
)
def test_nothing_but_the_cube_can_be_read_or_written(query):
    with pytest.raises(SweepError):
        sql(hard_cube(), query)
    assert not Path("/tmp/equisweep-was-here").exists()


# DuckDB is at work, in its own threads or in the one that fetches rows, when the one signal comes.
PROGRAM = """
import os, signal, sys, threading, time
from equisweep.engine.feedback import stop_flag
from equisweep.sweeps.commands.main import main

def press():
    while not stop_flag._INTERRUPTS:
        time.sleep(0.01)
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=press, daemon=True).start()
sys.exit(main(["sql", sys.argv[1], sys.argv[2], "--format", "csv"]))
"""


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    from equisweep.sweeps import Sweep, run

    path = tmp_path_factory.mktemp("sql") / "cube.zarr"
    run(Sweep("external", axes={"alpha": [0.1, 0.2]}, outputs=["investment"]), path, durable=False)
    return path


LONG = [
    "select count(*) from range(10000000000) a, range(10000000) b where a.range * b.range = 7",
    "select a.range from range(10000000000) a order by hash(a.range)",
]


@costs_seconds
@pytest.mark.parametrize("query", LONG)
def test_one_signal_ends_a_query_that_duckdb_works_on(query, cube, temporary):
    child = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(cube), query],
        capture_output=True, text=True, timeout=60, check=False, env=os.environ | {"TMPDIR": str(temporary)},
    )  # fmt: skip
    assert child.returncode == 130, child.stderr
    assert "stopped" in child.stderr
    assert "at once" not in child.stderr
    assert "Traceback" not in child.stderr
    assert [path.name for path in temporary.iterdir() if path.name.startswith("equisweep-sql")] == []
