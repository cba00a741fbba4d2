"""The [design] of a sweep: which parameters are drawn at random, how, and how often."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...kernels.model import Parameter
from ..text import nearest
from .checks import inside_domain
from .distributions import Distribution, read_distribution
from .inputs import Inputs
from .ranges import MOST_VALUES
from .samplers import latin_points, morris_points, sobol_points

DIM = "sample"
_OWN = {"sobol": "second_order", "lhs": "batch", "morris": "levels"}
_KEYS = ("kind", "samples", "seed", "parameters")


@dataclass(frozen=True)
class Design:
    """A sampled design, checked and complete.

    Parameters
    ----------
    kind : "sobol", "lhs" or "morris".
    samples : base samples, points or trajectories.
    seed : of the sampler; the same design draws the same points.
    option : of this kind: ``second_order`` (0 or 1), ``batch`` or ``levels``.
    distributions : of every sampled parameter, in order.
    """

    kind: str
    samples: int
    seed: int
    option: int
    distributions: Mapping[str, Distribution]

    @property
    def group(self) -> int:
        """Points of one sample."""
        d = len(self.distributions)
        return {"sobol": (1 + self.option) * d + 2, "lhs": 1, "morris": d + 1}[self.kind]

    @property
    def points(self) -> int:
        """Points of the whole design."""
        return self.samples * self.group

    def values(self) -> dict[str, np.ndarray]:
        """Values of every sampled parameter, shape (points,)."""
        if self.kind == "sobol":
            u = sobol_points(len(self.distributions), self.samples, self.seed, bool(self.option))
        else:
            points = latin_points if self.kind == "lhs" else morris_points
            u = points(len(self.distributions), self.samples, self.seed, self.option)
        return {name: d.quantiles(u[:, i]) for i, (name, d) in enumerate(self.distributions.items())}

    def text(self) -> dict[str, str]:
        """As flat text, for a cube's identity; `from_identity` reads it back."""
        flat = {"kind": self.kind, "samples": str(self.samples), "seed": str(self.seed)}
        flat[_OWN[self.kind]] = str(self.option)
        return flat | {f"parameters.{name}": json.dumps(d.plain()) for name, d in self.distributions.items()}

    def __str__(self) -> str:
        what = {"sobol": "base samples", "lhs": "points", "morris": "trajectories"}[self.kind]
        each = f" of {self.group} points" if self.group > 1 else ""
        return f"{self.kind}, {self.samples:,} {what}{each}, over {', '.join(self.distributions)}"

    @classmethod
    def from_identity(cls, identity: Mapping[str, str]) -> "Design | None":
        """The design of a cube with this identity; None where it has none."""
        flat = {key.removeprefix("design."): v for key, v in identity.items() if key.startswith("design.")}
        if not flat:
            return None
        stated = {key.partition(".")[2]: json.loads(v) for key, v in flat.items() if "parameters." in key}
        return cls(
            kind=flat["kind"],
            samples=int(flat["samples"]),
            seed=int(flat["seed"]),
            option=int(flat[_OWN[flat["kind"]]]),
            distributions={name: Distribution.from_plain(plain) for name, plain in stated.items()},
        )


def design_names(stated: Mapping[str, Any]) -> list[str]:
    """Names under the "parameters" of a design as it is stated, unchecked."""
    parameters = stated.get("parameters")
    return [name for name in parameters if isinstance(name, str)] if isinstance(parameters, Mapping) else []


def resolve_design(
    where: str, stated: Mapping[str, Any], axes: Mapping[str, Any], fixed: Mapping[str, Any], inputs: Inputs
) -> tuple[Design | None, dict[str, np.ndarray]]:
    """The design that is stated and the values it draws, each of shape (points,); (None, {}) for none.

    `axes` and `fixed` are the sweep's own, which a sampled parameter must not stand in. Raises SweepError,
    beginning with `where`, the key and the value.
    """
    if not stated:
        return None, {}
    kind = stated.get("kind")
    if kind is None:
        raise SweepError(f"{where}.kind: is missing; give one of {', '.join(_OWN)}")
    if kind not in _OWN:
        raise SweepError(f"{where}.kind: {kind!r} is no design{nearest(str(kind), list(_OWN))}")
    known = [*_KEYS, _OWN[kind]]
    for key in stated:
        if key not in known:
            raise SweepError(f"{where}.{key}: unknown for kind {kind!r}{nearest(str(key), known)}")
    parameters = _distributions(f"{where}.parameters", stated, axes, fixed, inputs)
    samples = _whole(f"{where}.samples", stated.get("samples"), 2)
    option = _option(where, kind, stated, samples)
    design = Design(
        kind, samples, _whole(f"{where}.seed", stated.get("seed", 0), 0), option,
        {name: distribution for name, (_, distribution) in parameters.items()},
    )  # fmt: skip
    if design.points > MOST_VALUES:
        raise SweepError(
            f"{where}.samples: {design} are {design.points:,}; a design has at most {MOST_VALUES:,}"
        )
    hint = "; a Morris design reaches both ends of its ranges" if kind == "morris" else ""
    values = design.values()
    for name, (parameter, _) in parameters.items():
        inside_domain(f"{where}.parameters.{name}", values[name], parameter, inputs.dtype, hint)
        values[name] = values[name].astype(np.int64) if parameter.integer else values[name]
    return design, values


def _distributions(
    where: str, stated: Mapping[str, Any], axes: Mapping[str, Any], fixed: Mapping[str, Any], inputs: Inputs
) -> dict[str, tuple[Parameter, Distribution]]:
    parameters = stated.get("parameters")
    if not isinstance(parameters, Mapping) or not parameters:
        raise SweepError(
            f"{where}: should be a table of distributions, such as alpha = {{uniform = [0.1, 0.9]}}"
        )
    distributions = {}
    for name, given in parameters.items():
        if not isinstance(name, str):
            raise SweepError(f"{where}: the key {name!r} should be a name")
        parameter = _drawn_parameter(f"{where}.{name}", name, axes, fixed, inputs)
        one = read_distribution(f"{where}.{name}", given, parameter)
        if stated["kind"] == "morris" and not (isfinite(one.low) and isfinite(one.high)):
            raise SweepError(
                f"{where}.{name}.{one.kind}: has no end, and a Morris design reaches the ends; "
                "give normal = [mean, standard deviation, low, high]"
            )
        distributions[name] = parameter, one
    return distributions


def _drawn_parameter(
    where: str, name: str, axes: Mapping[str, Any], fixed: Mapping[str, Any], inputs: Inputs
) -> Parameter:
    """The parameter called `name`, which must stand nowhere else."""
    if name in axes:
        raise SweepError(f"{where}: also stands in [axes]; keep one of the two")
    if name in inputs.choices:
        raise SweepError(f"{where}: {name} is a static choice and cannot be drawn; make it an axis")
    parameter = inputs.parameter(where, name)
    if name in fixed:
        raise SweepError(f"{where}: also stands in [fixed] as {fixed[name]!r}; keep one of the two")
    return parameter


def _option(where: str, kind: str, stated: Mapping[str, Any], samples: int) -> int:
    """The option that this kind alone has, and what it asks of `samples`."""
    if kind == "sobol":
        second = stated.get("second_order", False)
        if not isinstance(second, bool):
            raise SweepError(f"{where}.second_order: {second!r} should be true or false")
        if samples & (samples - 1):
            near = 2 ** (samples.bit_length() - 1)
            raise SweepError(
                f"{where}.samples: {samples:,} is no power of two, and Sobol' points are even only in such "
                f"numbers; give {near:,} or {2 * near:,}"
            )
        return int(second)
    if kind == "lhs":
        batch = _whole(f"{where}.batch", stated.get("batch", samples), 2)
        if samples % batch:
            raise SweepError(f"{where}.samples: {samples:,} is no multiple of the batch of {batch:,}")
        return batch
    levels = _whole(f"{where}.levels", stated.get("levels", 4), 2)
    if levels % 2:
        raise SweepError(f"{where}.levels: {levels} is odd; give an even number, such as 4")
    return levels


def _whole(where: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        reason = "is missing" if value is None else f"{value!r} is no count"
        raise SweepError(f"{where}: {reason}; give a whole number of at least {least}")
    return value
