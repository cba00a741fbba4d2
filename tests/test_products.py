"""What `make test` leaves out is tried by `make test-products`, which the gate runs right after it."""

import ast
from pathlib import Path

import pytest
from equisweep.kernels.games.registry import MODELS
from helpers.products import costs_seconds, covering, each_option, some, whole_product
from helpers.project import ROOT


def recipe(target):
    """The lines of a target of the Makefile."""
    _, _, after = (ROOT / "Makefile").read_text(encoding="utf-8").partition(f"\n{target}: ")
    return [line for line in after.partition("\n\n")[0].splitlines() if line.startswith("\t")]


def test_the_gate_tries_the_rest_right_after_the_suite():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[lines.index("make test") + 1] == "make test-products"


def test_the_suite_and_the_rest_are_all_tests(pytestconfig):
    """Both are the same command; one takes what is marked, the other, by default, what is not."""
    assert (whole_product.name, costs_seconds.name) == ("whole_product", "costs_seconds")
    assert pytestconfig.getini("addopts")[-2:] == ["-m", "not whole_product and not costs_seconds"]
    assert recipe("test-products") == [f'{recipe("test")[0]} -m "whole_product or costs_seconds"']


# Files of which every test costs seconds: why that is enough.
_ALL_COST_SECONDS = {
    "engine/gpus/test_several_devices.py": "test_simulated.py shares tiles among GPUs that it simulates",
    "sweeps/papers/test_audit_subtypes.py": "test_audit.py holds findings of other studies against oracles",
}


def left_out(function):
    """Whether a decorator takes a whole test out of the suite; a mark of one parameter's does not."""
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in function.decorator_list}
    return not names.isdisjoint(("costs_seconds", "whole_product"))


def test_in_every_file_with_a_law_that_costs_seconds_some_test_stays_in_the_suite():
    """Where a mark is one parameter's the test itself stays, with other parameters."""
    tests, without = ROOT / "tests", []
    for path in sorted(tests.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "costs_seconds" not in text or path == Path(__file__):
            continue
        nodes = ast.walk(ast.parse(text))
        laws = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
        assert any(map(left_out, laws)) or "marks=costs_seconds" in text, f"{path}: nothing is"
        if all(map(left_out, laws)):
            without.append(path.relative_to(tests).as_posix())
    assert without == sorted(_ALL_COST_SECONDS)


def test_a_part_must_cover_every_value():
    cases = [(x, y) for x in "ab" for y in (1, 2)]
    params = covering(cases, lambda x, y: (x == "a") == (y == 1))
    assert [p.values for p in params if not p.marks] == [("a", 1), ("b", 2)]
    assert [p.values for p in params if p.marks] == [("a", 2), ("b", 1)]
    assert all(p.marks in ((), whole_product) or [*p.marks] == [whole_product] for p in params)
    with pytest.raises(ValueError, match="column 1: not in the covering part: 2"):
        covering(cases, lambda x, y: y == 1)
    assert len(covering(cases, lambda x, y: y == 1, columns=1)) == 4
    with pytest.raises(ValueError, match="all cases"):
        covering(cases, lambda *_: True)


def test_some_of_a_list_are_in_the_part_and_some_are_not():
    first, second = some(["a", "b"], {"b"})
    assert (first.values, second.values) == (("a",), ("b",))
    assert first.marks
    assert not second.marks
    for part in ({"a", "b"}, {"c"}):
        with pytest.raises(ValueError, match="none is in the part, or all are"):
            some(["a", "b"], part)
    with pytest.raises(TypeError, match="another order in each worker"):
        some({"a", "b"}, {"b"})


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_few_combinations_hold_every_option(model):
    tried = [*each_option(model)]
    assert len(tried) == max((len(c.options) for c in model.choices), default=1)
    for choice in model.choices:
        assert {static[choice.name] for static in tried} == {*choice.options}
