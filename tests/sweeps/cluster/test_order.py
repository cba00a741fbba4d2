"""What a worker is told: files that come by content."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from equisweep.engine.errors import SweepError
from equisweep.sweeps import Sweep, run
from equisweep.sweeps.cluster import on_worker, order
from equisweep.sweeps.file_paths import cube_path

KEEPS_FILES = """
from equisweep.sweeps.cluster import order
folder = order._written({"data/points.csv": b"1,2", "model.py": b"pass"})
assert (folder / "data/points.csv").read_bytes() == b"1,2"
print(folder)
"""


def test_files_that_came_by_content_end_with_the_worker():
    ended = subprocess.run([sys.executable, "-c", KEEPS_FILES], capture_output=True, text=True, check=True)
    folder = Path(ended.stdout.strip())
    assert folder.name.startswith("equisweep-")
    assert not folder.exists()


@pytest.mark.parametrize("name", ["/etc/passwd", "../above.csv", "data/../../above.csv"])
def test_no_file_lands_outside_that_folder(name, tmp_path, monkeypatch):
    monkeypatch.setattr(order.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(SweepError, match="no file below the sweep's folder"):
        order._written({"model.py": b"pass", name: b"1,2"})
    assert not list(tmp_path.iterdir())


def test_a_repository_in_a_folder_takes_workers_of_one_host_only(tmp_path):
    sweep = Sweep("external", {"alpha": [0.1]}, outputs=["investment"])
    for there, bound in (
        (f"{tmp_path}/repo.icechunk", True), (f"{tmp_path}/cube.zarr", False), ("s3://b/repo.icechunk", False)
    ):  # fmt: skip
        sent = order.order(sweep, cube_path(there), "cpu", False, None)
        assert ("host" in sent.alike) == bound
        on_worker._require_alike(sent)
        elsewhere = replace(sent, alike={**sent.alike, "host": "12345678"})
        if bound:
            with pytest.raises(
                SweepError, match=r"is on another host; .*repo.icechunk\) takes commits of one"
            ):
                on_worker._require_alike(elsewhere)


def test_a_cube_in_the_memory_of_one_process_is_not_for_workers():
    sweep = Sweep("external", {"alpha": [0.1]}, outputs=["investment"])
    with pytest.raises(SweepError, match="memory of this process, where no worker sees it"):
        run(sweep, "memory://trial/cube.zarr", client=object())
