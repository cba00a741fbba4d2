"""Matrices as spreadsheets and R leave them: the same influences from each, and none that is not there."""

import codecs

import numpy as np
import pandas as pd
import pytest
from equisweep.sweeps.papers.internal.matrix_file import Matrix, MatrixError, read_matrix
from equisweep.sweeps.papers.internal.structure import StructureError, load_structure

NAMES = ("policy", "staff", "data")
MATRIX = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]])
PLAIN = ",policy,staff,data\npolicy,0,1,1\nstaff,0,0,1\ndata,0,0,0\n"


def frame() -> pd.DataFrame:
    return pd.DataFrame(MATRIX, NAMES, NAMES)


FORMS = {
    "pandas": frame().to_csv(),
    "real numbers": frame().astype(float).to_csv(),
    "decimal commas": frame().astype(float).to_csv(sep=";", decimal=","),
    "quoted decimal commas": frame().astype(float).to_csv(decimal=",", quoting=1),
    "semicolons": PLAIN.replace(",", ";").replace("\n", "\r\n"),
    "tabs": PLAIN.replace(",", "\t"),
    "tabs, no corner": PLAIN.replace(",", "\t").removeprefix("\t"),
    "bars": PLAIN.replace(",", "|"),
    "sep line": "sep=;\r\n" + PLAIN.replace(",", ";"),
    "truth values": frame().astype(bool).to_csv(),
    "blanks": frame().astype(str).replace("0", "").to_csv(),
    "nan for 0": frame().where(MATRIX == 1).to_csv(),
    "empty columns and rows": "\n,,,,,\n" + PLAIN.replace("\n", ",,\n") + ",,,,,\n,,,,,\n",
    "an empty first column": "".join(f",{line}\n" for line in PLAIN.splitlines()),
    "empty first columns": "".join(f",,,{line}\n" for line in PLAIN.splitlines()),
    "names above": "policy,staff,data\n0,1,1\n0,0,1\n0,0,0\n",
    "names above, empty corner": ",policy,staff,data\n,0,1,1\n,0,0,1\n,0,0,0\n",
    "names beside": "policy,0,1,1\nstaff,0,0,1\ndata,0,0,0\n",
    "marks": PLAIN.replace("policy,0,1,1", "policy,1,1,1*").replace("staff,0,0,1", "staff,0,1, 1 * "),
    "spaces": PLAIN.replace(",", " , "),
    "spaces before quotes": PLAIN.replace(",policy,staff,data", ', "policy", "staff", "data"'),
    "blanks alone, as R writes": '"policy" "staff" "data"\n"policy" 0 1 1\n"staff" 0 0 1\n"data" 0 0 0\n',
    "columns of blanks": "       policy staff data\npolicy      0     1    1\nstaff     0 0   1\ndata 0 0 0",
    "sep line of a tab": "sep=\t\n" + PLAIN.replace(",", "\t"),
    "a dash on the diagonal": PLAIN.replace("policy,0", "policy,-").replace("0,0,0", "0,0,-"),
    "German truth values": PLAIN.replace(",", ";").replace(";1", ";WAHR").replace(";0", ";Falsch"),
    "comments": '# sep is , here; "so"\n' + PLAIN.replace("staff,0", "#\nstaff,0"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be with mark", "latin-1"])
def test_every_form_is_the_same_matrix(tmp_path, form, encoding):
    text = FORMS[form].replace("staff", "st\u00e4ff")
    marked = codecs.BOM_UTF16_BE + text.encode("utf-16-be")
    raw = marked if "mark" in encoding else text.encode(encoding)
    (tmp_path / "a.csv").write_bytes(raw)
    structure = load_structure(tmp_path / "a.csv")
    assert structure.names == ("policy", "st\u00e4ff", "data")
    np.testing.assert_array_equal(structure.adjacency, MATRIX.astype(bool))


def test_names_may_hold_what_separates_cells_and_lines(tmp_path):
    names = ["policy, rules", "staff\n(all)", 'the "data"; all']
    pd.DataFrame(MATRIX, names, names).to_csv(tmp_path / "a.csv")
    structure = load_structure(tmp_path / "a.csv")
    assert structure.names == ("policy, rules", "staff (all)", 'the "data"; all')
    np.testing.assert_array_equal(structure.adjacency, MATRIX.astype(bool))


@pytest.mark.parametrize(
    "text",
    [
        "0,1,1\n0,0,1\n0,0,0\n",
        "0 1 1\n0 0 1\n0 0 0\n",
        " 0.00e+00 1.00e+00 1.0\n 0 0 1\n 0 0 0\n",
        "0;1;1;\n0;0;1;\n0;0;0;\n",
        "0\t1\t1\n0\t0\t1\n0\t0\t0",
    ],
)
def test_without_names_factors_have_numbers(tmp_path, text):
    (tmp_path / "a.txt").write_text(text)  # as Excel saves tabs
    structure = load_structure(tmp_path / "a.txt")
    assert structure.names == ("1", "2", "3")
    np.testing.assert_array_equal(structure.adjacency, MATRIX.astype(bool))


def test_a_large_matrix_is_read_as_it_is(tmp_path):
    random = np.random.default_rng(4)
    matrix = random.random((60, 60)) < 0.1
    names = [f"f {i}" for i in range(60)]
    pd.DataFrame(matrix * 1.0, names, names).to_csv(tmp_path / "a.csv", sep=";", decimal=",")
    structure = load_structure(tmp_path / "a.csv")
    np.testing.assert_array_equal(structure.adjacency, matrix & ~np.eye(60, dtype=bool))


REFUSED = {
    "weights": (";a;b\na;1,1;4,3\nb;0;0", "line 2, a: '1,1' is neither 0 nor 1; of weights, write 1"),
    "letters": (",A,B\nA,X,V\nB,,X", "'X' is neither 0 nor 1; of V, A, X and O"),
    "names or entries": (",0,1\n0,0,1\n1,0,0", "0, 1 may be names or entries"),
    "blanks without names": ("0,1,1\n0,,1\n0,0,0", "line 2: a blank entry"),
    "not square": ("0,1,1\n0,0,1", "3 entries, expected 2"),
    "two delimiters": ("0;1,0;0\n0;0,0;1\n", "neither|entries|names"),
    "permuted rows": (",a,b\nb,0,1\na,0,0", "line 2: row is called 'b', expected 'a'"),
    "marked zero": (",a,b\na,0,0*\nb,0,0", "line 2, b: '0\\*' is neither 0 nor 1"),
    "a total": (",a,b,sum\na,0,1,1\nb,0,0,0", "3 names in the first row but 2 rows"),
    "a title": (
        "Influences\n,a,b\na,0,1\nb,0,0",
        "no factors named; if line 1, 'Influences', is a title, take it out",
    ),
    "a title in cells": ("Influences;;\n;a;b\na;0;1\nb;0;0", "non-empty text; if line 1, 'Influences', is"),
    "a dash elsewhere": (",a,b\na,0,-\nb,0,0", "'-' is neither 0 nor 1"),
    "printed by NumPy": ("[[0 1 1]\n [0 0 1]\n [0 0 0]]", "row is called|neither 0 nor 1|named"),
    "negative": (",a,b\na,0,-1\nb,0,0", "'-1' is neither 0 nor 1"),
    "a name twice, but for spaces": (",a b,a  b\na b,0,1\na  b,0,0", "named twice"),
    "a row of megabytes": (",".join(["ab"] * 400_000), "line 1: its row has more than 1,000,000 characters"),
    "a row of many long lines": (f'"{"a" * 700}\n",' * 2000, "row has more than|at most 1,000 factors"),
    "only names": ("a,b\n", "1 name in the first row but 0 rows"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_open_to_doubt_is_refused(tmp_path, case):
    text, message = REFUSED[case]
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(StructureError, match=message) as error:
        load_structure(tmp_path / "a.csv")
    assert "\n" not in str(error.value)


def test_a_line_that_begins_with_a_mark_and_may_be_a_row_is_refused():
    for text in ("#h,b\n0,1\n0,0\n", "#x;0;1\ny;0;0\n", "n\t#1\t#2\n#1\t0\t1\n#2\t0\t0\n"):
        with pytest.raises(MatrixError, match=r"line \d: it may be a row or, as it begins with #, a comment"):
            read_matrix(text)
    for comment in ("# h,b\n", "#by hand\n", "#\n", "#,a,b\n", "#a,b,c,d\n"):
        assert read_matrix(comment + "a,0,1\nb,0,0\n") == Matrix(("a", "b"), [(0, 1)])
    assert read_matrix('"#h",b\n0,1\n0,0\n').names == ("#h", "b")


@pytest.mark.parametrize("text", ["a,-,0\nb,1,-\n", "a,b\n-,0\n1,–\n", ",a,b\na,-,0\nb,1,-\n", "-,0\n1,-\n"])
def test_a_dash_on_the_diagonal_is_no_name_wherever_names_stand(text):
    assert read_matrix(text) == Matrix(("a", "b") if "a" in text else ("1", "2"), [(1, 0)])
