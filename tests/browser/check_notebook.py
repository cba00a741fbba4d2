"""A real JupyterLab in the browser: the page below a cell, a bar of progress, summaries, a figure."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from urllib.request import urlopen

import pytest
from helpers.explorer.browser import PATIENCE_MS, PICTURES
from playwright.sync_api import TimeoutError

CELLS = (
    """from equisweep.sweeps import Sweep, run
sweep = Sweep(
    model="external",
    axes={"alpha": {"start": 0.1, "stop": 0.9, "num": 9}, "beta": [0.05, 0.2, 0.3]},
    fixed={"L": 400, "v": 0.5, "E": 0.1, "mechanism": "sharing", "n": 3},
    outputs=["investment", "expected_loss"],
)
cube = run(sweep, "cube.zarr", tile_points=3)""",
    "cube.equisweep",
    'cube.equisweep.plot("investment", x="alpha", y="beta")',
    "cube.equisweep.explore()",
)
TOKEN = "t0ken-of-a-test"


@contextmanager
def served(folder):
    """A JupyterLab on this machine, which shows the notebooks of a folder and asks nobody else."""
    empty = {"metadata": {}, "outputs": [], "execution_count": None}
    notebook = {
        "cells": [
            {"cell_type": "code", "source": text, "id": f"c{i}", **empty}
            for i, text in enumerate(CELLS)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4, "nbformat_minor": 5,
    }  # fmt: skip
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    (folder / "study.ipynb").write_text(json.dumps(notebook))
    own = {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")}
    own |= {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    with subprocess.Popen(
        [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
            f"--IdentityProvider.token={TOKEN}", "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            f"--ServerApp.root_dir={folder}",
        ],
        env=os.environ | own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        try:
            yield address_of(folder / "runtime", server)
        finally:
            server.terminate()


def address_of(runtime, server):
    """Where it is served, which it writes into a file once it is."""
    for _ in range(600):
        assert server.poll() is None
        for file in runtime.glob("jpserver-*.json"):
            url = json.loads(file.read_text() or "{}").get("url", "")
            if url and urlopen(f"{url}api?token={TOKEN}").status == 200:
                return url
        time.sleep(0.1)
    raise AssertionError("JupyterLab did not start")


def run_all(page):
    """Run all cells: what is asked for while the kernel is still connecting is forgotten by JupyterLab."""
    for _ in range(10):
        page.click(".lm-MenuBar-itemLabel:text-is('Run')")
        page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
        with suppress(TimeoutError):
            page.wait_for_selector(".jp-CodeCell .jp-InputPrompt:text-is('[1]:')", timeout=PATIENCE_MS)
            return
    raise AssertionError("JupyterLab ran no cell")


@pytest.fixture(scope="module")
def executed(opened, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    with served(folder) as url:
        context = opened.new_context(viewport={"width": 1400, "height": 1400})
        page = context.new_page()
        page.set_default_timeout(4 * PATIENCE_MS)
        page.goto(f"{url}lab/tree/study.ipynb?token={TOKEN}")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell >> nth=3")
        page.wait_for_selector("text=Python 3 (ipykernel) | Idle")
        try:
            run_all(page)
            page.wait_for_selector(".jp-OutputArea-output iframe", state="attached")
        finally:
            page.screenshot(path=PICTURES / "notebook.png")
        yield page
        context.close()


def test_the_page_is_shown_below_its_cell_and_can_be_used_there(executed):
    inside = executed.frame_locator(".jp-OutputArea-output iframe")
    inside.locator("body[data-drawn]:not(.busy)").wait_for(state="attached")
    assert inside.locator("#error").is_hidden()
    assert inside.locator("#plots canvas").count() > 0
    drawn = inside.locator("body").get_attribute("data-drawn")
    inside.locator("#var").select_option("expected_loss")
    inside.locator(f'body:not(.busy):not([data-drawn="{drawn}"])').wait_for(state="attached")
    assert "expected loss" in inside.locator("#selected").inner_text()


def test_a_run_shows_one_bar_that_ends_whole_and_a_cube_its_summary(executed):
    outputs = executed.locator(".jp-CodeCell .jp-OutputArea")
    progress = outputs.first.inner_text()
    assert progress.count("points") == 2, progress  # one line that was drawn over: so many points, points/s
    assert progress.startswith(f"[{'#' * 24}] 100%  27 of 27 points")
    summary = executed.locator(".jp-RenderedHTMLCommon table").first.inner_text()
    assert "alpha" in summary
    assert executed.locator(".jp-RenderedImage img").count() == 1
