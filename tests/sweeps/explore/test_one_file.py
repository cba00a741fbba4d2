"""A page of one file: how large it is, what it holds of the cube, and that nothing in it is markup."""

import json
import re
from base64 import b64decode
from html.parser import HTMLParser

import equisweep.sweeps.accessor  # noqa: F401
import numpy as np
import pytest
import xarray as xr
from equisweep.sweeps import SweepError
from equisweep.sweeps.explore.assets import bokeh_files
from helpers.hard_cube import hard_cube

HOSTILE = "</script><script>alert('<!-- &amp;')</script>\u2028"


def cube_in(path) -> dict:
    (data,) = re.findall(
        r'<script type="application/json" id="cube">(.*?)</script>', path.read_text("utf-8"), re.S
    )
    return json.loads(data)


def large() -> xr.Dataset:
    values = np.arange(2 * 300 * 200, dtype=float).reshape(2, 300, 200)
    status = np.ones(values.shape, np.uint8)
    dims = ("who", "a", "b")
    return xr.Dataset(
        {"u": (dims, values), "status": (dims, status)},
        {"who": ["x", "y"], "a": np.arange(300.0), "b": np.arange(200) * 2},
    )


def megabytes_of_scripts() -> float:
    """What each page holds beside its cube: mostly Bokeh, some releases of which are larger than others."""
    return sum(file.stat().st_size for file in bokeh_files().values()) / 1e6


@pytest.mark.parametrize(
    ("for_the_cube", "step"), [(2.6, {"a": 1, "b": 1}), (0.7, {"a": 2, "b": 1}), (0.4, {"a": 2, "b": 2})]
)
def test_a_cube_is_cut_along_its_axes_of_numbers_until_it_fits(tmp_path, for_the_cube, step):
    megabytes = megabytes_of_scripts() + for_the_cube
    page = large().equisweep.explore_html(tmp_path / "page.html", megabytes=megabytes)
    assert page.stat().st_size <= megabytes * 1e6
    cube = cube_in(page)
    values = np.frombuffer(b64decode(cube["arrays"]["u"]["numbers"]["bytes"]), np.float32)
    wanted = large()["u"].values[:, :: step["a"], :: step["b"]]
    np.testing.assert_array_equal(values.reshape(wanted.shape), wanted)
    for name, k in step.items():
        assert (f"one in {k} of" in cube["cut"] and f"values of {name}" in cube["cut"]) == (k > 1)


def test_what_does_not_fit_names_what_it_takes(tmp_path):
    with pytest.raises(SweepError, match=r"megabytes=1: what cannot be cut takes 1\.\d MB; select less"):
        large().equisweep.explore_html(tmp_path / "page.html", megabytes=1)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("mine")
    with pytest.raises(SweepError, match="is there already; overwrite=True replaces it"):
        hard_cube().equisweep.explore_html(page)
    assert page.read_text() == "mine"
    hard_cube().equisweep.explore_html(page, overwrite=True)
    assert page.read_text().startswith("<!doctype html>")


def test_a_hostile_cube_is_data_in_its_page_and_the_page_asks_nobody(tmp_path):
    cube = hard_cube().rename(loss=HOSTILE).assign_attrs(title=HOSTILE)
    cube[HOSTILE].attrs |= {"units": HOSTILE, "long_name": HOSTILE, "symbol": HOSTILE}
    page = cube.assign_coords(mechanism=[HOSTILE, "b"]).equisweep.explore_html(tmp_path / "page.html")
    text = page.read_text("utf-8")
    assert cube_in(page)["title"] == HOSTILE
    assert "<script>alert" not in text
    tags: list[str] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append(tag)
            assert not {"src", "srcset"} & {name for name, _ in attrs}

    Tags().feed(text)
    plain = hard_cube().equisweep.explore_html(tmp_path / "plain.html").read_text("utf-8")
    wanted, tags[:] = list(tags), []
    Tags().feed(plain)
    assert tags == wanted
    assert "default-src 'none'" in text
    assert "connect-src" not in text  # which default-src forbids


def test_the_selected_part_alone_stands_in_the_page(tmp_path):
    page = large().equisweep.explore_html(tmp_path / "page.html", selections=["who=x", "a=5:9"])
    cube = cube_in(page)
    assert [(dim["dim"], dim["size"]) for dim in cube["dims"]] == [("a", 5), ("b", 200)]
    assert cube["fixed"] == [["who", "x"]]
