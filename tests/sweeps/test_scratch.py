"""What is written beside an output has a name of its own, and goes once nobody works with it."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from equisweep.engine.store.shared import owner
from equisweep.engine.store.shared.owner import scratch_name, where
from equisweep.sweeps.scratch import scratch_beside


def test_several_writers_of_one_output_write_into_files_of_their_own(tmp_path):
    together = Barrier(3)

    def write(number):
        with scratch_beside(tmp_path / "a.zip") as scratch:
            scratch.write_text(str(number))
            together.wait(60)
            return scratch.read_text(), scratch.name

    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(write, range(3)))
    assert [text for text, _ in done] == ["0", "1", "2"]
    assert len({name for _, name in done}) == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.zip", "a[1]*.zip"])
def test_what_killed_writers_left_goes_and_nothing_else(tmp_path, name, monkeypatch):
    ended = subprocess.Popen(["true"])
    ended.wait()
    start = f".{name}.partial-"
    gone = [f"{start}{ended.pid}", f"{start}{where()}-01234567-{ended.pid}"]  # the first as before 0.2.0
    stay = [
        f"{start}{scratch_name()}",
        f"{start}00000000-01234567-1",  # of another host, an instant ago
        f"{start}mine",
        f".b.zip.partial-{ended.pid}",
        name,
    ]
    for one in (*gone, *stay):
        (tmp_path / one).write_text(one)
    (tmp_path / f"{start}{where()}-89abcdef-{ended.pid}").mkdir()  # of a format that is a folder
    with scratch_beside(tmp_path / name) as scratch:
        scratch.mkdir()
        (scratch / "file").touch()
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(stay)
    monkeypatch.setattr(owner, "ABANDONED", -1.0)
    with scratch_beside(tmp_path / name):
        pass
    assert not (tmp_path / stay[1]).exists()


def fail_beside(output):
    with scratch_beside(output) as scratch:
        scratch.touch()
        raise ZeroDivisionError


def test_it_goes_where_its_writer_fails_and_a_disk_that_refuses_that_hides_no_error(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError

    with pytest.raises(ZeroDivisionError):
        fail_beside(tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(type(tmp_path), "unlink", refuse)
    with pytest.raises(ZeroDivisionError):
        fail_beside(tmp_path / "a.zip")
