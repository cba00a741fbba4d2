"""The [design] of a sweep: which parameters are drawn at random, how, and how often."""

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from functools import cached_property
from math import inf
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ...engine.values.axis import OF_OPTIONS
from ...engine.values.columns import Values
from ..text import nearest
from .checks import count, ends_inside, inside_domain
from .distributions.distribution import Distribution
from .sampling import version_0_1
from .sampling.correlation import Pair, normal_factor, read_pairs
from .sampling.dependent import DependentPoints
from .sampling.drawn import Drawn, DrawnMatrices
from .sampling.given import KIND, read_columns
from .sampling.groups import owners, read_groups, require_equal_steps
from .sampling.kinds import SAMPLERS
from .sampling.parameters import Beside, drawn_parameter, read_parameters, stated_parameters
from .sampling.points import Points
from .sampling.sobol import SobolPoints

# Points of a design up to which a cube holds its samples whole; those of a larger one are computed and stored
# tile by tile.
WHOLE = 2**20
# What is said of a design whose points are not stored (`reduced.indices` reads it).
STREAMED = ("store", "confidence", "resamples", "until", "method")
_KEYS = ("kind", "samples", "seed", "parameters", "drawn_as", "correlation", "groups", *STREAMED)
_NOW = "0.2.0"  # since which designs are functions of a sample's number


@dataclass(frozen=True)
class Design:
    """A sampled design, checked and complete.

    Parameters
    ----------
    kind : "sobol", "lhs" or "morris", or "given", whose points stand in a file.
    samples : base samples, points or trajectories.
    seed : of the sampler; the same design draws the same points.
    option : of this kind: ``second_order`` (0 or 1), ``batch`` or ``levels``.
    distributions : of every sampled parameter, in order.
    drawn_as : the version of equisweep whose points these are.
    correlation : pairs of parameters that depend on each other.
    groups : names of parameters that move together, by the name of their group.
    """

    kind: str
    samples: int
    seed: int
    option: int
    distributions: Mapping[str, Distribution]
    drawn_as: str = _NOW
    correlation: tuple[Pair, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def in_unit_cube(self) -> Points:
        """Where its points lie before they are given their distributions."""
        owner = owners(list(self.distributions), self.groups)
        points = SAMPLERS[self.kind].points(len(self.distributions), self.seed, self.option, owner)
        if not self.correlation:
            return points
        return DependentPoints(points, normal_factor("correlation", self.correlation, self.distributions))

    @property
    def moved(self) -> list[str]:
        """What moves by itself: groups, and parameters that are in none."""
        grouped = {name: group for group, names in self.groups.items() for name in names}
        return list(dict.fromkeys(grouped.get(name, name) for name in self.distributions))

    @property
    def points_per_sample(self) -> int:
        """Points of one sample."""
        return self.in_unit_cube.points_per_sample

    @property
    def points(self) -> int:
        """Points of the whole design."""
        return self.samples * self.points_per_sample

    def values(
        self, ends: Mapping[str, tuple[float, float]] | None = None, most: int = WHOLE
    ) -> dict[str, Values]:
        """Values of every sampled parameter, (points,) of each; arrays where these are at most `most`.

        They are kept between the `ends` of their parameter: as far as they go in a sweep's dtype.
        """
        if self.drawn_as == version_0_1.VERSION:
            return self._drawn_first()
        columns, drawn = {}, DrawnMatrices if isinstance(self.in_unit_cube, SobolPoints) else Drawn
        for dim, (name, one) in enumerate(self.distributions.items()):
            whole = OF_OPTIONS.type if one.options else np.int64 if one.whole else np.float64
            low, high = (ends or {}).get(name, (-inf, inf))
            quantiles = one.within(low, high, SAMPLERS[self.kind].reaches_ends)
            columns[name] = drawn(self.in_unit_cube, dim, self.points, quantiles, whole)
        return {name: self._held(name, one) if self.points <= most else one for name, one in columns.items()}

    def _held(self, name: str, column: Drawn) -> np.ndarray:
        """A column whole, of a static choice as texts."""
        options = self.distributions[name].options
        return np.array(options)[column[:]] if options else column[:]

    def _drawn_first(self) -> dict[str, Values]:
        """The values as equisweep 0.1.0 drew them."""
        u = version_0_1.POINTS[self.kind](len(self.distributions), self.samples, self.seed, self.option)
        drawn = enumerate(self.distributions.items())
        values = {name: version_0_1.quantiles(d, u[:, i]) for i, (name, d) in drawn}
        return {n: v.astype(np.int64) if self.distributions[n].whole else v for n, v in values.items()}

    def text(self) -> dict[str, str]:
        """As flat text, for a cube's identity; `from_identity` reads it back."""
        flat = {"kind": self.kind, "samples": str(self.samples), "seed": str(self.seed)}
        flat[SAMPLERS[self.kind].option] = str(self.option)
        if self.drawn_as != version_0_1.VERSION:  # which did not say so
            flat["drawn_as"] = self.drawn_as
        if self.correlation:
            flat["correlation"] = json.dumps([astuple(pair) for pair in self.correlation])
        if self.groups:
            flat["groups"] = json.dumps(self.groups)
        return flat | {f"parameters.{name}": json.dumps(d.plain()) for name, d in self.distributions.items()}

    def __str__(self) -> str:
        counted = SAMPLERS[self.kind].counted
        each = f" of {self.points_per_sample} points" if self.points_per_sample > 1 else ""
        dependent = ", correlated" if self.correlation else ""
        return f"{self.kind}, {self.samples:,} {counted}{each}, over {', '.join(self.moved)}{dependent}"

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
            drawn_as=flat.get("drawn_as", version_0_1.VERSION),
            correlation=tuple(Pair(*pair) for pair in json.loads(flat.get("correlation", "[]"))),
            groups={name: tuple(names) for name, names in json.loads(flat.get("groups", "{}")).items()},
        )


def design_names(stated: Mapping[str, Any]) -> list[str]:
    """Names under the "parameters" of a design as it is stated, unchecked."""
    parameters = stated.get("parameters")
    return [name for name in parameters if isinstance(name, str)] if isinstance(parameters, Mapping) else []


def resolve_design(
    where: str, stated: Mapping[str, Any], beside: Beside
) -> tuple[Design | None, dict[str, Values]]:
    """The design that is stated and the values it draws, (points,) of each; (None, {}) for none.

    Raises SweepError, beginning with `where`, the key and the value.
    """
    if not stated:
        return None, {}
    kind = stated.get("kind")
    if isinstance(stated.get("samples"), str):
        return _given(where, stated, beside)
    known = [one for one in SAMPLERS if one != KIND]
    if kind is None:
        raise SweepError(f"{where}.kind: is missing; give one of {', '.join(known)}, or samples of a file")
    if kind not in known:
        raise SweepError(f"{where}.kind: {shown(kind)} is no design{nearest(str(kind), known)}")
    sampler = SAMPLERS[kind]
    known = [*_KEYS, sampler.option]
    for key in stated:
        if key not in known:
            raise SweepError(f"{where}.{key}: unknown for kind {shown(kind)}{nearest(str(key), known)}")
    parameters = read_parameters(f"{where}.parameters", stated, beside)
    samples = count(f"{where}.samples", stated.get("samples"), 2)
    option = sampler.read_option(where, stated, samples)
    design = Design(
        kind, samples, count(f"{where}.seed", stated.get("seed", 0), 0), option,
        {name: distribution for name, (_, distribution) in parameters.items()}, stated.get("drawn_as", _NOW),
        _correlation(f"{where}.correlation", stated, parameters),
        read_groups(f"{where}.groups", stated.get("groups"), list(parameters), kind, beside.inputs),
    )  # fmt: skip
    _require_drawable(where, design)
    if kind == "morris":
        require_equal_steps(f"{where}.groups", design.groups, design.distributions, option)
    dtype = beside.inputs.dtype
    numbers = {name: (p, one) for name, (p, one) in parameters.items() if p is not None}
    ends = {name: ends_inside(parameter.domain, dtype) for name, (parameter, _) in numbers.items()}
    if sampler.reaches_ends:
        for name, (parameter, one) in numbers.items():
            hint = "; a Morris design reaches both ends of its ranges"
            reached = one.quantiles(np.array([0.0, 1.0]))
            inside_domain(f"{where}.parameters.{name}", reached, parameter, dtype, hint)
    return design, design.values(ends)


def _given(where: str, stated: Mapping[str, Any], beside: Beside) -> tuple[Design, dict[str, Values]]:
    """The design whose points stand in a file, and their values."""
    for key in stated:
        if key not in ("samples", "parameters"):
            raise SweepError(f"{where}.{key}: has no meaning for points that stand in a file; leave it out")
    parameters = stated_parameters(f"{where}.parameters", stated, 'columns, such as alpha = {column = "a"}')
    drawn = {name: drawn_parameter(f"{where}.parameters.{name}", name, beside) for name in parameters}
    laws, values = read_columns(where, stated, drawn, beside.inputs, beside.folder)
    samples = len(next(iter(values.values())))
    return Design(KIND, samples, 0, samples, laws), dict(values)


def _correlation(where: str, stated: Mapping[str, Any], parameters: Mapping[str, Any]) -> tuple[Pair, ...]:
    """The pairs of parameters that depend on each other; SweepError, beginning with `where`."""
    if "correlation" not in stated:
        return ()
    if stated["kind"] != "lhs":
        raise SweepError(
            f"{where}: a {stated['kind']} design moves single parameters, and dependent ones do not move "
            'alone; take kind = "lhs", and the measures shapley or kucherenko'
        )
    pairs = read_pairs(where, stated["correlation"], list(parameters))
    for name in (name for pair in pairs for name in (pair.one, pair.other)):
        if parameters[name][1].options:
            raise SweepError(
                f"{where}: {name} is a static choice, whose options have no order to correlate by"
            )
    normal_factor(where, pairs, {name: one for name, (_, one) in parameters.items()})
    return pairs


def _require_drawable(where: str, design: Design) -> None:
    """Refuse more samples than are drawn, and an unknown way to draw them; SweepError."""
    if design.drawn_as not in (version_0_1.VERSION, _NOW):
        wrong = f"{shown(design.drawn_as)} is no version that drew points in its own way"
        raise SweepError(f'{where}.drawn_as: {wrong}; give "{_NOW}" or "{version_0_1.VERSION}"')
    most = SAMPLERS[design.kind].most
    if design.samples > most:
        raise SweepError(f"{where}.samples: {design.samples:,}: a {design.kind} design has at most {most:,}")
    drawn = any(one.options for one in design.distributions.values())
    if design.drawn_as == version_0_1.VERSION and (design.groups or design.correlation or drawn):
        raise SweepError(
            f"{where}.drawn_as: {version_0_1.VERSION} knew neither groups, correlation nor drawn choices"
        )
    if design.drawn_as == version_0_1.VERSION and design.points > version_0_1.MOST_POINTS:
        raise SweepError(
            f"{where}.samples: {design} are {design.points:,}; a design that is drawn as "
            f"{version_0_1.VERSION} drew it has at most {version_0_1.MOST_POINTS:,}"
        )
