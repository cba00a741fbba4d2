"""Every example of the README and the documentation works, and shows what it prints."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.pages import PAGES, README, agree, blocks, check_page, page_before
from helpers.pictures import figures
from helpers.products import covering
from helpers.project import ROOT

# What is not executed, by its first line, and why; the reason stands above the block, too.
NOT_RUN = {
    (
        "docs/howto/object_storage.md",
        "equisweep run sweep.toml -o s3://bucket/cube.zarr",
    ): "needs a bucket; the same commands are run on a server by `make test-cluster`",
    ("docs/howto/object_storage.md", "import xarray"): "needs a bucket",
    (
        "docs/howto/icechunk.md",
        "equisweep run sweep.toml -o s3://bucket/repo.icechunk",
    ): "needs a bucket; the same is run on a server by `make test-cluster`",
    ("README.md", "make demo"): "sets up an environment",
    ("docs/tutorial.md", "make demo"): "sets up an environment",
    ("docs/tutorial.md", "pip install ."): "installs",
    ("docs/design/gate.md", "cd tests && ../.venv/bin/python -m faults.hostile_inputs"): "some minutes",
    ("docs/howto/dask.md", "equisweep run spread.toml -o spread.zarr --workers 2"): "starts processes",
    ("docs/howto/dask.md", "dask scheduler --host 10.0.0.1 --port 8786"): "starts processes",
    (
        "docs/howto/dask.md",
        "# on the first host",
    ): "needs an SSH server; the same is run on one by `make test-cluster`",
    (
        "docs/howto/dask.md",
        "# where jobs are submitted",
    ): "needs SLURM; the same is run on one node of it by `make test-cluster`",
    ("docs/howto/dask.md", "from dask.distributed import Client"): "needs GPUs",
    ("docs/howto/explore.md", "pip install 'equisweep[explore]'"): "it serves until it is stopped",
    (
        "docs/howto/explore.md",
        "equisweep explore orbits.zarr --model my_game.py:my_game",
    ): "it serves until it is stopped",
    ("docs/howto/gpu.md", "pip install '.[cuda13]'"): "installs",
    ("docs/howto/gpu.md", "equisweep run sweep.toml -o cube.zarr --device gpu"): "needs a GPU",
    ("docs/howto/performance.md", "make bench-quick"): "takes minutes, and installs",
}
# tests/sweeps/plots/test_gallery.py runs its commands, on cubes in memory: they are too large to make here.
GALLERY = ROOT / "docs" / "gallery" / "index.md"
# Figures of papers are laid out by `make test-products`.
AUDIT = ROOT / "docs" / "howto" / "audit.md"
# What is executed but not compared.
VARIES = {
    ("docs/howto/sensitivity.md", f"equisweep run {name}.toml -o {name}.zarr -q")
    for name in ("sampled", "streamed", "correlated")
} | {
    ("docs/howto/given_data.md", "equisweep run any.toml -o any.zarr -q"),
    (
        "docs/howto/discover.md",
        "equisweep discover scenario.zarr --where 'expected_loss > 40' --method tree --boxes 2",
    ),
}
RUNNABLE = [
    page
    for page in PAGES
    if page != GALLERY and any(b.language in ("toml", "python", "sh") for b in blocks(page))
]


def _name(page: Path | bool) -> str:
    return str(page.relative_to(ROOT)) if isinstance(page, Path) else "laid out" * page


def _first_line(code: str) -> str:
    return re.split(r"  +#", code.splitlines()[0])[0].strip()


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Callable[[Path], Path]:
    """Runs a page once, after the page that it goes on from, and returns its folder."""
    done: dict[Path, Path] = {}

    def once(page: Path, laid_out: bool = False) -> Path:
        if page not in done or laid_out:
            folder = tmp_path_factory.mktemp("page")
            before = page_before(page)
            for file in once(before).iterdir() if before else ():
                if not file.is_symlink():
                    (folder / file.name).symlink_to(file)
            with figures(laid_out):
                check_page(page, folder)
            done[page] = folder
        return done[page]

    return once


# The README runs beside the other pages, on another core: test_readme.py.
@pytest.mark.parametrize(
    ("page", "laid_out"),
    covering(
        [*((page, False) for page in RUNNABLE if page != README), (AUDIT, True)],
        lambda _, laid_out: not laid_out,
        columns=1,
    ),
    ids=_name,
)
def test_a_page_works_and_shows_what_it_prints(page, laid_out, run):
    run(page, laid_out)


def test_what_is_not_run_is_listed_with_its_reason():
    marked = [(page, block) for page in RUNNABLE for block in blocks(page) if block.mark]
    marks = {(_name(page), _first_line(block.code)): block.mark for page, block in marked}
    skipped = {key: mark for key, mark in marks.items() if mark.startswith("not run: ")}
    assert skipped == {key: f"not run: {why}" for key, why in NOT_RUN.items()}
    assert {key for key, mark in marks.items() if mark.startswith("output varies: ")} == VARIES
    assert len(marks) == len(marked) == len(NOT_RUN) + len(VARIES)


def test_a_page_that_shows_something_else_would_be_seen():
    assert agree("a  b\n-  ---\n1  0.12345678", "a  b\n-  -\n1  0.12345679")
    assert agree("took ... s\n...\nend", "took 3.2 s\nmuch\nmore\nend")
    assert not agree("1  0.1234", "1  0.1235")
    assert not agree("2 points", "2 pints")
    assert not agree("took ... s\nend", "took 3.2 s\nmore\nend")


def test_asking_pages_write_their_files_and_no_others(run):
    def new(page: str) -> set[str]:
        return {path.name for path in run(ROOT / page).iterdir() if not path.is_symlink()}

    assert new("docs/howto/ask.md") == {"part.parquet", "part.nc", "statuses.csv"}
    assert new("docs/howto/sql.md") == {"high.csv"}
