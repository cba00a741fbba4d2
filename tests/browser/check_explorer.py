"""The explorer in a real browser: `make test-browser`. Pictures of it lie in build/browser afterwards."""

import equisweep.sweeps.accessor  # noqa: F401
from helpers.explorer.browser import page_of, shown_in
from helpers.explorer.cubes import HOSTILE, hostile_cube, sampled_cube, varied_cube


def test_every_control_draws_what_it_says(opened):
    with page_of(opened, varied_cube()) as shown:
        kind = "EQ.page.view.kind"
        panels = "EQ.page.panels.length"
        assert (shown.value(kind), shown.value(panels), shown.error) == ("heat", 1, "")
        assert shown.value("[EQ.page.view.x.name, EQ.page.view.second.name].join()") == "a,b"
        shown.tick("log-y").picture("heat")
        assert shown.value("EQ.page.view.second.log")
        before = shown.value("EQ.page.view.colours.high")
        shown.press("dim-n", "ArrowRight")
        assert shown.value("EQ.page.state.sel").count("n=5") == 1
        assert shown.value("EQ.page.view.colours.high") > before
        shown.choose("dim-who", "1")
        assert "who=together" in shown.value("EQ.page.state.sel")
        shown.choose("kind", "contour").fill("levels", "1,5,9,12").picture("contour")
        assert shown.value("EQ.page.view.colours.palette.length") >= 3
        shown.fill("levels", "").choose("kind", "").choose("cmap", "magma").fill("range", "2:8")
        assert shown.value("[EQ.page.view.colours.low, EQ.page.view.colours.high].join()") == "2,8"
        shown.fill("range", "").fill("keep", "corner")
        assert "corner" in shown.page.inner_text("#note")
        shown.choose("facet", "who").choose("facet2", "n").picture("facets")
        assert shown.value(panels) == 6
        shown.choose("facet2", "").choose("facet", "").tick("log-color")
        assert shown.value("EQ.page.view.colours.log")
        shown.tick("log-color").tick("log-x")
        assert shown.value("EQ.page.view.x.log")
        shown.tick("log-x").choose("kind", "heat").choose("kind", "").choose("x", "b")
        assert shown.value("[EQ.page.state.x, EQ.page.state.y].join()") == "b,a"
        shown.choose("var", "kind").picture("classes")
        assert shown.value(kind) == "classes"
        assert "some do (" in shown.page.inner_text("#legend")
        colours = {"nobody": "#dddddd", "some do": "#009e73", "all": "#56b4e9"}  # those of `plot`
        assert min(shown.dots(colour) for colour in colours.values()) > 3000
        assert {one["name"]: one["colour"] for one in shown.value("EQ.page.view.classes")} == colours
        shown.choose("var", "loss").choose("y", "").choose("var", "loss", "hours").choose("hue", "n").picture(
            "lines"
        )
        assert (shown.value(kind), shown.value("EQ.page.view.lines.length"), shown.value(panels)) == (
            "lines",
            6,
            2,
        )
        assert min(shown.dots(colour) for colour in ("#0072b2", "#d55e00", "#009e73")) > 300
        assert shown.error == ""


def test_a_view_can_be_sent_by_its_address(opened):
    address = "#var=loss&x=a&y=b&sel=n%3D3&sel=who%3Dtogether&log=y&cmap=cividis"
    with page_of(opened, varied_cube(), address=address) as shown:
        state = shown.value("EQ.page.state")
        assert (state["cmap"], state["log"], sorted(state["sel"])) == (
            "cividis",
            ["y"],
            ["n=3", "who=together"],
        )
        before = shown.drawn
        shown.value("location.hash = 'var=kind&x=b&y=a&sel=n%3D5&sel=who%3Dalone'")
        shown.settled(before)
        assert shown.value("EQ.page.view.kind") == "classes"
        before = shown.drawn
        shown.value("location.hash = 'var=nothing&x=a'")
        shown.settled(before)
        assert "no such variable" in shown.error


def test_a_click_gives_the_point_and_a_box_a_condition(opened):
    address = "#var=loss&x=a&y=b&sel=n%3D4&sel=who%3Dalone"
    with page_of(opened, varied_cube(), address=address) as shown:
        shown.page.mouse.click(*shown.place(0, 0.5, 0.5623))
        shown.page.wait_for_selector("#point #status")
        text = shown.page.inner_text("#point")
        assert "ok: interior solution" in text
        assert "--sel who=alone --sel n=4 --sel a=0.5 --sel b=0.5623413251903491" in text
        assert "Derivatives" in text
        assert "d_loss_d_a" in text
        assert shown.value("EQ.page.state.point").count("n=4") == 1
        shown.page.mouse.move(*shown.place(0, 0.9, 0.99))
        shown.page.wait_for_selector("#hover:has-text('not computed')")
        (x0, y0), (x1, y1) = shown.place(0, 0.29, 0.2), shown.place(0, 0.61, 0.7)
        shown.page.mouse.move(x0, y0)
        shown.page.mouse.down()
        shown.page.mouse.move((x0 + x1) / 2, (y0 + y1) / 2, steps=4)
        shown.page.mouse.move(x1, y1, steps=4)
        shown.page.mouse.up()
        shown.page.wait_for_selector("#where")
        where = shown.page.inner_text("#where")
        assert "a >= 0.30000000000000004 and a <= 0.58 and b >= 0.23713737056616552 and b <= 0.56234" in where
        shown.picture("point_and_box")
        before = shown.drawn
        shown.page.click("#zoom")
        shown.settled(before)
        assert shown.value("EQ.numbers(EQ.page.view.x.positions).length") == 8
        before = shown.drawn
        shown.page.click("#whole")
        shown.settled(before)
        assert shown.value("EQ.numbers(EQ.page.view.x.positions).length") == 21


def test_what_is_shown_is_downloaded_and_copied(opened):
    with page_of(opened, varied_cube()) as shown:
        shown.page.wait_for_selector("#copies a.file")
        assert "equisweep plot first --var loss --x a --y b" in shown.page.inner_text("#copies")
        with shown.page.expect_download() as waiting:
            shown.page.click("#copies a[download='drawn.csv'] button")
        assert waiting.value.path().read_text().startswith("b [1/s],a,loss [money],status")


def test_two_cubes_are_linked_and_subtracted(opened):
    with page_of(opened, varied_cube(), varied_cube(2.0)) as shown:
        shown.choose("compare", "beside").picture("beside")
        assert shown.value("EQ.page.panels.length") == 2
        assert shown.value("EQ.page.panels[0].figure.x_range === EQ.page.panels[1].figure.x_range")
        assert len(set(shown.value("EQ.page.panels.map((one) => one.view.colours.low)"))) == 1
        shown.choose("compare", "difference")
        low, high = shown.value("[EQ.page.view.colours.low, EQ.page.view.colours.high]")
        assert (round(low, 9), round(high, 2)) == (-2, -2)


def test_samples_scatter_with_crosses_where_there_is_no_result(opened):
    with page_of(opened, sampled_cube()) as shown:
        assert shown.value("EQ.page.view.kind") == "scatter"
        assert "40 of 400 points" in shown.page.inner_text("#note")
        assert shown.dots("#21918c") > 300
        shown.picture("scatter")
        x, y = shown.value("[EQ.numbers(EQ.page.view.across)[77], EQ.numbers(EQ.page.view.up)[77]]")
        shown.page.mouse.click(*shown.place(0, x, y))
        shown.page.wait_for_selector("#point #status")
        assert repr(float(sampled_cube()["a"][77])) in shown.page.inner_text("#point")
        shown.choose("var", "side")
        assert "high (" in shown.page.inner_text("#legend")
        shown.choose("var", "u").choose("y", "v")
        assert (shown.error, shown.value("EQ.page.view.upwards.label")) == ("", "v")


def test_an_unfinished_cube_is_hatched_and_counted(opened):
    nothing = varied_cube()
    nothing["status"][:] = 0
    for cube, some in ((varied_cube(), True), (nothing, False)):
        with page_of(opened, cube, address="#var=loss&x=a&y=b&sel=n%3D4&sel=who%3Dalone") as shown:
            assert shown.error == ""
            assert "not computed" in shown.page.inner_text("#note")
            assert "not computed (" in shown.page.inner_text("#legend")
            assert shown.dots("#f6f6f6") > 3000
            shown.picture("unfinished" if some else "nothing_yet")


def test_a_hostile_cube_is_text(opened, tmp_path):
    page = hostile_cube().equisweep.explore_html(tmp_path / "hostile.html")
    with page_of(opened, hostile_cube()) as served, shown_in(opened, page.as_uri(), offline=True) as alone:
        for shown in (served, alone):
            assert shown.error == ""
            assert shown.page.inner_text("h1") == HOSTILE
            shown.page.mouse.click(*shown.place(0, 2.0, 1.5))
            shown.page.wait_for_selector("#point #status")
            shown.choose("facet", HOSTILE + "d").choose("var", "kind").choose("facet", "").choose("y", "")
            shown.choose("var", HOSTILE).choose("hue", HOSTILE + "d")
            assert shown.error == ""
            assert shown.value("window.hacked") is None
            assert shown.value("document.querySelectorAll('img').length") == 0
            shown.picture("hostile" if shown is served else "hostile_alone")


def test_a_page_of_one_file_needs_nobody(opened, tmp_path):
    page = varied_cube().equisweep.explore_html(tmp_path / "page.html")
    with page_of(opened, varied_cube()) as served, shown_in(opened, page.as_uri(), offline=True) as alone:
        numbers = "Array.from(EQ.numbers(EQ.page.view.layers[0].values), (one) => String(one)).join()"
        for steps in (
            (),
            ("log-y",),
            ("var", "kind"),
            ("y", ""),
            ("var", "loss", "hours"),
            ("hue", "n"),
            ("facet", "who"),
        ):
            for shown in (served, alone):
                if len(steps) == 1:
                    shown.tick(*steps)
                elif steps == ("y", ""):
                    shown.choose("var", "loss").choose(*steps)
                elif steps:
                    shown.choose(*steps)
            assert alone.error == served.error == ""
            assert alone.value("EQ.page.view.kind") == served.value("EQ.page.view.kind")
            assert alone.value(numbers) == served.value(numbers), steps
        alone.page.mouse.click(*alone.place(0, 0.5, 5.0))
        alone.page.wait_for_selector("#point #status")
        assert "--sel a=0.5" in alone.page.inner_text("#point")
        alone.picture("one_file")
