"""The space of a sweep: a model, the axes it is swept over, and what is computed at each point."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

import numpy as np

from ..kernels.model import Dim, Model, Output
from ..kernels.status import MEANING, Status
from ..kernels.unit_quotient import unit_quotient
from .errors import SweepError
from .values.axis import Axis


@dataclass(frozen=True)
class Variable:
    """One array of a cube: an output, a derivative of one, or the status.

    Attributes
    ----------
    name, dtype
        Its name and the type of its numbers.
    fill
        What stands where nothing has been computed.
    inner_dims
        Its dimensions besides those of the grid.
    attributes
        Meaning, symbol and unit, in the words of the CF conventions.
    """

    name: str
    dtype: np.dtype
    fill: float | int
    inner_dims: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Space:
    """Everything the engine needs to know: validated, complete, with no defaults left to fill in.

    Attributes
    ----------
    model
        The model, whose kernel is asked at every point.
    axes
        The dimensions of the grid, in order.
    fixed
        Every parameter that no axis varies wholly, in its unit: a float, or an array over its dim in which
        the components that are axes hold NaN until a tile sets them.
    choices
        Every static choice that is no axis.
    labels
        Labels of the dimensions that outputs carry themselves.
    outputs
        Names of the outputs that are kept.
    derivatives
        Pairs (output, parameter or "parameter.component").
    dtype
        Of all real numbers: float64 or float32.
    times, integrator
        Of a model with a flow: where its path is saved, and options of `Method`.
    model_digest
        Digest of the file that a user's own model comes from; empty for a model that ships.
    networks
        Networks that the model was made for, as flat text: part of the sweep's identity.
    design
        How the values of a sampled axis were drawn, as flat text: part of the sweep's identity.
    """

    model: Model
    axes: tuple[Axis, ...]
    fixed: Mapping[str, float | np.ndarray]
    choices: Mapping[str, str]
    labels: Mapping[str, tuple[Any, ...]]
    outputs: tuple[str, ...]
    derivatives: tuple[tuple[str, str], ...]
    dtype: np.dtype
    times: tuple[float, ...] = ()
    integrator: Mapping[str, Any] = field(default_factory=dict)
    model_digest: str = ""
    design: Mapping[str, str] = field(default_factory=dict)
    networks: Mapping[str, str] = field(default_factory=dict)

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the grid's dimensions, in order."""
        return tuple(axis.dim for axis in self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the grid's dimensions, in order."""
        return tuple(axis.size for axis in self.axes)

    @property
    def points(self) -> int:
        """Number of grid points."""
        return prod(self.shape)

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """Every array of the cube, `status` last: it is the commit mark."""
        outputs = [self._output_variable(self.model.output(name)) for name in self.outputs]
        derivatives = [self._derivative_variable(*pair) for pair in self.derivatives]
        return (*outputs, *derivatives, _status_variable())

    @property
    def bytes_per_point(self) -> int:
        """Uncompressed bytes of all variables at one grid point."""
        return sum(v.dtype.itemsize * self.inner_size(v) for v in self.variables)

    @property
    def wanted(self) -> frozenset[str]:
        """Outputs that are stored, or whose derivatives are."""
        return frozenset([*self.outputs, *(output for output, _ in self.derivatives)])

    @property
    def needs_ode(self) -> bool:
        """Whether any output needs the model's flow to be integrated."""
        flow = self.model.flow
        return flow is not None and bool({o.name for o in flow.outputs(path=True)} & self.wanted)

    @property
    def decided(self) -> bool:
        """Whether no output needs the state of an orbit whose end the flow's own mathematics decides."""
        flow = self.model.flow
        if flow is None or flow.decide is None or self.integrator.get("decide") == "integration":
            return False
        return (self.wanted - {"attractor"}).isdisjoint(o.name for o in flow.outputs(path=True))

    def choices_at(self, indices: Mapping[str, int]) -> dict[str, str]:
        """Every static choice, at these indices along the static axes (by the axis's dim)."""
        result = dict(self.choices)
        for axis in self.axes:
            if axis.static:
                result |= {name: str(values[indices[axis.dim]]) for name, values in axis.values.items()}
        return result

    @property
    def combinations(self) -> list[dict[str, str]]:
        """Every combination of static choices that points have, each with those that are the same at all."""
        static = [axis for axis in self.axes if axis.static]
        positions = product(*(range(axis.size) for axis in static))
        along = [self.choices_at({a.dim: i for a, i in zip(static, at, strict=True)}) for at in positions]
        return [one | drawn for one in along for drawn in self.drawn_choices]

    @property
    def drawn_choices(self) -> list[dict[str, str]]:
        """Every combination of the choices that are drawn point by point; an empty one where none is."""
        options = {name: drawn for axis in self.axes for name, drawn in axis.options.items()}
        return [dict(zip(options, one, strict=True)) for one in product(*options.values())]

    def inner_size(self, variable: Variable) -> int:
        """Numbers that `variable` holds at one grid point."""
        return prod(len(self.labels[dim]) for dim in variable.inner_dims)

    def largest(self, name: str) -> float:
        """The largest value parameter `name` takes anywhere in the sweep."""
        result = [
            float(axis.tops[target] if target in axis.tops else values[:].max())
            for axis in self.axes
            for target, values in axis.values.items()
            if target.partition(".")[0] == name
        ]
        fixed = np.atleast_1d(self.fixed.get(name, np.nan))  # components that are axes hold NaN
        return max(result + fixed[~np.isnan(fixed)].tolist())

    def identity(self, held: Mapping[str, str] | None = None) -> dict[str, str]:
        """What makes two sweeps the same, as flat text: equal identities give equal cubes.

        `held` is one that it is to be compared with: values are described in the form that it has them in.
        """
        flat = {"model": self.model.name, "dtype": self.dtype.name, "outputs": ", ".join(self.outputs)}
        if self.model_digest:
            flat["model file"] = self.model_digest
        flat["derivatives"] = ", ".join(derivative_name(*pair) for pair in self.derivatives)
        flat["dims"] = ", ".join(self.dims)
        for axis in self.axes:
            like = {name: (held or {}).get(f"axes.{name}", "") for name in axis.values}
            flat |= {f"axes.{name}": text for name, text in axis.described_like(like).items()}
        for name, value in self.fixed.items():
            flat[f"fixed.{name}"] = str(np.asarray(value).tolist())
        flat |= {f"fixed.{name}": value for name, value in self.choices.items()}
        flat |= {f"labels.{dim}": ", ".join(map(str, labels)) for dim, labels in self.labels.items()}
        flat |= {f"integrator.{name}": str(value) for name, value in self.integrator.items()}
        flat |= {f"design.{name}": value for name, value in self.design.items()}
        return {**flat, **self.networks}

    def _output_variable(self, output: Output) -> Variable:
        attributes: dict[str, Any] = {
            "long_name": output.meaning,
            "symbol": output.symbol,
            "units": output.unit,
        }
        attributes |= self._needs(output)
        if output.kind == "class":
            attributes["flag_values"] = list(output.classes.values())
            attributes["flag_meanings"] = " ".join(meaning.replace(" ", "_") for meaning in output.classes)
        dtype, fill = _storage(output, self.dtype, own=bool(self.model_digest))
        return Variable(output.name, dtype, fill, output.dims, attributes)

    def _needs(self, output: Output) -> dict[str, str]:
        """What of an orbit an output needs, as an attribute; none of models that have no orbits."""
        return {} if self.model.flow is None else {"needs": output.needs or "static"}

    def _derivative_variable(self, output_name: str, target: str) -> Variable:
        output = self.model.output(output_name)
        parameter = self.model.parameter(target.partition(".")[0])
        by = f"{parameter.symbol}[{target.partition('.')[2]}]" if "." in target else parameter.symbol
        attributes = {
            "long_name": f"derivative of {output.meaning} in {target}",
            "symbol": f"∂{output.symbol}/∂{by}",
            "units": unit_quotient(output.unit, parameter.unit),
            "derivative_of": output_name,
            "derivative_in": target,
            **self._needs(output),
        }
        return Variable(
            derivative_name(output_name, target), self.dtype, float("nan"), output.dims, attributes
        )


def derivative_name(output: str, target: str) -> str:
    """Name of a derivative's variable: ("investment", "v.data") gives d_investment_d_v_data."""
    return f"d_{output}_d_{target.replace('.', '_')}"


def dim_labels(dim: Dim, by_component: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Labels of a model's own dimension, from its declaration or the components of vector parameters.

    Raises SweepError where it has none.
    """
    like = dim.like or dim.name
    if not dim.labels and like not in by_component:
        raise SweepError(
            f"dim {dim.name!r} has no labels; give Dim({dim.name!r}, ..., labels=(...)), or declare a vector "
            f"parameter with dim={like!r}, whose components are its labels"
        )
    return dim.labels or by_component[like]


def _storage(output: Output, real: np.dtype, own: bool) -> tuple[np.dtype, float | int]:
    if output.kind == "count":
        # What models that ship count is small; of a user's own model nobody knows.
        return np.dtype("int64" if own else "int16"), -1
    if output.kind == "class":
        return np.dtype("int8"), -1
    return real, float("nan")


def _status_variable() -> Variable:
    attributes = {
        "long_name": "what happened at this point",
        "units": "1",
        "flag_values": [int(status) for status in Status],
        "flag_meanings": " ".join(status.name for status in Status),
        "comment": "; ".join(f"{status.name}: {MEANING[status]}" for status in Status),
    }
    return Variable("status", np.dtype("uint8"), int(Status.not_computed), (), attributes)
