"""Components of a state that may vanish together, as the trace of the field shows: they feed one another.

Prey is fed by nothing but prey: where there is none no more come. The exposed are fed by the infected, and
these by the exposed. Whether anything else feeds them, as immigration may, is a question of numbers.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from ...codegen.ir import Scalar, Unsupported, order_of
from ...codegen.lower.rule import BrokenRule
from ...codegen.lower.walk_jaxpr import lower_function
from .resting import Array, Field

Groups = tuple[tuple[int, ...], ...]

# Whether an operation is 0 where these of its arguments are; of other operations nothing is said.
_ZERO: dict[str, Callable[..., bool]] = {
    "mul": lambda a, b: a or b, "mul_rounded": lambda a, b: a or b, "div": lambda a, _: a,
    "fma": lambda a, b, c: (a or b) and c, "add": lambda a, b: a and b, "sub": lambda a, b: a and b,
    "max": lambda a, b: a and b, "min": lambda a, b: a and b, "select": lambda _, a, b: a and b,
    "neg": lambda a: a, "abs": lambda a: a, "sqrt": lambda a: a, "tanh": lambda a: a, "convert": lambda a: a,
}  # fmt: skip


class Vanishing(NamedTuple):
    """The components in `groups`: in one those of which one may feed another, or whose ratios matter.

    One feeds another that may change where this is 0. Those on which no rate depends are in none. Those that
    live on themselves `alone` stay 0 where they are 0.
    """

    groups: Groups
    alone: tuple[int, ...]


def vanishing_of(field: Field, t: Array, state: Array) -> Vanishing:
    """Which components of a state, shape (d,), may vanish; of a field that cannot be looked into, as one."""
    try:
        rates, (_, components), _ = lower_function(field, t, state)
    except (Unsupported, BrokenRule):
        return Vanishing((tuple(range(state.size)),), ())
    return _vanishing(rates.tolist(), components.tolist())


def _vanishing(rates: Sequence[Scalar], components: Sequence[Scalar]) -> Vanishing:
    order = order_of(rates)
    known = set(order)
    needed = [i for i, component in enumerate(components) if component in known]
    groups, alone = list[set[int]](), list[int]()
    for i in needed:
        zero = _zeros({components[i]}, order)
        fed = _needed(rates[i], zero)
        if not fed:
            alone.append(i)
        joined = {i} | {k for k in needed if components[k] in fed}
        groups = _joined(groups, joined)
    for together in _ratios(order, {components[i]: i for i in needed}):
        groups = _joined(groups, together)
    return Vanishing(tuple(sorted(tuple(sorted(group)) for group in groups)), tuple(alone))


def _joined(groups: list[set[int]], members: set[int]) -> list[set[int]]:
    """The groups, in which all of those that hold one of these members are one."""
    apart = [group for group in groups if group.isdisjoint(members)]
    return [*apart, members.union(*(group for group in groups if not group.isdisjoint(members)))]


def _ratios(order: Iterable[Scalar], components: dict[Scalar, int]) -> list[set[int]]:
    """Which components are divided by sums of them: their ratios matter, however small all of them are."""
    ratios = []
    for divisor in dict.fromkeys(scalar.args[1] for scalar in order if scalar.op == "div"):
        parts = order_of([divisor])
        members = [component for component in parts if component in components]
        if len(members) > 1 and _zeros(members, parts)[divisor]:
            ratios.append({components[component] for component in members})
    return ratios


def _zeros(given: Collection[Scalar], order: Iterable[Scalar]) -> dict[Scalar, bool]:
    """What is 0 where these scalars are; `order`: what rates rest on, each after what it needs."""
    zero = dict.fromkeys(given, True)
    for scalar in order:
        rule = _ZERO.get(scalar.op)
        known = rule is not None and rule(*(zero[a] for a in scalar.args))
        zero.setdefault(scalar, known or (scalar.constant and scalar.value == 0))
    return zero


def _needed(rate: Scalar, zero: dict[Scalar, bool]) -> set[Scalar]:
    """What a rate depends on, where so much of it is 0."""
    needed, open_ = set[Scalar](), [rate]
    while open_:
        scalar = open_.pop()
        if scalar not in needed and not zero[scalar]:
            needed.add(scalar)
            open_.extend(scalar.args)
    return needed
