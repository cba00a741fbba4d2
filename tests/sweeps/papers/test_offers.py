"""Algorithm 1 of the contract paper: its trace, told by small cases worked by hand."""

import numpy as np
import pytest
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.papers.contract import algorithm_claims
from equisweep.sweeps.papers.contract.design import Infrastructure, optimal_design
from equisweep.sweeps.papers.contract.offers import Allocation, allocate
from equisweep.sweeps.papers.contract.offers_file import OffersError, offers
from scipy.optimize import linprog


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
        ([FOUR[0], Infrastructure("a", 1.0, 3.0, 20.0, (1.0,))], 100.0, "differ in reward_rate"),
        ([FOUR[0], Infrastructure("a", 1.0, 2.0, 1.0, (1.0,))], 100.0, "differ in least"),
        ([FOUR[1], Infrastructure("a", 1.0, 5.0, 1.0, (1.0,))], 100.0, "must be above"),
        ([Infrastructure("a", 0.0, 2.0, 1.0, (1.0,))], 100.0, "theta"),
        ([Infrastructure("a", 1.0, 2.0, 1.0, (1.5, -0.5))], 100.0, "sum to 1"),
    ],
)
def test_input_that_makes_no_sense_is_refused(group, total, word):
    with pytest.raises(ValueError, match=word):
        allocate(group, total)


def twins(*names):
    """Infrastructures of types 1, 2 and 3, by name: "a1" is of type 1."""
    return [
        Infrastructure(n, float(n[-1]), 2.0 * float(n[-1]), 20.0 * float(n[-1]), (0.5, 0.5)) for n in names
    ]


@pytest.mark.parametrize(
    ("value_rate", "unit_cost", "probability"), [(2.0, 0.5, None), (1.7, 0.3, {1.0: 0.7, 2.0: 0.1, 3.0: 0.2})]
)
def test_several_of_one_type_any_a_c_and_p_are_those_of_a_linear_program(value_rate, unit_cost, probability):
    group, total = twins("a1", "b1", "c2", "d3", "e3"), 400.0
    got = optimal_design(group, total, value_rate, unit_cost, probability)
    theta, rate, n = np.array([1.0, 2, 3]), np.array([2.0, 4, 6]), np.array([2, 1, 2])
    p = n / 5 if probability is None else np.array([0.7, 0.1, 0.2])
    worth = value_rate * theta[:, None] - unit_cost * rate[None, :]
    rows = [-worth[i, i] * np.eye(3)[i] for i in range(3)]
    rows += [
        worth[i, j] * np.eye(3)[j] - worth[i, i] * np.eye(3)[i] for i in range(3) for j in range(3) if i != j
    ]
    best = linprog(
        -p * theta * (rate - 1), rows, np.zeros(9), [n], [total], [(20, None), (40, None), (60, None)]
    )
    np.testing.assert_allclose(got, best.x[[0, 0, 1, 2, 2]], atol=1e-6)
    signed = allocate(group, total, value_rate=value_rate, unit_cost=unit_cost, probability=probability)
    np.testing.assert_allclose(list(signed.resources.values()), got)


def test_two_of_one_type_alone_share_alike_and_only_the_critical_one_stays_where_one_fits():
    assert optimal_design(twins("a1", "b1"), 100.0) == pytest.approx([50, 50])
    assert optimal_design(twins("a3", "b3"), 100.0) is None
    assert allocate(twins("a3", "b3"), 100.0).dropped == ("a3",)


ASKING = """
total = 400
[types.low]
theta = 1
reward_rate = 2
least = 20
[types.high]
theta = 2
reward_rate = 4
least = 60
[infrastructures.water]
type = "low"
levels = [0.6, 0.4]
[infrastructures.power]
type = "high"
[infrastructures.rail]
type = "high"
asks = 200
"""


def test_the_command_tells_every_round(tmp_path, capsys):
    (tmp_path / "asking.toml").write_text(ASKING)
    assert main(["offers", str(tmp_path / "asking.toml")]) == 0
    output = capsys.readouterr().out
    assert "1      offer    water 20, power 190, rail 190  140" in output
    assert "declined: rail" in output
    assert output.splitlines()[-4].split() == ["water", "20"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("total = 400", "total = 0", "total must be a positive number"),
        ("total = 400", "", "total: is missing"),
        ("total = 400", 'total = "much"', "total: 'much' is no number"),
        ("total = 400", "total = 400\nunit_cost = 1.5", "unit_cost must lie between 0 and 1"),
        ("total = 400", "total = 400\nunitcost = 0.5", "unitcost: unknown key; did you mean 'unit_cost'"),
        (
            'type = "low"',
            'type = "lo"',
            "infrastructures.water.type: 'lo' is not among [types]; did you mean 'low'",
        ),
        ('type = "low"', "", "infrastructures.water.type: is missing"),
        ("[0.6, 0.4]", "[0.6, 0.6]", "water: level_probability"),
        ("[0.6, 0.4]", "0.6", "infrastructures.water.levels"),
        ("reward_rate = 4", "reward_rate = 2", "reward_rate must be above 2"),
        ("reward_rate = 4", "reward_rate = nan", "types.high.reward_rate: nan is no number"),
        ("least = 60", "least = 60\nprobability = 0.5", "types.low.probability: is missing"),
        ("[types.high]", "[types.high", "not TOML"),
        (ASKING, "total = 4", "types: state a table"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_by_name_and_key(tmp_path, old, new, words):
    path = tmp_path / "asking.toml"
    path.write_text(ASKING.replace(old, new))
    with pytest.raises(OffersError) as error:
        offers(path)
    assert str(error.value).startswith(f"{path}: ")
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_may_state_probabilities_and_another_order_of_types(tmp_path):
    path = tmp_path / "asking.toml"
    text = ASKING.replace("least = 60", "least = 60\nprobability = 0.2").replace(
        "least = 20", "least = 20\nprobability = 0.8"
    )
    path.write_text(text)
    assert sum(offers(path).resources.values()) == pytest.approx(400)
    path.write_text(text.replace("0.2", "0.3"))
    with pytest.raises(OffersError, match=r"sum to 1, not 1\.1"):
        offers(path)


def test_the_algorithms_claims_are_those_of_the_paper_and_notice_another_algorithm(monkeypatch):
    values = list(algorithm_claims.claims())
    assert [c.holds for c in values] == [True, False, True]
    assert not any(c.surprises for c in values)

    def by_need(group, total, design, accepts=lambda one, _: True):
        """Whoever needs least is served first, and nobody is ever considered again."""
        inside, free = [], total
        for one in sorted(group, key=lambda i: i.least):
            if one.least <= free:
                inside, free = [*inside, one], free - one.least
        out = tuple(i.name for i in group if i not in inside)
        return Allocation({i.name: i.least for i in inside if accepts(i, i.least)}, out, (), ())

    monkeypatch.setattr(algorithm_claims, "allocate", by_need)
    assert [c.surprises for c in algorithm_claims.claims()] == [True, False, True]


def test_one_who_needs_much_is_kept_before_several_of_more_worth_together():
    """The counterexample to what Algorithm 1 is for, by hand."""
    surest = Infrastructure("large", 3.0, 6.0, 100.0, (0.1, 0.9))
    others = [Infrastructure(f"{k}", 1.0, 2.0, 20.0, (0.2, 0.8)) for k in range(5)]
    end = allocate([surest, *others], 100.0, lambda who, _: [i.least for i in who])
    assert set(end.resources) == {"large"}
