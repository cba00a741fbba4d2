"""Laws that are tried for every pair or triple of things: a part that covers them, and the whole product.

`make test` tries the part, in which each value of each column stands at least once, with every assertion;
`make test-products` tries what is left, with single laws that cost seconds, and `.ci/run` both.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import Any

import pytest
from equisweep.kernels.model import Model

# What stands in no covering part. It is left out unless it is asked for: see `addopts` in pyproject.toml.
whole_product = pytest.mark.whole_product
# A law that takes more than a second by itself, as programs of several orbits or processes have to be made.
# It is left out likewise, where others in its folder that cost less see what would break most of it.
costs_seconds = pytest.mark.costs_seconds


def covering(
    cases: Sequence[tuple[Any, ...]],
    part: Callable[..., bool],
    columns: int | None = None,
    as_one: bool = False,
) -> list[Any]:
    """Cases as `pytest.mark.parametrize` takes them, of which `make test` tries those in `part`.

    Parameters
    ----------
    cases : each a tuple, of as many values as there are columns.
    part : part(*case) -> whether the case belongs to the covering part.
    columns : how many of the first columns are to be covered; all if None; of 0 none, as of `some`.
    as_one : a test takes each case as one argument.

    Raises
    ------
    ValueError
        A value of a column stands in no case of the part; or all cases are in it, and none is left out.
    """
    kept = [case for case in cases if part(*case)]
    if len(kept) == len(cases):
        raise ValueError("all cases are in the covering part")
    for column, values in enumerate([*zip(*cases, strict=True)][:columns]):
        missing = {repr(value) for value in values} - {repr(case[column]) for case in kept}
        if missing:
            raise ValueError(f"column {column}: not in the covering part: {', '.join(sorted(missing))}")
    return [
        pytest.param(*([case] if as_one else case), marks=() if part(*case) else whole_product)
        for case in cases
    ]


def some(names: Iterable[Any], part: Container[Any]) -> list[Any]:
    """Names as `pytest.mark.parametrize` takes them, as `covering`: of a law for each model, say.

    Raises ValueError where none is in the part, or all are: each law is tried, as is each name by other laws;
    TypeError where they have no order, which workers would have to share.
    """
    if isinstance(names, set | frozenset):
        raise TypeError("a set has another order in each worker; give a list")
    names = [*names]
    if len({name in part for name in names}) != 2:
        raise ValueError("none is in the part, or all are")
    return [pytest.param(name, marks=() if name in part else whole_product) for name in names]


def each_option(model: Model) -> Iterator[dict[str, str]]:
    """As few combinations as hold each option: the first of all choices, the second, and so on."""
    for k in range(max((len(c.options) for c in model.choices), default=1)):
        yield {c.name: c.options[k % len(c.options)] for c in model.choices}
