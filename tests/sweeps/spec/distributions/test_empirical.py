"""Measured values are drawn as often as they were measured, whatever made the table they stand in."""

import re

import numpy as np
import pytest
from equisweep.engine.errors import SweepError
from equisweep.kernels.model import Domain, Parameter
from equisweep.sweeps import Sweep
from equisweep.sweeps.run import run_in_memory
from equisweep.sweeps.spec.distributions.distribution import Distribution
from equisweep.sweeps.spec.distributions.read import read_distribution

X = Parameter("x", "x", "1", 1.0, Domain(0, 100), "an x")
COUNT = Parameter("n", "n", "1", 3, Domain(0, 100), "a count", integer=True)
VALUES = [3.0, 1.5, 1.5, 40.0, 3.0, 1.5, 2.25, 0.1]
NAMED = "id,loss,of what\n" + "".join(f"{i},{v},x\n" for i, v in enumerate(VALUES))


def drawn(stated, folder, parameter=X):
    return read_distribution("x", stated, parameter, folder)


def test_the_distribution_function_is_that_of_the_data(tmp_path):
    one = drawn({"empirical": VALUES}, tmp_path)
    u = np.random.default_rng(0).random(20_000)
    expected = np.sort(VALUES)[np.floor(u * len(VALUES)).astype(int)]  # each with probability 1/8
    assert (one.quantiles(u) == expected).all()
    assert not one.continuous
    assert Distribution.from_plain(one.plain()) == one
    assert drawn({"empirical": np.array([2, 5, 5])}, tmp_path, COUNT).whole


@pytest.mark.parametrize(
    "raw",
    [
        NAMED.encode(),
        ("\ufeff" + NAMED.replace("\n", "\r\n")).encode(),
        NAMED.encode("utf-16"),
        NAMED.replace(",", "\t").encode(),
        NAMED.replace(",", ";").replace(".", ",").encode(),
        NAMED.replace("loss", ' "loss"').replace(",", "|").replace(' "', '"').encode(),
        (NAMED + "\n\n").encode("cp1252"),
        NAMED.replace("\n", "\r").encode(),
        ("\ufeffsep=;\r\n" + NAMED.replace(",", ";").replace(".", ",").replace("\n", "\r\n")).encode(),
        NAMED.replace(",", ", ").replace("loss", '"loss"').replace(", x", ', "a, b"').encode(),
    ],
)
def test_a_column_is_read_however_the_table_was_saved(tmp_path, raw):
    (tmp_path / "claims.csv").write_bytes(raw)
    read = drawn({"empirical": "claims.csv", "column": "loss"}, tmp_path)
    assert read == drawn({"empirical": VALUES}, tmp_path)


@pytest.mark.parametrize("cells", ["1,234 2,345", "1,25 30 5,125", "0,125 7 0,250"])
def test_decimal_commas_are_read_where_they_are_no_thousands(tmp_path, cells):
    words = cells.split()
    (tmp_path / "claims.csv").write_text("loss;n\n" + "".join(f"{word};1\n" for word in words))
    read = drawn({"empirical": "claims.csv", "column": "loss"}, tmp_path)
    assert read == drawn({"empirical": [float(word.replace(",", ".")) for word in words]}, tmp_path)


@pytest.mark.parametrize("head", ["", "loss\n"])
def test_a_file_of_one_column_needs_no_name(tmp_path, head):
    (tmp_path / "claims.txt").write_text(head + "\n".join(map(str, VALUES)))
    assert drawn({"empirical": "claims.txt"}, tmp_path) == drawn({"empirical": VALUES}, tmp_path)


@pytest.mark.parametrize(
    ("stated", "text", "message"),
    [
        ({}, "loss,b\n1,2\n3,4\n", "x.column: is missing; {file} has the columns 'loss', 'b'"),
        ({"column": "los"}, "loss,b\n1,2\n", "has no column 'los'; did you mean 'loss'"),
        ({"column": 1}, "loss,b\n1,2\n", "has no column 1"),
        ({"column": "loss"}, "loss,loss\n1,2\n", "has 2 columns called 'loss'"),
        ({"column": "loss"}, "loss,b\n1,2\n,4\n", "{file}, line 3: '' is not a finite number"),
        ({"column": "loss"}, "loss,b\n1,2\nnan,4\n", "line 3: 'nan' is not a finite number"),
        ({"column": "loss"}, "loss,b\n1,2\n1_0,4\n", "line 3: '1_0' is not a finite number"),
        ({"column": "b"}, "loss,b\n1,2\n5\n", "line 3: '' is not a finite number"),
        ({"column": "loss"}, "loss,b\n1,2,\n3,a, b\n", "{file}, line 3: has 3 cells, and the first row 2"),
        ({}, "1\n2,3\n", "{file}, line 2: has 2 cells, and the first row 1; if the comma is that"),
        ({}, "", "the file is empty"),
        ({}, "5\n5\n", "1 different value; what does not vary belongs to [fixed]"),
        ({}, "5\n500\n", "500 lies outside [0, 100] (an x)"),
        ({}, "\n".join(map(str, np.linspace(0, 1, 10_001))), "10,001 different values; at most 10,000"),
        (
            {"column": "b"},
            "a;b\n1;1,234\n2;56.5\n",
            "'1,234' in line 2 and '56.5' in line 3, where a comma may",
        ),
        ({"column": "b"}, "a\tb\n1\t567\n2\t1,234\n", "'1,234' in line 3 and '567' in line 2, where a comma"),
        ({"weights": [1]}, "1\n2\n", "x.weights: empirical has none"),
    ],
)
def test_what_is_no_column_of_numbers_is_refused(tmp_path, stated, text, message):
    file = tmp_path / "claims.csv"
    file.write_text(text)
    with pytest.raises(SweepError, match=re.escape(message.format(file=file))):
        drawn({"empirical": "claims.csv", **stated}, tmp_path)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"empirical": "missing.csv"}, "cannot read"),
        ({"empirical": 5}, "5 should be the name of a file, or a list of values"),
        ({"empirical": [1, float("inf")]}, "inf is not a finite number"),
        ({"empirical": [1, True]}, "True is not a finite number"),
        ({"empirical": [1, 2], "column": "x"}, "x.column: is that of a file"),
        ({"empirical": "."}, "cannot read"),
        ({"empirical": ""}, "is no path"),
        ({"emprical": [1, 2]}, "did you mean 'empirical'"),
    ],
)
def test_what_is_no_file_and_no_list_is_refused(tmp_path, stated, message):
    with pytest.raises(SweepError, match=re.escape(message)):
        drawn(stated, tmp_path)


def test_a_sweep_draws_from_a_file_beside_it(tmp_path):
    (tmp_path / "claims.csv").write_text("loss\n" + "\n".join(map(str, [100, 200, 200, 400])))
    (tmp_path / "sweep.toml").write_text(
        'model = "external"\noutputs = ["investment"]\n[design]\nkind = "lhs"\nsamples = 40\n'
        '[design.parameters]\nL = { empirical = "claims.csv", column = "loss" }\n'
        "alpha = { uniform = [0.1, 0.9] }\n"
    )
    cube = run_in_memory(Sweep.from_file(tmp_path / "sweep.toml"))
    values, counts = np.unique(cube["L"], return_counts=True)
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {100: 10, 200: 20, 400: 10}
