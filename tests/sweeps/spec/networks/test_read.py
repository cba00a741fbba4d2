"""A matrix of links in the forms that spreadsheets and R leave it in: the same weights from each."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from equisweep.sweeps import SweepError
from equisweep.sweeps.spec.networks.read import read_network

CITIES = ("Lyon", "Nice", "Brest")
WEIGHTS = np.array([[0, 0.25, 1], [0.5, 0, 0], [0, 0.125, 0]])
FRAME = pd.DataFrame(WEIGHTS, CITIES, CITIES)
PLAIN = FRAME.to_csv()
ALONE = FRAME.to_csv(header=False, index=False)

FORMS = {
    "pandas": PLAIN,
    "another corner": f"from{PLAIN}",
    "no corner, as R writes it": PLAIN.removeprefix(","),
    "tabs, no corner": FRAME.to_csv(sep="\t").removeprefix("\t"),
    "semicolons": FRAME.to_csv(sep=";"),
    "decimal commas": FRAME.to_csv(sep=";", decimal=","),
    "quoted decimal commas": FRAME.to_csv(decimal=",", quoting=1),
    "bars": FRAME.to_csv(sep="|"),
    "sep line": "sep=;\r\n" + FRAME.to_csv(sep=";"),
    "names above": FRAME.to_csv(index=False),
    "names beside": FRAME.to_csv(header=False),
    "empty columns and rows": "\n,,,,,\n" + PLAIN.replace("\n", ",,\n") + ",,,,,\n",
    "an empty first column": "".join(f",{line}\n" for line in PLAIN.splitlines()),
    "spaces": PLAIN.replace(",", " , "),
    "comments": "# links; by rail\n" + PLAIN.replace("Nice,0.5", "#\nNice,0.5"),
}


def read(folder, text):
    (folder / "a.csv").write_text(text, encoding="utf-8")
    return read_network("networks.a", folder / "a.csv", "weight", False)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_network(tmp_path, form):
    named = read(tmp_path, FORMS[form])
    assert named.cities == CITIES
    np.testing.assert_array_equal(named.weights, WEIGHTS)


def test_what_write_table_leaves_is_read_whatever_names_hold_and_how_the_file_ends(tmp_path):
    for names in (CITIES, ("Lyon, F", "Nice; F", "New York")):
        for point in ".,":
            rows = [" ".join(f'"{name}"' for name in names)]
            for name, row in zip(names, WEIGHTS, strict=True):
                rows.append(" ".join([f'"{name}"', *(f"{x:g}".replace(".", point) for x in row)]))
            for ending in ("csv", "txt"):
                path = tmp_path / f"a.{ending}"
                path.write_text("\n".join(rows) + ("#by rail" if ending == "txt" else ""))
                named = read_network("networks.a", path, "weight", False)
                assert named.cities == names
                np.testing.assert_array_equal(named.weights, WEIGHTS)
    unnamed = '"V1" "V2"\n"1" 0 0.5\n"2" 0.25 0\n'
    for text in (unnamed, unnamed.replace("V", "")):
        for ending in ("csv", "txt"):
            (tmp_path / f"b.{ending}").write_text(text)
            named = read_network("networks.b", tmp_path / f"b.{ending}", "weight", False)
            assert named.cities == ("1", "2")
            np.testing.assert_array_equal(named.weights, [[0, 0.5], [0.25, 0]])


def test_quotes_are_no_part_of_names_in_a_list_of_links_and_cities_may_be_called_as_numbers(tmp_path):
    path = tmp_path / "a.txt"
    for text, cities in (
        ('"Lyon, F" "New York" 0.5  # by rail\n"New York" "a # 1"\n', ("Lyon, F", "New York", "a # 1")),
        ('"Lyon, F","New York",0.5\n"New York","a ""1"""\n', ("Lyon, F", "New York", 'a "1"')),
        ("1 2 0.5\n2 3 1\n", ("1", "2", "3")),
    ):
        path.write_text(text)
        named = read_network("networks.a", path, "weight", True)
        assert named.cities == cities
        np.testing.assert_array_equal(named.weights, [[0, 0.5, 0], [0, 0, 1], [0, 0, 0]])
    path.write_text("1 2\n1 3 0.5\n2 3 0.25\n")
    named = read_network("networks.a", path, "weight", True)
    np.testing.assert_array_equal(named.weights, [[0, 1, 0.5], [0, 0, 0.25], [0, 0, 0]])


def test_a_first_line_that_names_columns_is_no_link(tmp_path):
    path = tmp_path / "a.txt"
    links = "Lyon;Nice;0.5\nNice;Metz;1\n"
    for title in ("from;to;weight", "Source;Target", "from_city;to_city;Kosten", '"von";"nach";w'):
        path.write_text(f"# links\n{title}\n{links}")
        named = read_network("networks.a", path, "weight", True)
        assert named.cities == ("Lyon", "Nice", "Metz")
        np.testing.assert_array_equal(named.weights, [[0, 0.5, 0], [0, 0, 1], [0, 0, 0]])
    path.write_text("from to\nfrom Nice\n")  # two of the cities
    assert read_network("networks.a", path, "weight", True).cities == ("from", "to", "Nice")
    for text in ("Lyon Nice\n0 1\n1 0\n", "i j\n1 2\n2 3\n"):
        path.write_text(text)
        with pytest.raises(SweepError, match=r"line 1: .* may be two cities, or stand above columns"):
            read_network("networks.a", path, "weight", True)


def test_a_name_is_not_cut_where_a_comment_would_begin_within_it(tmp_path):
    path = tmp_path / "a.txt"
    within = ["Site#1 Site#2", "A;Site#2;0.5", "A B 0.5\nA C# by rail", 'A\tC"D"#1']
    # Numbers behind a blank are a part of the name, where cells are separated by marks.
    within += ["A 1#1,B", "A 1#1;A 1#2;0.5", "B,A 1#1", "B;C\nB;A 1#2;0.5", "A 1#1\tB 1#1\nA 1#1\t0\t1"]
    # Where a weight would be hidden, or a tab ends the cell.
    within += [
        "A B 1#1 0.5",
        "A B 1#1, 0.5",
        "Site B 1#1;C;0.5",
        "A 1# 0.5",
        "Lyon Site #1;B;0.5",
        "A 1#\tB 2#",
    ]
    for line in within:
        path.write_text(line)
        with pytest.raises(
            SweepError, match=r"a.txt: line \d: in .* a # begins a comment within a name; write"
        ):
            read_network("networks.a", path, "weight", True)
    comments = ["#x\nA B 0.5#by rail, or by sea", "A B 0.5 #by#rail", "A;B;0.5 # x", '"A" "B" 5e-1#']
    comments += ["A, B, 0.5#x", '"A";B;"0.5"#x', '"A 1#1";"A 1#2";0.5#x;y', "A 1;B;0,5#1", "A 1;B 2;0.5 #1;2"]
    comments += [
        "A B 0.5 #a,b,1",
        "A B 0.5 #1 0.25",
        "A B 0.5#line 1",
        "A B 0.5#\tx",
        "A B 0.5#Smith, J., 2020",
    ]
    unweighted = ['"A" "B"# 1', "A,B 1#\tx", "A;B #;0.5", "1 2# x, y"]
    for line in comments + unweighted:
        path.write_text(line)
        weights = read_network("networks.a", path, "weight", True).weights
        assert weights[0, 1] == (1 if line in unweighted else 0.5)


NAMES = ("B", "1", "E1", "2-1", "B 1", "1 2", '"B 1#1"')
COMMENTS = ("", "x", "1", ",b", "a;b", "Smith, 2020", " x, y")


@pytest.mark.parametrize("mark", [" ", "\t", ",", "; "])
def test_a_comment_takes_nothing_from_names_and_weights(tmp_path, mark):
    path = tmp_path / "a.txt"

    def read_line(*cells, end=""):
        path.write_text(mark.join(cells) + end)
        return read_network("networks.a", path, "weight", True)

    names = [name for name in NAMES if mark != " " or " " not in name or name[0] == '"']
    for name, weight, comment in product(names, ("", "0.5", "1e-1"), COMMENTS):
        cells = ["A", name, weight][: 3 if weight else 2]
        ends = [f" #{comment}", f"\t#{comment}", f"#{comment}"]
        # Any name may go on behind a #, but for one in quotes, or a number and then # and a blank or nothing.
        is_whole = name[0] == '"' or (name[-1] in "12" and comment in ("", " x, y"))
        if not weight and not is_whole:
            with pytest.raises(SweepError, match="a # begins a comment within a name; write"):
                read_line(*cells, end=ends.pop())
        for end in ends:
            named = read_line(*cells, end=end)
            assert named.cities == ("A", name.strip('"'))
            assert named.weights[0, 1] == float(weight or 1)
    for name, rest in product(names[:-1], ("#1", "#x", "# 1", " #1")):
        whole = f"{name}{rest}"
        if " " in whole and mark == " ":
            continue
        for cells in (("A", whole, "0.5"), (whole, "A", ".5"), (whole, f"{name}#2", "1")):
            with pytest.raises(SweepError, match="a # begins a comment within a name; write"):
                read_line(*cells)
        assert read_line("A", f'"{whole}"', "0.5", end="#x").cities == ("A", whole)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("ending", ["csv", "edges"])
def test_cities_are_called_what_a_spreadsheet_wrote_in_any_encoding(tmp_path, encoding, ending):
    text = {"csv": "Orl\u00e9ans,Nice\n0,0.5\n0,0\n", "edges": "Orl\u00e9ans;Nice;0.5\n"}[ending]
    (tmp_path / f"a.{ending}").write_text(text, encoding=encoding)
    named = read_network("networks.a", tmp_path / f"a.{ending}", "weight", True)
    assert named.cities == ("Orl\u00e9ans", "Nice")
    np.testing.assert_array_equal(named.weights, [[0, 0.5], [0, 0]])


def test_what_is_no_text_is_said(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"PK\x03\x04" + bytes(range(32)))
    with pytest.raises(SweepError, match=r"a.csv: it is no text in UTF-8, .* save it as UTF-8"):
        read_network("networks.a", tmp_path / "a.csv", "weight", True)


def test_numbers_alone_are_counted_and_numbers_may_be_names(tmp_path):
    assert read(tmp_path, ALONE).cities == ("1", "2", "3")
    numbered = pd.DataFrame(WEIGHTS, [10, 20, 30], [10, 20, 30])
    for text in (numbered.to_csv(), numbered.to_csv().removeprefix(",")):
        named = read(tmp_path, text)
        assert named.cities == ("10", "20", "30")
        np.testing.assert_array_equal(named.weights, WEIGHTS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        (PLAIN.replace("0.25", ""), "Lyon to Nice: '' should be a number, the weight of a link"),
        (PLAIN.replace("0.25", "far"), "Lyon to Nice: 'far' should be a number"),
        (
            PLAIN.replace("Nice,0.5", "Nizza,0.5"),
            "the first column names Lyon, Nizza, Brest, and the first row",
        ),
        ("10,20,30\n" + ALONE, "the row of '1' has 3 entries, not 4"),  # names, or a row too many?
        ("0|0;0\n0|0;0\n0;0|0\n", "the first column names 0|0, 0, and the first row 0"),
        (PLAIN.replace("1.0", "1,0", 1), "the row of 'Lyon' has 4 entries, not 3"),
    ],
)
def test_what_is_not_said_beyond_doubt_is_refused(tmp_path, text, message):
    with pytest.raises(SweepError, match=r"networks\.a: .*a\.csv: ") as raised:
        read(tmp_path, text)
    assert message in str(raised.value)


LINKS = (
    "Lyon Nice 0.5\nNice Brest\n",
    "Lyon Nice 0.5\n# by sea\nNice\tBrest # no weight\n".replace("\t", " "),
    "Lyon, Nice, 0.5\nNice, Brest\n",
    "Lyon;Nice;0,5\nNice;Brest\n",
    "Lyon\tNice\t0,5\nNice\tBrest\t1\n",
)


@pytest.mark.parametrize("text", LINKS)
def test_every_list_of_links_is_the_same_network(tmp_path, text):
    (tmp_path / "a.edges").write_text(text)
    named = read_network("networks.a", tmp_path / "a.edges", "weight", True)
    assert named.cities == CITIES
    np.testing.assert_array_equal(named.weights, [[0, 0.5, 0], [0, 0, 1], [0, 0, 0]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Lyon Nice 0,5\n", "line 1: 'Lyon Nice 0,5' may be separated by blanks or not; put a tab or"),
        ("Lyon Nice 1\nNice Brest 0,25\n", "line 2: 'Nice Brest 0,25' may be separated by blanks or not"),
        ("Lyon Nice ,5\n", "may be separated by blanks or not"),
        ("Lyon,Nice 0,1\n", "may be separated by blanks or not"),
        ("Lyon,Nice 0.5\n", "may be separated by blanks or not"),
        ("Lyon;Nice 0,5\n", "may be separated by blanks or not"),
        ("Lyon\tNice 0.5\n", "may be separated by blanks or not"),
        ("Lyon Nice\n\nNice, Brest\n", "line 3: 'Nice, Brest' is separated by commas, and line 1 by blanks"),
        ("Lyon\tNice 0.5#x\n", "may be separated by blanks or not"),
        ("Lyon, Nice 0,5#x\n", "may be separated by blanks or not"),
        ("Lyon Nice e#x,y\n", "'e' should be a number, the weight of a link"),
        ("Lyon,Nice,0,5#x\n", "should be two cities and perhaps a weight"),
        ("Lyon;Nice;1\nNice\tBrest\t1\n", "is separated by tabs, and line 1 by semicolons; use one"),
    ],
)
def test_a_link_that_can_be_read_in_two_ways_is_refused(tmp_path, text, message):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(SweepError, match=r"networks\.a: .*a\.txt: line \d: ") as raised:
        read_network("networks.a", tmp_path / "a.txt", "weight", False)
    assert message in str(raised.value)


@pytest.mark.parametrize("mark", [" ", "\t", ";"])
def test_a_link_from_a_city_whose_name_begins_with_a_mark_is_no_comment_unsaid(tmp_path, mark):
    file = tmp_path / "a.txt"
    lines = [("Lyon", '"#3"', "0.5"), ("#3", "Lyon", "1\t# by rail")]
    file.write_text("\n".join(mark.join(line) for line in lines))
    with pytest.raises(SweepError, match=r"line 2: .* is a comment, and a city is called '#3'; put quotes"):
        read_network("n", file, "weight", True)
    file.write_text("\n".join(mark.join(line) for line in [lines[0], ("# 3", "Lyon"), ("#4", "Lyon")]))
    assert read_network("n", file, "weight", True).cities == ("Lyon", "#3")


def test_a_row_of_a_matrix_that_begins_with_a_mark_is_no_comment_unsaid(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("#1,#2\n0,0.5\n1,0\n")
    with pytest.raises(SweepError, match="line 1: it may be a row or, as it begins with #, a comment"):
        read_network("n", file, "weight", False)
    file.write_text("#,Lyon,Nice\nLyon,0,0.5\nNice,1,0\n")
    assert read_network("n", file, "weight", False).weights.tolist() == [[0, 0.5], [1, 0]]
