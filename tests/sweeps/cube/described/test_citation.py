"""What a sweep says about itself stands in its cube, and a bibliography can take it."""

import re

import pytest
import xarray as xr
from equisweep.sweeps import Sweep, SweepError, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.cube.described.citation import citation_of

SWEEP = {"model": "external", "outputs": ["investment"], "axes": {"alpha": [0.1, 0.5]}}
ABOUT = {
    "title": "Links & losses: 50% of {all} cases_",
    "creator": "A. Analyst",
    "license": "CC-BY-4.0",
    "citation": "Analyst (2026)\x1b[31m\nand others",
    "comment": "for the second report",
}


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    path = tmp_path_factory.mktemp("about") / "cube.zarr"
    run(Sweep(**SWEEP, about=ABOUT), path, progress=False)
    return path


def entries(text: str) -> dict[str, dict[str, str]]:
    """Fields of each BibTeX entry, by its kind and key; braces inside a field balance or are escaped."""
    result = {}
    for kind, key, body in re.findall(r"^@(\w+)\{(\w+),\n(.*?)^\}$", text, re.M | re.S):
        fields = dict(re.findall(r"^  (\w+) = \{(.*)\},$", body, re.M))
        assert len(fields) == len(body.splitlines())
        result[f"{kind} {re.sub('_[0-9a-f]{8}$', '', key)}"] = fields
    return result


def test_it_stands_in_the_attributes_that_xarray_reads(cube):
    attributes = xr.open_zarr(cube).attrs
    assert {key: attributes[key] for key in ABOUT} == ABOUT


def test_info_shows_it_clean_and_a_bibliography_takes_it(cube, capsys):
    assert main(["info", str(cube)]) == 0
    shown = capsys.readouterr().out
    assert "license: CC-BY-4.0" in shown
    assert "\x1b" not in shown
    assert main(["info", str(cube), "--citation"]) == 0
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert text.splitlines()[0].startswith("% The maker of this cube asks: Analyst (2026)")
    assert text.splitlines()[1] == ""  # a text of two lines ends no comment
    read = entries(text)
    assert set(read) == {"misc cube", "software equisweep", "misc model_external"}
    assert read["misc cube"]["title"] == r"Links \& losses: 50\% of \{all\} cases\_"
    assert read["misc cube"]["author"] == "A. Analyst"
    assert "2 points" in read["misc cube"]["howpublished"]
    assert re.fullmatch(r"20\d\d", read["misc cube"]["year"])
    assert "jax" in read["software equisweep"]["note"]
    assert "doi" in read["misc model_external"]["note"]


def test_without_it_a_cube_is_cited_by_its_model(tmp_path):
    run(Sweep(**SWEEP), tmp_path / "cube.zarr", progress=False)
    read = entries(citation_of(tmp_path / "cube.zarr"))
    assert "author" not in read["misc cube"]
    assert read["misc cube"]["title"].startswith("External")


def test_a_finished_cube_stays_as_it_was_made(cube):
    before = (cube / "zarr.json").read_bytes()
    run(Sweep(**SWEEP, about={"license": "other"}), cube, progress=False)
    assert (cube / "zarr.json").read_bytes() == before


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"licence": "x"}, "sweep: about: licence: unknown key; did you mean 'license'"),
        ({"creator": ""}, "sweep: about.creator: '' should be a text"),
        ({"creator": 5}, "sweep: about.creator: 5 should be a text"),
        ({"comment": "x" * 10_001}, "sweep: about.comment: 10,001 letters; at most 10,000 are kept"),
        ("me", "sweep: about: 'me' should be a table"),
    ],
)
def test_what_is_no_text_is_refused(about, message):
    with pytest.raises(SweepError, match=re.escape(message)):
        Sweep(**SWEEP, about=about).space()
