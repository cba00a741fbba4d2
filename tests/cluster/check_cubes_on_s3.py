"""Cubes on a real S3 server: every command, runs that are killed, requests that fail, planted secrets."""

import contextlib
import re
import signal
import subprocess
import sys
import time
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import xarray as xr
import zarr
from cluster.faulty_proxy import Faults, faulty_proxy
from cluster.s3_server import make_bucket, s3_server, settings
from equisweep.engine.store.storage import schemes
from equisweep.engine.store.storage.place import place
from equisweep.engine.store.storage.reached import _bucket, objects_at
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, open_cube, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.explore.explorer import Explorer
from equisweep.sweeps.explore.source import source_of_path
from helpers.project import ROOT
from obstore.store import from_url

SWEEP = """
model = "external"
outputs = ["investment"]
[axes]
alpha = { start = 0.1, stop = 0.9, num = 9 }
beta = { start = 0.1, stop = 0.9, num = 10 }
"""
SECRET, KEY = "PLANTEDsecretPLANTED", "PLANTEDkey"


@pytest.fixture(scope="module")
def server():
    with s3_server() as address:
        make_bucket(address, "bucket")
        yield address


@pytest.fixture
def reached(server, monkeypatch):
    reach(monkeypatch, server)
    yield server
    _bucket.cache_clear()


def reach(monkeypatch, address):
    for name, value in settings(address, KEY, SECRET).items():
        monkeypatch.setenv(name, value)
    _bucket.cache_clear()


@pytest.fixture
def sweep_file(tmp_path):
    file = tmp_path / "sweep.toml"
    file.write_text(SWEEP)
    return file


def shards_at(url):
    bucket = objects_at(url)
    return {path: bucket.read(f"{url}/{path}") for path, _ in bucket.below(url) if "/c/" in path}


def shards_of(root):
    files = (path for path in root.rglob("*") if path.is_file())
    named = {path.relative_to(root).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in named.items() if "/c/" in name}


def test_every_command_works_there(reached, sweep_file, tmp_path, capsys):
    url, local = "s3://bucket/commands/cube.zarr", tmp_path / "cube.zarr"
    assert main(["run", str(sweep_file), "-o", str(local), "--tile-points", "10", "-q"]) == 0
    for part in ("2/2", "1/2"):
        words = ["run", str(sweep_file), "-o", url, "--tile-points", "10", "-q", "--part", part]
        assert main(words) == 0
    assert shards_at(url) == shards_of(local)
    capsys.readouterr()
    assert main(["run", str(sweep_file), "-o", url]) == 0
    for words in (
        ["info"],
        ["query", "--var", "investment", "--reduce", "max:beta"],
        ["verify"],
        ["sensitivity"],
        ["boundary", "--var", "status", "--along", "beta"],
    ):
        said = []
        for cube in (local, url):
            code = main([words[0], str(cube), *words[1:]])
            printed = capsys.readouterr()
            said.append(
                (code, printed.out.replace(str(cube), "CUBE"), printed.err.replace(str(cube), "CUBE"))
            )
        if words[0] != "info":  # which says when, and how many bytes
            assert said[0] == said[1]
        assert said[1][0] == said[0][0]
    assert main(["sql", url, "select count(*) as n from cube where status = 'ok'"]) == 0
    assert (
        main(
            ["plot", url, "--var", "investment", "--x", "alpha", "--y", "beta", "-o", str(tmp_path / "a.png")]
        )
        == 0
    )
    assert main(["diff", url, str(local)]) == 0
    assert main(["query", url, "--var", "investment", "-o", str(tmp_path / "a.parquet")]) == 0
    assert main(["merge", url, str(local), "-o", "s3://bucket/commands/merged.zarr"]) == 0
    assert main(["verify", "s3://bucket/commands/merged.zarr"]) == 0
    client = {"allow_http": True}
    store = zarr.storage.ObjectStore(from_url(url, client_options=client, endpoint=reached), read_only=True)
    plain = xr.open_zarr(store)
    xr.testing.assert_equal(plain.load(), open_cube(url).load())


def test_a_page_shows_a_cube_there_as_it_does_one_on_the_disk(reached, sweep_file, tmp_path):
    url, local = "s3://bucket/explored/cube.zarr", tmp_path / "cube.zarr"
    for where in (url, local):
        assert main(["run", str(sweep_file), "-o", str(where), "--tile-points", "10", "-q"]) == 0
    asked = urlencode({"var": "investment", "x": "alpha", "y": "beta", "keep": "corner"})
    answers = {}
    for where in (url, local):
        explorer = Explorer([source_of_path(where, ["beta=0.1:0.5"])])
        try:
            for question, more in (
                ("view", ""), ("point", "&_at=alpha:3&_at=beta:1"), ("copy", ""), ("drawn.csv", "")
            ):  # fmt: skip
                body = urlopen(f"{explorer.url}{question}?{asked}{more}").read().decode()
                answers.setdefault(question, []).append(body.replace(str(where), "CUBE"))
        finally:
            explorer.stop()
    for question, (there, here) in answers.items():
        assert there == here, question
    assert SECRET not in "".join(map(str, answers.values()))
    assert "CUBE --var investment" in answers["copy"][0]


def test_runs_that_are_killed_go_on(reached, sweep_file, tmp_path):
    local = tmp_path / "cube.zarr"
    run(Sweep.from_file(sweep_file), local, tile_points=2)
    url = "s3://bucket/killed/cube.zarr"
    typed = ["run", str(sweep_file), "-o", url, "-q", "--tile-points", "2"]
    words = [sys.executable, "-c", "from equisweep.entry import entry; entry()", *typed]
    for seconds in (0.5, 1.0, 1.5):
        with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
            end = time.monotonic() + 60
            while process.poll() is None and time.monotonic() < end:
                if objects_at(url).exists(f"{url}/zarr.json"):
                    break
                time.sleep(0.05)
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
    assert main(typed) == 0
    assert shards_at(url) == shards_of(local)
    assert verify(place(url)).sound


@pytest.mark.parametrize("seed", range(3))
def test_requests_that_fail_or_are_done_twice_lose_nothing(server, sweep_file, tmp_path, monkeypatch, seed):
    local, url = tmp_path / "cube.zarr", f"s3://bucket/faulty/{seed}/cube.zarr"
    run(Sweep.from_file(sweep_file), local, tile_points=5)
    monkeypatch.setattr(schemes, "REQUEST", 2.0)
    faults = Faults(0.1, seed, late=2.5)
    with faulty_proxy(server, faults) as address:
        reach(monkeypatch, address)
        for _ in range(5):  # what is not tried again by itself stops a run, and the same command goes on
            with contextlib.suppress(CubeError):
                run(Sweep.from_file(sweep_file), url, tile_points=5)
                break
    assert min(faults.counts.values()) > 0
    reach(monkeypatch, server)
    run(Sweep.from_file(sweep_file), url)
    assert shards_at(url) == shards_of(local)
    assert verify(place(url)).sound


def test_a_storage_that_is_away_is_an_error_of_a_line(server, sweep_file, monkeypatch, capsys):
    monkeypatch.setattr(schemes, "TRIES", 1.0)
    reach(monkeypatch, "http://127.0.0.1:9")
    assert main(["run", str(sweep_file), "-o", "s3://bucket/away/cube.zarr"]) != 0
    said = capsys.readouterr().err
    assert "nothing answers at its address" in said or "no connection" in said
    assert len(said.splitlines()) == 1
    reach(monkeypatch, server)
    assert main(["run", str(sweep_file), "-o", "s3://nobucket/cube.zarr"]) != 0
    assert "no such bucket" in capsys.readouterr().err
    _bucket.cache_clear()


def test_no_secret_is_said_or_stored(reached, sweep_file, tmp_path, monkeypatch, capsys):
    url = "s3://bucket/secret/cube.zarr"
    assert main(["run", str(sweep_file), "-o", url]) == 0
    bucket = objects_at(url)
    assert not any(b"PLANTED" in bucket.read(f"{url}/{path}") for path, _ in bucket.below(url))
    assert "PLANTED" not in repr(open_cube(url).attrs)
    main(["info", url])
    reach(monkeypatch, "http://127.0.0.1:9")
    monkeypatch.setattr(schemes, "TRIES", 0.5)
    for words in (["info", url], ["query", url], ["run", str(sweep_file), "-o", url], ["verify", url]):
        assert main(words) != 0
    stated = f"s3://{KEY}:{SECRET}@bucket/cube.zarr"
    signed = f"s3://bucket/cube.zarr?X-Amz-Signature={SECRET}"
    for cube in (stated, signed, f"https://{KEY}:{SECRET}@host/cube.zarr"):
        for words in (
            ["run", str(sweep_file), "-o", cube],
            ["info", cube],
            ["query", cube],
            ["sql", cube, "select 1"],
            ["verify", cube],
            ["diff", cube, str(tmp_path)],
            ["merge", cube, cube, "-o", cube],
            ["slurm", str(sweep_file), "-o", cube, "--parts", "2"],
            ["plot", cube, "--var", "investment", "-o", "a.png"],
        ):
            with contextlib.suppress(SystemExit):
                assert main(words) != 0
    printed = capsys.readouterr()
    assert "PLANTED" not in printed.out + printed.err
    assert re.search("credentials are taken from", printed.err)
    assert not (tmp_path / "s3:").exists()
    _bucket.cache_clear()
