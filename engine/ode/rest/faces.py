"""Components that stay 0 once they are 0, as the trace of the field shows: amounts that only reproduce.

Such a component that has fallen below what numbers can tell from 0 would grow again from the errors of steps
alone, with any sign.
"""

from collections.abc import Callable, Iterable

from ...codegen.ir import Scalar, Unsupported, order_of
from ...codegen.lower.lower import lower_function
from ...codegen.lower.rule import BrokenRule
from .resting import Array, Field

# Whether an operation is 0 where these of its arguments are; of other operations nothing is said.
_ZERO: dict[str, Callable[..., bool]] = {
    "mul": lambda a, b: a or b, "mul_rounded": lambda a, b: a or b, "div": lambda a, _: a,
    "fma": lambda a, b, c: (a or b) and c, "add": lambda a, b: a and b, "sub": lambda a, b: a and b,
    "max": lambda a, b: a and b, "min": lambda a, b: a and b, "select": lambda _, a, b: a and b,
    "neg": lambda a: a, "abs": lambda a: a, "sqrt": lambda a: a, "tanh": lambda a: a, "convert": lambda a: a,
}  # fmt: skip


def stay_at_zero(field: Field, t: Array, state: Array) -> tuple[bool, ...]:
    """Which components of the state, shape (d,), do not move where they are 0, or () where none is known."""
    try:
        rates, (_, components), _ = lower_function(field, t, state)
    except (Unsupported, BrokenRule):
        return ()
    order = order_of(rates.tolist())
    stay = [
        _is_zero(rate, component, order)
        for rate, component in zip(rates.tolist(), components.tolist(), strict=True)
    ]
    return tuple(stay) if any(stay) else ()


def _is_zero(rate: Scalar, component: Scalar, order: Iterable[Scalar]) -> bool:
    """Whether a rate is 0 where the component is; `order`: what rates rest on, each after what it needs."""
    zero: dict[Scalar, bool] = {component: True}
    for scalar in order:
        rule = _ZERO.get(scalar.op)
        known = rule is not None and rule(*(zero[a] for a in scalar.args))
        zero.setdefault(scalar, known or (scalar.constant and scalar.value == 0))
    return zero[rate]
