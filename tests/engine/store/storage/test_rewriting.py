"""Cubes in a bucket that grow and are overwritten: killed at any request, the same command goes on."""

import secrets
from dataclasses import replace
from itertools import count

import pytest
from equisweep.engine.store.storage.objects import Objects
from equisweep.engine.store.storage.overwritten import OVERWRITTEN
from equisweep.engine.store.storage.place import place
from equisweep.engine.store.storage.reached import objects_at
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, open_cube
from equisweep.sweeps.run import run_report
from helpers.products import some

SHORT = Sweep(
    "external",
    {"alpha": [0.1, 0.2, 0.3], "mechanism": ["sharing", "noncooperation"], "beta": [0.1, 0.5, 0.9]},
    outputs=["investment"],
)
LONG = replace(
    SHORT,
    axes={
        **SHORT.axes,
        "alpha": [0.1, 0.2, 0.3, 0.4, 0.5],
        "mechanism": ["sharing", "noncooperation", "cooperation"],
    },
)
OTHER = replace(SHORT, fixed={"L": 500})


class Killed(BaseException):
    """Nothing of a process that is killed goes on, not even what it does at its end."""


def new():
    return f"memory://{secrets.token_hex(4)}/cube.zarr"


def go(sweep, url, **options):
    return run_report(sweep, url, tile_points=6, progress=False, **options)


def shards(url):
    bucket = objects_at(url)
    return {file: bucket.read(f"{url}/{file}") for file in bucket.files(url) if "/c/" in file}


def whole(url):
    bucket = objects_at(url)
    return {file: bucket.read(f"{url}/{file}") for file in bucket.files(url)}


def put_all(url, files):
    for file, raw in files.items():
        objects_at(url).put(f"{url}/{file}", [raw])


def killed_after(requests, patch):
    """From so many requests on that change anything every further one is that of a dead process."""
    numbers = count()
    for name in ("_write", "delete"):
        done = getattr(Objects, name)

        def or_dead(self, *given, done=done):
            if next(numbers) >= requests:
                raise Killed
            return done(self, *given)

        patch.setattr(Objects, name, or_dead)


def killed_everywhere(begin, sweep, monkeypatch, every, between=lambda url: None, **options):
    """Kill a run over the cube `begin` at each of its requests, or at every third, say, and go on: places
    where it is done then.
    """
    for requests in range(0, 200, every):
        url = new()
        put_all(url, begin)
        with monkeypatch.context() as patch:
            killed_after(requests, patch)
            try:
                go(sweep, url, **options)
                return
            except (Killed, CubeError):
                pass
        between(url)
        go(sweep, url, **options)
        yield url
    raise AssertionError("it never ends")


EVERY = pytest.mark.parametrize("every", some([1, 3], [3]))


@pytest.fixture(scope="module")
def short():
    url = new()
    go(SHORT, url)
    return whole(url)


def made_alone(sweep):
    url = new()
    go(sweep, url)
    return shards(url)


def test_a_cube_in_a_bucket_grows_along_all_its_axes_and_readers_keep_what_they_had(short):
    url = new()
    put_all(url, short)
    before = open_cube(url)
    report = go(LONG, url)
    assert report.grown
    assert report.points < 45  # tiles that were full stay
    assert open_cube(url).sizes == {"alpha": 5, "mechanism": 3, "beta": 3}
    expected = new()
    go(LONG, expected)
    assert open_cube(url).load().drop_attrs().identical(open_cube(expected).load().drop_attrs())
    assert before.load().sizes == {"alpha": 3, "mechanism": 2, "beta": 3}
    assert verify(place(url)).sound


@EVERY
def test_growth_that_is_killed_at_any_request_is_finished_by_the_same_command(short, monkeypatch, every):
    whole_one = new()
    put_all(whole_one, short)
    go(LONG, whole_one)
    expected = shards(whole_one)

    said = []

    def readable(url):
        try:
            sizes = open_cube(url).load().sizes
        except CubeError as error:
            said.append(str(error))
        else:
            assert sizes["alpha"] in (3, 5)

    stages = list(killed_everywhere(short, LONG, monkeypatch, every, readable))
    assert all("run the same sweep again" in one for one in said), said
    assert len(stages) > 20 // every
    for url in stages:
        assert shards(url) == expected
        assert verify(place(url)).sound
        assert len([name for name in objects_at(url).names(f"{url}/status/manifest") if "cube-" in name]) == 1


@EVERY
def test_overwriting_that_is_killed_at_any_request_is_finished_by_the_same_command(short, monkeypatch, every):
    expected = made_alone(OTHER)

    def the_old_one_or_none(url):
        try:
            cube = open_cube(url)
        except CubeError:
            return
        assert "500" in cube.attrs["sweep"] or set(shards(url)) == {file for file in short if "/c/" in file}

    stages = list(killed_everywhere(short, OTHER, monkeypatch, every, the_old_one_or_none, overwrite=True))
    assert len(stages) > 20 // every
    for url in stages:
        assert shards(url) == expected
        assert verify(place(url)).sound


def test_a_place_that_was_half_overwritten_says_so(short, monkeypatch):
    url = new()
    put_all(url, short | {OVERWRITTEN: b"{}"})
    objects_at(url).delete(f"{url}/zarr.json")
    for use in (open_cube, lambda url: go(OTHER, url)):
        with pytest.raises(CubeError, match=r"overwritten, or was .* overwrite"):
            use(url)
    assert go(OTHER, url, overwrite=True).points == 18


def test_a_tile_of_the_former_cube_that_comes_late_is_computed_anew(short):
    url = new()
    put_all(url, short)
    former = {file: raw for file, raw in shards(url).items() if "/c/1/0/0" in file}
    go(OTHER, url, overwrite=True)
    bucket, expected = objects_at(url), shards(url)
    assert any(expected[file] != raw for file, raw in former.items())
    records = [name for name in bucket.names(f"{url}/status/manifest") if name.endswith(".tiles")]
    for file in (*former, *(f"status/manifest/{name}" for name in records)):
        bucket.delete(f"{url}/{file}")
    reader = open_cube(url)
    put_all(url, former)
    assert (reader.load().status == 0).all()
    go(OTHER, url)
    assert shards(url) == expected


@pytest.mark.parametrize("name", ["status", "investment"])
@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("sweep", [SHORT, OTHER, replace(OTHER, axes={**OTHER.axes, "beta": [0.1, 0.5]})])
def test_a_reader_of_the_former_cube_sees_nothing_of_the_new_one(short, sweep, recorded, name):
    """Whether a file of the new one can be read as one of the former or not, and whichever is read first."""
    url = new()
    put_all(url, {file: raw for file, raw in short.items() if recorded or not file.endswith(".tiles")})
    cube = open_cube(url)
    cube.investment[0, 0].load()  # so that it asks for the next ten seconds not again which cube it is
    run_report(sweep, url, overwrite=True, progress=False)
    with pytest.raises(CubeError, match="replaced or moved"):
        cube[name].load()


def test_a_request_to_delete_that_comes_late_takes_nothing_unseen(short, monkeypatch):
    url, deleted, delete = new(), [], Objects.delete

    def noted(self, path):
        deleted.append(str(path)[len(url) + 1 :])
        delete(self, path)

    put_all(url, short)
    with monkeypatch.context() as patch:
        patch.setattr(Objects, "delete", noted)
        go(OTHER, url, overwrite=True)
    bucket, files, right = objects_at(url), whole(url), open_cube(url).load()
    again = [file for file in deleted if file in files]
    assert {file for file in again if "/c/" not in file} == {"zarr.json"}
    assert any("/c/" in file for file in again)
    for file in again:
        bucket.delete(f"{url}/{file}")
        try:
            assert open_cube(url).load().identical(right)
        except CubeError:
            pass
        else:
            assert not file.startswith(("investment/c", "zarr.json"))
        bucket.put(f"{url}/{file}", [files[file]])
