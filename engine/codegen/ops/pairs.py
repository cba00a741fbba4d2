"""Sums of two doubles: what holds a number to twice the digits (Dekker, Numerische Mathematik 18, 1971)."""

from .term import Term


def sum_of(a: Term, b: Term) -> tuple[Term, Term]:
    """The sum of two doubles, and what its rounding lost."""
    total = a + b
    b_in_it = total - a
    return total, (a - (total - b_in_it)) + (b - b_in_it)


def normal(high: Term, low: Term) -> tuple[Term, Term]:
    """The same sum, its second part below the last place of the first; `high` is the larger, or 0."""
    total = high + low
    return total, (high - total) + low


def product_of(a: Term, b: Term) -> tuple[Term, Term]:
    """The product of two doubles, and what its rounding lost."""
    product = a * b
    return product, a.fma(b, -product)
