"""Laws that are tried for every pair or triple of things: a part that covers them, and the whole product.

`make test` tries the part, in which each value of each column stands at least once, with every assertion;
`make test-products` tries what is left, and `.ci/run` both.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

# What stands in no covering part. It is left out unless it is asked for: see `addopts` in pyproject.toml.
whole_product = pytest.mark.whole_product


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
    columns : how many of the first columns are to be covered; all if None.
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
