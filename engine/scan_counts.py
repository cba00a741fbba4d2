"""How the operands of a scan are divided, which JAX has said in two ways."""

from collections.abc import Mapping
from typing import Any


def scan_counts(params: Mapping[str, Any], operands: int) -> tuple[int, int]:
    """How many of a scan's operands are constants, and how many are carried; the rest it runs along.

    `params`: of its equation, which has so many `operands`.
    """
    if "ft_in" in params:  # since JAX 0.12
        constants, carried, _ = map(list, params["ft_in"].update(range(operands)).unpack())
        return len(constants), len(carried)
    return params["num_consts"], params["num_carry"]
