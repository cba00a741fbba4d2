"""The [design] of a sweep: which parameters are drawn at random, how, and how often."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ...kernels.model import Parameter
from ..text import nearest
from .checks import count, inside_domain
from .distributions import Distribution, read_distribution
from .inputs import Inputs
from .ranges import MOST_VALUES
from .samplers import SAMPLERS

DIM = "sample"
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
        return SAMPLERS[self.kind].group(len(self.distributions), self.option)

    @property
    def points(self) -> int:
        """Points of the whole design."""
        return self.samples * self.group

    def values(self) -> dict[str, np.ndarray]:
        """Values of every sampled parameter, shape (points,)."""
        u = SAMPLERS[self.kind].points(len(self.distributions), self.samples, self.seed, self.option)
        return {name: d.quantiles(u[:, i]) for i, (name, d) in enumerate(self.distributions.items())}

    def text(self) -> dict[str, str]:
        """As flat text, for a cube's identity; `from_identity` reads it back."""
        flat = {"kind": self.kind, "samples": str(self.samples), "seed": str(self.seed)}
        flat[SAMPLERS[self.kind].option] = str(self.option)
        return flat | {f"parameters.{name}": json.dumps(d.plain()) for name, d in self.distributions.items()}

    def __str__(self) -> str:
        counted = SAMPLERS[self.kind].counted
        each = f" of {self.group} points" if self.group > 1 else ""
        return f"{self.kind}, {self.samples:,} {counted}{each}, over {', '.join(self.distributions)}"

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
            option=int(flat[SAMPLERS[flat["kind"]].option]),
            distributions={name: Distribution.from_plain(plain) for name, plain in stated.items()},
        )


def as_begun(stated: Mapping[str, Any], identity: Mapping[str, str], where: str) -> Mapping[str, Any]:
    """A design as it is stated, with the size of the hypercubes that a cube of this identity began with.

    That size is the first number of samples, unless the design states another: without it no Latin hypercube
    could grow. Raises SweepError, beginning with `where`, for a number of samples that does not hold whole
    hypercubes.
    """
    try:
        held = Design.from_identity(identity)
    except (KeyError, TypeError, ValueError):  # whoever opens the cube says better what is damaged
        return stated
    samples = stated.get("samples")
    if held is None or (held.kind, stated.get("kind"), stated.get("batch")) != ("lhs", "lhs", None):
        return stated
    if not isinstance(samples, int) or samples == held.option:
        return stated
    if samples % held.option:
        if samples < held.samples:  # which no design does, and the cube says so
            return stated
        near = samples // held.option * held.option
        raise SweepError(
            f"{where}.samples: {samples:,}: the cube is made of hypercubes of {held.option:,} points each, "
            f"and grows by whole ones; give {near:,} or {near + held.option:,}, or choose another output"
        )
    return {**stated, "batch": held.option}


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
        raise SweepError(f"{where}.kind: is missing; give one of {', '.join(SAMPLERS)}")
    if kind not in SAMPLERS:
        raise SweepError(f"{where}.kind: {shown(kind)} is no design{nearest(str(kind), list(SAMPLERS))}")
    sampler = SAMPLERS[kind]
    known = [*_KEYS, sampler.option]
    for key in stated:
        if key not in known:
            raise SweepError(f"{where}.{key}: unknown for kind {shown(kind)}{nearest(str(key), known)}")
    parameters = _distributions(f"{where}.parameters", stated, axes, fixed, inputs)
    samples = count(f"{where}.samples", stated.get("samples"), 2)
    option = sampler.read_option(where, stated, samples)
    design = Design(
        kind, samples, count(f"{where}.seed", stated.get("seed", 0), 0), option,
        {name: distribution for name, (_, distribution) in parameters.items()},
    )  # fmt: skip
    if design.points > MOST_VALUES:
        raise SweepError(
            f"{where}.samples: {design} are {design.points:,}; a design has at most {MOST_VALUES:,}"
        )
    hint = "; a Morris design reaches both ends of its ranges" if sampler.reaches_ends else ""
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
            raise SweepError(f"{where}: the key {shown(name)} should be a name")
        parameter = _drawn_parameter(f"{where}.{name}", name, axes, fixed, inputs)
        one = read_distribution(f"{where}.{name}", given, parameter)
        if SAMPLERS[stated["kind"]].reaches_ends and not (isfinite(one.low) and isfinite(one.high)):
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
        raise SweepError(f"{where}: also stands in [fixed] as {shown(fixed[name])}; keep one of the two")
    return parameter
