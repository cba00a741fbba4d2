"""What the page has computed or copied: trajectories, boundaries, commands, files, tiles that come."""

import re
import subprocess
import sys
from pathlib import Path

import equisweep.sweeps.accessor  # noqa: F401
import pytest
from equisweep.sweeps import run
from equisweep.sweeps.explore.source import source_of_path
from helpers.ended_early import refused_after
from helpers.explorer.browser import PICTURES, page_of, shown_in
from helpers.explorer.cubes import HAWKS_FILE, HOSTILE, hawks_cube, hostile_cube
from helpers.small_sweeps import small_sweep

MAP = "#var=hawks_final&x=V&y=C"
BIN = Path(sys.executable).parent


def test_a_button_computes_the_trajectory_of_a_point_and_another_the_boundary(opened):
    with page_of(opened, hawks_cube(), address=MAP, model=HAWKS_FILE) as shown:
        shown.page.mouse.click(*shown.place(0, 2.5, 4.0))
        shown.page.click("#compute-motion")
        shown.page.wait_for_selector("#motion .trajectory canvas")
        assert shown.page.inner_text("#motion").startswith("Phase portrait")
        assert shown.page.evaluate("document.getElementById('portrait').naturalWidth") > 400
        shown.page.select_option("#along", "x")
        shown.page.click("#find-boundary")
        shown.page.wait_for_selector("#boundary-note:has-text('which value it passes')")
        shown.page.fill("#level", "0.3")
        shown.page.press("#level", "Enter")
        before = shown.dots("#000000")
        shown.page.click("#find-boundary")
        shown.page.wait_for_selector("#boundary-note:has-text('2 points of the boundary')")
        assert shown.dots("#000000") > before
        shown.value("scrollTo(0, 0)")
        shown.picture("motion")
        (line,) = shown.value("EQ.page.overlay.panels")
        assert [round(one, 3) for one in line[0]] == [1.2, 2.4]  # V = 0.3 C
        assert shown.error == ""


def test_code_of_the_users_has_no_button_without_consent(opened):
    with page_of(opened, hawks_cube(), address=MAP) as shown:
        shown.page.mouse.click(*shown.place(0, 2.5, 4.0))
        shown.page.wait_for_selector("#motion")
        assert "runs only if you say where it lies" in shown.page.inner_text("#motion")
        assert shown.page.locator("#compute-motion").count() == 0
        shown.page.click("#find-boundary")
        shown.page.wait_for_selector("#boundary-note:has-text('your own code, and no part of the cube')")


@pytest.fixture(scope="module")
def small_cube(tmp_path_factory):
    path = tmp_path_factory.mktemp("it's a cube") / "small.zarr"
    run(small_sweep(), path)
    return path


def copied(shown, panel):
    """The texts under a panel that its buttons copy."""
    return shown.page.locator(f"#{panel} pre").all_inner_texts()


def in_shell(command, folder):
    """What a command that was copied prints, typed into a shell."""
    done = subprocess.run(
        ["bash", "-c", f"PATH={BIN}:$PATH; {command}"],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_copied_runs_as_it_is(opened, small_cube, tmp_path):
    address = "#var=investment&x=alpha&y=beta&sel=n%3D3&sel=mechanism%3Dsharing&keep=corner"
    with page_of(opened, source_of_path(small_cube), address=address) as shown:
        shown.page.wait_for_selector("#copies a.file")
        for name, start in {
            "picture.png": b"\x89PNG", "picture.svg": b"<?xml", "picture.pdf": b"%PDF",
            "drawn.csv": b"alpha,beta,investment [money],status",
        }.items():  # fmt: skip
            with shown.page.expect_download() as waiting:
                shown.page.click(f"#copies a[download='{name}'] button")
            body = waiting.value.path().read_bytes()
            assert body.startswith(start) or name == "drawn.csv", name
            (PICTURES / f"copied_{name}").write_bytes(body)
        command, lines = copied(shown, "copies")
        shown.page.locator("#copies pre + button").first.click()
        shown.page.wait_for_selector("#copies button:text-matches('copied|selected')")
        (x0, y0), (x1, y1) = shown.place(0, 0.25, 0.1), shown.place(0, 0.65, 0.29)
        shown.page.mouse.move(x0, y0)
        shown.page.mouse.down()
        shown.page.mouse.move(x1, y1, steps=4)
        shown.page.mouse.up()
        shown.page.wait_for_selector("#where")
        _, inside = copied(shown, "box")
        shown.page.mouse.click(*shown.place(0, 0.5, 0.2))
        shown.page.wait_for_selector("#point #status")
        (exactly,) = copied(shown, "point")
    in_shell(command, tmp_path)
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "picture.png").unlink()
    (tmp_path / "lines.py").write_text(lines)
    in_shell(f"python {tmp_path}/lines.py", tmp_path)
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    rows = in_shell(f"{inside} --format csv", tmp_path).splitlines()
    assert len(rows) == 1 + 4  # alpha 0.3 to 0.6 at beta = 0.2
    assert len(in_shell(f"{exactly} --format csv", tmp_path).splitlines()) == 2


def test_what_is_copied_of_a_hostile_cube_does_nothing_in_a_shell(opened, tmp_path):
    evil = f"'; touch {tmp_path}/owned; '{HOSTILE}$(touch {tmp_path}/owned)"
    cube = hostile_cube().rename({HOSTILE + "d": evil})
    page = cube.equisweep.explore_html(tmp_path / "hostile.html")
    with page_of(opened, cube) as served, shown_in(opened, page.as_uri(), offline=True) as alone:
        for shown in (served, alone):
            shown.page.mouse.click(*shown.place(0, 2.0, 1.5))
            shown.page.wait_for_selector("#point #status")
            (text,) = copied(shown, "point")
            words = in_shell(f"printf '%s\\n' {text}", tmp_path).splitlines()
            assert words.count("--sel") == 3
            assert any(word.startswith(f"{evil}=") for word in words)
        served.choose("x", evil).choose("y", "b")
        (x0, y0), (x1, y1) = served.place(0, -0.4, 0.6), served.place(0, 1.4, 2.4)
        served.page.mouse.move(x0, y0)
        served.page.mouse.down()
        served.page.mouse.move(x1, y1, steps=4)
        served.page.mouse.up()
        served.page.wait_for_selector("#where")
        for text in copied(served, "box"):
            in_shell(f"printf '%s\\n' {text}", tmp_path)
    assert not (tmp_path / "owned").exists()


def test_tiles_appear_on_the_page_as_they_are_computed(opened, tmp_path):
    root, sweep = tmp_path / "cube.zarr", small_sweep(derivatives={})
    with refused_after(3):
        run(sweep, root, tile_points=12)
    address = "#var=investment&x=alpha&y=beta&facet=mechanism&facet=n&keep=corner"
    with page_of(opened, source_of_path(root), address=address) as shown:
        assert "72 not computed" in shown.page.inner_text("#note")
        shown.picture("growing")
        run(sweep, root)
        shown.page.wait_for_selector("#note:not(:has-text('not computed'))")
        shown.picture("grown")
        assert shown.value("EQ.page.finished")


def test_the_command_serves_a_page_and_writes_one(opened, small_cube, tmp_path):
    command = [BIN / "equisweep", "explore", small_cube, "--with", small_cube, "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout is not None
            url = serving.stdout.readline().strip()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]+/", url)
            with shown_in(opened, url) as shown:
                shown.choose("compare", "difference").picture("no_difference")
                assert shown.value("EQ.finite(EQ.numbers(EQ.page.view.layers[0].values)).join()") == "0,0"
        finally:
            serving.terminate()
    written = in_shell(f'equisweep explore "{small_cube}" --html page.html --megabytes 3 --sel n=3', tmp_path)
    assert written == "page.html\n"
    with shown_in(opened, (tmp_path / "page.html").as_uri(), offline=True) as alone:
        assert alone.value("EQ.page.view.kind") in ("heat", "lines")
        alone.picture("html_command")
