"""Components that are angles, as the trace of the field shows: only their sines and the like move anything.

An angle that goes round grows for ever, and the field feels no more of it than where in a round it is. So it
is measured by the round, and not by its size.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf, isnan, nan, pi

from ...codegen.ir import Scalar, order_of

# By how much a scalar changes with each component that it depends on: NaN where that is not always the same.
Slopes = Mapping[int, float]

# In how many rounds of 2 pi what goes round comes back that changes by 1.
_PER_ROUND: dict[str, Callable[[tuple[Scalar, ...]], float]] = {
    "sin": lambda _: 1.0,
    "cos": lambda _: 1.0,
    "tan": lambda _: 2.0,
    "rem": lambda args: 2 * pi / abs(args[1].value) if args[1].constant and args[1].value else nan,
}


def half_rounds(rates: Sequence[Scalar], components: Sequence[Scalar]) -> tuple[float, ...]:
    """Half of the round of each component that is an angle, inf of all others; () where none is.

    Of a component with several rounds, as in sin x + sin(x / 2), it is the longest.
    """
    slopes: dict[Scalar, Slopes] = {component: {i: 1.0} for i, component in enumerate(components)}
    least = [inf] * len(components)
    for scalar in order_of(rates):
        if scalar in slopes:
            continue
        per_round = _PER_ROUND.get(scalar.op)
        if per_round is None:
            slopes[scalar] = _slopes(scalar, slopes)
            continue
        within, *others = (slopes[a] for a in scalar.args)
        turns = {i: abs(slope * per_round(scalar.args)) for i, slope in within.items() if slope}
        for i, each in [*turns.items(), *((i, nan) for other in others for i in other)]:
            least[i] = nan if isnan(each) or isnan(least[i]) else min(least[i], each)
        slopes[scalar] = {}
    for i in {i for rate in rates for i, slope in slopes[rate].items() if slope}:
        least[i] = nan
    # What a scalar that is no sum of components makes of one is not known to come back.
    for i in {i for known in slopes.values() for i, slope in known.items() if isnan(slope)}:
        least[i] = nan
    halves = tuple(inf if isnan(each) or each == inf else pi / each for each in least)
    return halves if min(halves, default=inf) < inf else ()


def _slopes(scalar: Scalar, known: Mapping[Scalar, Slopes]) -> Slopes:
    """The slopes of what is a sum of components and of what depends on none; of all else NaN."""
    args = [known[a] for a in scalar.args]
    if not any(args):
        return {}
    match scalar.op, scalar.args:
        case "neg", _:
            return _sum(args, [-1.0])
        case "add", _:
            return _sum(args, [1.0, 1.0])
        case "sub", _:
            return _sum(args, [1.0, -1.0])
        case "convert", _ if scalar.dtype[0] == "f":
            return args[0]
        case (("mul" | "mul_rounded" | "fma"), (a, b, *_)) if a.constant or b.constant:
            factor, product = (a, args[1]) if a.constant else (b, args[0])
            return _sum([product, *args[2:]], [float(factor.value), 1.0])
        case "div", (_, b) if b.constant and b.value:
            return _sum(args[:1], [1 / float(b.value)])
    return dict.fromkeys({i for slopes in args for i in slopes}, nan)


def _sum(terms: Sequence[Slopes], factors: Sequence[float]) -> Slopes:
    """The slopes of a sum of terms, times factors."""
    slopes: dict[int, float] = {}
    for term, factor in zip(terms, factors, strict=False):
        for i, slope in term.items():
            slopes[i] = slopes.get(i, 0.0) + factor * slope
    return slopes
