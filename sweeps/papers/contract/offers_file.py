"""Algorithm 1 from a file: who asks for protection, of which type, and what each would turn down."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

from ....engine.errors import SweepError
from ....engine.gate.documents import parse_toml
from ....engine.gate.files import TEXT, read_regular
from ....engine.gate.text import VALUE, clean, shown
from ...file_paths import path_of
from ...text import nearest, short, table
from .design import Infrastructure
from .offers import Allocation, Round, allocate

_TOP = ("total", "value_rate", "unit_cost", "types", "infrastructures")
_TYPE = ("theta", "reward_rate", "least", "probability")
_ONE = ("type", "levels", "asks")


class OffersError(SweepError):
    """A file that cannot be used; the message is one line naming file, key and remedy."""


@dataclass(frozen=True)
class Asking:
    """What a file says.

    Attributes
    ----------
    total, value_rate, unit_cost
        Resources of the centre; a and c.
    infrastructures
        Who asks, in the order of the file.
    probability
        Theta of each type to its p; None where the file states none.
    asks
        Name to the least resources at which it accepts an offer.
    """

    total: float
    value_rate: float
    unit_cost: float
    infrastructures: tuple[Infrastructure, ...]
    probability: dict[float, float] | None
    asks: dict[str, float]


def offers(path: str | Path) -> Allocation:
    """Run Algorithm 1 of the contract paper on the TOML file at `path`.

    The file states ``total``, and if it likes ``value_rate`` (2) and ``unit_cost`` (0.5); a table
    ``[types.NAME]`` for each type, with ``theta``, ``reward_rate``, ``least`` and, for all types or none,
    ``probability``; and a table ``[infrastructures.NAME]`` for each that asks, with its ``type``, ``levels``
    (probabilities of its criticality, lowest level first) and, if it would turn offers down, ``asks``, the
    least resources that it accepts (inf: none).

    Raises
    ------
    OffersError
        In one line, where the file is missing, unreadable, or does not say that.
    """
    asking = read(path)
    try:
        return allocate(
            asking.infrastructures,
            asking.total,
            accepts=lambda one, resources: resources >= asking.asks[one.name],
            value_rate=asking.value_rate,
            unit_cost=asking.unit_cost,
            probability=asking.probability,
        )
    except ValueError as error:
        raise OffersError(f"{path}: {error}") from None


def read(path: str | Path) -> Asking:
    """The file at `path`, checked as far as tables, names and types of values go; as `offers` says."""
    path = path_of(path)
    try:
        document = parse_toml(read_regular(path, TEXT).decode("utf-8-sig"))
    except OSError as error:
        raise OffersError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise OffersError(f"{path}: cannot be read: it is not UTF-8 text") from None
    except ValueError as error:
        raise OffersError(f"{path}: not TOML: {error}") from None
    return _Reader(path).asking(document)


class _Reader:
    """Turns the document of one file into what it says, and names the file in every error."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def asking(self, document: Mapping[str, Any]) -> Asking:
        self._known(document, _TOP, "")
        types = {name: self._type(name, one) for name, one in self._tables(document, "types")}
        given = {name: one.get("probability") for name, one in self._tables(document, "types")}
        who, asks = [], {}
        for name, one in self._tables(document, "infrastructures"):
            who.append(self._infrastructure(name, one, types))
            asks[name] = self._number(one, "asks", f"infrastructures.{name}.", 0.0)
        return Asking(
            self._number(document, "total", ""),
            self._number(document, "value_rate", "", 2.0),
            self._number(document, "unit_cost", "", 0.5),
            tuple(who),
            self._probability(types, given),
            asks,
        )

    def _type(self, name: str, one: Mapping[str, Any]) -> tuple[float, float, float]:
        place = f"types.{name}."
        self._known(one, _TYPE, place)
        theta, rate, least = (self._number(one, key, place) for key in ("theta", "reward_rate", "least"))
        return theta, rate, least

    def _probability(
        self, types: Mapping[str, tuple[float, float, float]], given: Mapping[str, Any]
    ) -> dict[float, float] | None:
        if all(value is None for value in given.values()):
            return None
        numbers = {n: self._number({"probability": v} if v is not None else {}, "probability", f"types.{n}.")
                   for n, v in given.items()}  # fmt: skip
        if abs(sum(numbers.values()) - 1) > 1e-6:
            raise self._error(f"types: probabilities must sum to 1, not {sum(numbers.values()):g}")
        result: dict[float, float] = {}
        for name, number in numbers.items():
            theta = types[name][0]
            if theta in result:
                raise self._error(f"types.{clean(name, VALUE)}.theta: {theta:g} is another type's, too")
            result[theta] = number
        return result

    def _infrastructure(
        self, name: str, one: Mapping[str, Any], types: Mapping[str, tuple[float, float, float]]
    ) -> Infrastructure:
        place = f"infrastructures.{name}."
        self._known(one, _ONE, place)
        kind, levels = one.get("type"), one.get("levels", [1.0])
        if not isinstance(kind, str) or kind not in types:
            said = "is missing; name one of" if kind is None else f"{shown(kind)} is not among"
            raise self._error(f"{place}type: {said} [types]{nearest(str(kind), list(types)) if kind else ''}")
        if not isinstance(levels, list) or not levels or not all(map(_is_number, levels)):
            raise self._error(f"{place}levels: must be a list of probabilities, the lowest level first")
        theta, rate, least = types[kind]
        return Infrastructure(name, theta, rate, least, tuple(map(float, levels)))

    def _tables(self, document: Mapping[str, Any], key: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
        tables = document.get(key, {})
        if (
            not isinstance(tables, dict)
            or not tables
            or not all(isinstance(t, dict) for t in tables.values())
        ):
            raise self._error(f"{key}: state a table [{key}.NAME] for each")
        return tables.items()

    def _number(self, of: Mapping[str, Any], key: str, place: str, default: float | None = None) -> float:
        value = of.get(key, default)
        if value is None:
            raise self._error(f"{place}{key}: is missing; state a number")
        if not _is_number(value):
            raise self._error(f"{place}{key}: {shown(value)} is no number")
        return float(value)

    def _known(self, of: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
        for key in of:
            if key not in known:
                raise self._error(f"{place}{clean(key, VALUE)}: unknown key{nearest(key, known)}")

    def _error(self, text: str) -> OffersError:
        return OffersError(f"{self._path}: {clean(text)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not isnan(value)


def describe(allocation: Allocation) -> str:
    """Every round, and how it ended, as text."""
    rows = [
        (str(k), step.action, _who(step), short(step.needed)) for k, step in enumerate(allocation.rounds, 1)
    ]
    parts = [table(("round", "action", "who", "needed"), rows)]
    if allocation.resources:
        signed = [(name, short(resources)) for name, resources in allocation.resources.items()]
        parts.append(table(("signed", "resources"), signed))
    for what, names in (("dropped", allocation.dropped), ("declined", allocation.declined)):
        if names:
            parts.append(f"{what}: {', '.join(names)}")
    return "\n\n".join(parts)


def _who(step: Round) -> str:
    if not step.resources:
        return ", ".join(step.names)
    return ", ".join(f"{name} {short(t)}" for name, t in zip(step.names, step.resources, strict=True))
