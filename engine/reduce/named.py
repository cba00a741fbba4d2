"""How what is kept of an output is called, and what its attributes say."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..space import Variable

COUNT = np.dtype("int64")


def statistic(
    output: Variable, name: str, of: str, dims: tuple[str, ...] = (), count: bool = False
) -> Variable:
    """The variable ``<output>_<name>``, in words `of` the output; a number of points where it is a `count`.

    `dims` are its dimensions besides the output's own.
    """
    attributes: dict[str, Any] = {"long_name": f"{of} of {meaning(output)}"}
    if count:
        return Variable(
            f"{output.name}_{name}", COUNT, -1, (*output.inner_dims, *dims), attributes | {"units": "1"}
        )
    attributes["units"] = output.attributes.get("units", "1")
    return Variable(
        f"{output.name}_{name}",
        np.dtype(np.float64),
        float("nan"),
        (*output.inner_dims, *dims),
        attributes | {"reduced_from": output.name},
    )


def left_out(output: Variable) -> Variable:
    """How many points did not count."""
    return statistic(
        output, "left_out", "points left out (NaN, or of a status that does not count)", count=True
    )


def meaning(output: Variable) -> str:
    """What an output is, in words."""
    return str(output.attributes.get("long_name", output.name))


def of_class(name: str, about: str, classes: Mapping[str, int], inner_dims: tuple[str, ...]) -> Variable:
    """A variable whose numbers stand for names, as the CF conventions have it."""
    attributes = {
        "long_name": about,
        "units": "1",
        "flag_values": list(classes.values()),
        "flag_meanings": " ".join(one.replace(" ", "_") for one in classes),
    }
    return Variable(name, np.dtype("int16"), -1, inner_dims, attributes)
