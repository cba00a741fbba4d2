"""Algorithm 1 of the contract paper: its trace, told by small cases worked by hand."""

import numpy as np
import pytest
from equisweep.sweeps.papers.contract.offers import Infrastructure, allocate, optimal_design


def infrastructure(number, least, low):
    """Number k has theta = k and reward rate 2 k; `low` is its chance to be of the lowest level."""
    return Infrastructure(f"ci{number}", float(number), 2.0 * number, float(least), (low, 1 - low))


FOUR = [
    infrastructure(1, 20, 0.1),
    infrastructure(2, 60, 0.6),
    infrastructure(3, 100, 0.3),
    infrastructure(4, 140, 0.2),
]


def actions(allocation):
    return [(step.action, step.names) for step in allocation.rounds]


def test_with_enough_resources_everyone_signs_the_optimal_contract_at_once():
    got = allocate(FOUR, 650)
    names = ("ci1", "ci2", "ci3", "ci4")
    assert actions(got) == [("offer", names), ("sign", names)]
    np.testing.assert_allclose(list(got.resources.values()), [20, 105, 210, 315])
    assert got.rounds[0].needed == 320


def test_the_ones_most_likely_of_lowest_criticality_are_dropped_until_the_minima_fit():
    got = allocate(FOUR, 250)
    left = ("ci1", "ci4")
    assert actions(got) == [("drop", ("ci2",)), ("drop", ("ci3",)), ("offer", left), ("sign", left)]
    assert [step.needed for step in got.rounds] == [260, 160, 160, 160]
    assert got.dropped == ("ci2", "ci3")
    assert sum(got.resources.values()) == pytest.approx(250)


def test_what_a_refusal_frees_is_offered_again_to_the_most_critical_that_fit():
    got = allocate(FOUR, 250, accepts=lambda one, resources: one.name != "ci4")
    assert actions(got) == [
        ("drop", ("ci2",)),
        ("drop", ("ci3",)),
        ("offer", ("ci1", "ci4")),
        ("decline", ("ci4",)),
        ("readmit", ("ci3", "ci2")),
        ("offer", ("ci1", "ci2", "ci3")),
        ("sign", ("ci1", "ci2", "ci3")),
    ]
    assert got.declined == ("ci4",)
    assert got.dropped == ()
    assert set(got.resources) == {"ci1", "ci2", "ci3"}
    assert sum(got.resources.values()) == pytest.approx(250)


def test_a_freed_place_goes_to_no_one_whom_it_does_not_fit():
    group = [infrastructure(1, 50, 0.1), infrastructure(2, 60, 0.9), infrastructure(3, 200, 0.8)]
    got = allocate(group, 100, accepts=lambda one, resources: one.name != "ci1")
    assert ("decline", ("ci1",)) in actions(got)
    assert ("readmit", ("ci2",)) in actions(got)
    assert got.dropped == ("ci3",)
    assert got.resources == {"ci2": pytest.approx(100)}


def test_an_answer_may_depend_on_the_offer():
    greedy = allocate(FOUR, 650, accepts=lambda one, resources: one.name != "ci1" or resources >= 30)
    assert greedy.declined == ("ci1",)
    assert [action for action, _ in actions(greedy)] == ["offer", "decline", "offer", "sign"]
    assert sum(greedy.resources.values()) == pytest.approx(650)


def test_when_everyone_declines_or_no_one_fits_nobody_signs():
    nobody = allocate(FOUR, 650, accepts=lambda one, resources: False)
    assert nobody.rounds[-1].action == "nobody"
    assert nobody.resources == {}
    assert len(nobody.declined) == 4
    assert allocate(FOUR[3:], 100).dropped == ("ci4",)


def test_where_the_minima_fit_but_no_contract_is_feasible_one_is_dropped_too():
    """Type 2's minimum is so near the total that type 1 would rather have its contract."""
    shallow = [
        Infrastructure("low", 1.0, 1.2, 10.0, (0.9, 0.1)),
        Infrastructure("high", 2.0, 1.3, 90.0, (0.1, 0.9)),
    ]
    assert optimal_design(shallow, 100.0) is None
    got = allocate(shallow, 100.0)
    assert actions(got) == [("drop", ("low",)), ("offer", ("high",)), ("sign", ("high",))]


def test_contracts_come_back_in_the_order_of_the_infrastructures():
    np.testing.assert_allclose(optimal_design(FOUR[::-1], 650), [315, 210, 105, 20])


@pytest.mark.parametrize(
    ("group", "total", "word"),
    [
        ([FOUR[0], FOUR[0]], 100.0, "named twice"),
        (FOUR, 0.0, "total"),
        (FOUR, float("nan"), "total"),
        ([Infrastructure("a", 1.0, 2.0, -1.0, (1.0,))], 100.0, "least"),
        ([Infrastructure("a", 1.0, 2.0, 1.0, (0.5, 0.1))], 100.0, "sum to 1"),
        ([FOUR[0], Infrastructure("a", 1.0, 2.0, 1.0, (1.0,))], 100.0, "differ in theta"),
    ],
)
def test_input_that_makes_no_sense_is_refused(group, total, word):
    with pytest.raises(ValueError, match=word):
        allocate(group, total)
