"""A network in a file: a matrix as CSV, GraphML, or a list of links."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ....engine.errors import SweepError
from ....engine.gate.files import TEXT, read_regular
from ....engine.gate.text import decoded, shown
from ...square_matrix import MatrixError, Row, read_square
from .library import networkx
from .listed import (
    WEIGHT_BEHIND_A_BLANK,
    cells_of,
    hidden_quotes,
    is_number,
    lines_of,
    mark_of,
    require_no_link_in_comments,
    require_whole_names,
    untitled,
    weight_in,
)

MOST_CITIES = 64
KINDS = "a matrix (.csv), .graphml, or a list of links (.edges, .edgelist, .txt, .tsv)"
_SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas", None: "blanks"}
_LISTS = (".edges", ".edgelist", ".txt", ".tsv")


@dataclass(frozen=True)
class Named:
    """Cities and the weights of the links between them, [from, to]."""

    cities: tuple[str, ...]
    weights: np.ndarray


def read_network(where: str, path: Path, weight: str, directed: bool) -> Named:
    """The network in a file, whose ending says what it is.

    `weight` is the attribute of a GraphML edge that holds its weight (1 where it is missing); links of a list
    lead both ways unless they are `directed`. SweepError, beginning with `where`, for all that is wrong.
    """
    here, ending = f"{where}: {path}", path.suffix.lower()
    try:
        raw = read_regular(path, TEXT)
        text = raw.decode("utf-8-sig") if ending == ".graphml" else decoded(raw)
    except UnicodeDecodeError:
        raise SweepError(f"{here} is no text in UTF-8") from None
    except OSError as error:
        raise SweepError(f"{where}: cannot read {path} ({error.strerror})") from None
    except ValueError as error:
        raise SweepError(f"{here}: {error}") from None
    if ending == ".csv":
        named = _matrix(here, text)
    elif ending == ".graphml":
        named = _graphml(here, text, weight)
    elif ending in _LISTS:
        named = _written_by_r(here, text) or _links(here, text, directed)
    else:
        raise SweepError(f"{here}: of its ending {shown(ending)} nothing is known; give {KINDS}")
    return _checked(here, named)


def _matrix(where: str, text: str) -> Named:
    """Names in the first row, in the first column or in both, with any corner or none; or numbers alone."""
    try:
        return read_square(text, "cities", _named)
    except MatrixError as error:
        raise SweepError(f"{where}: {error}") from None


def _named(rows: list[Row]) -> Named:
    """The matrix in rows of cells; what a row of numbers is, its length says."""
    head, body = rows[0].cells, [row.cells for row in rows[1:]]
    if body and all(len(row) == len(rows) == len(head) + 1 for row in body):
        return _with_both(head, body)  # as R writes it, without a corner
    if all(is_number(cell) for cell in head):
        return _of_rows([str(k) for k in range(1, len(rows) + 1)], [row.cells for row in rows])
    if all(len(row.cells) == len(rows) + 1 and not is_number(row.cells[0]) for row in rows):
        return _of_rows([row.cells[0] for row in rows], [row.cells[1:] for row in rows])
    if len(body) == len(head) and all(is_number(cell) for row in body for cell in row):
        return _of_rows(head, body)
    return _with_both(head[1:], body)


def _with_both(names: list[str], rows: list[list[str]]) -> Named:
    """A matrix with names in its first column that repeat `names`."""
    beside = [row[0] for row in rows]
    if not _repeat(names, beside):
        raise MatrixError(
            f"the first column names {_list(beside)}, and the first row {_list(names)}; "
            "a square matrix has the same cities in the same order in both"
        )
    return _of_rows(beside, [row[1:] for row in rows])


def _repeat(names: list[str], beside: list[str]) -> bool:
    """Whether names above and beside a matrix are the same, or R's for what has none: V1 above, 1 beside."""
    return beside == names or (
        names == [f"V{name}" for name in beside] and all(name.isdecimal() for name in beside)
    )


def _of_rows(names: list[str], rows: list[list[str]]) -> Named:
    for name, row in zip(names, rows, strict=False):
        if len(row) != len(names):
            raise MatrixError(f"the row of {shown(name)} has {len(row)} entries, not {len(names)}")
    if len(rows) != len(names):
        raise MatrixError(f"{len(rows)} rows and {len(names)} columns; a matrix of links is square")
    weights = [
        [weight_in(f"{a} to {b}", cell) for b, cell in zip(names, row, strict=True)]
        for a, row in zip(names, rows, strict=True)
    ]
    return Named(tuple(names), np.array(weights))


def _written_by_r(where: str, text: str) -> Named | None:
    """The matrix that R's ``write.table`` leaves, whose names above are one fewer than its cells in a row.

    None where it may be a list of links.
    """
    lines = [line for _, line in lines_of(text)[: MOST_CITIES + 2]]
    for mark in _SEPARATORS:
        named = _square(where, [cells_of(line, mark) for line in lines])
        if named is not None:
            return named
    return None


def _square(where: str, rows: list[list[str]]) -> Named | None:
    """The same of rows of cells."""
    names, body = rows[0] if rows else [], rows[1:]
    if len(names) < 2 or len(body) != len(names) or any(len(row) != len(rows) for row in body):
        return None
    if not _repeat(names, [row[0] for row in body]) or not all(
        is_number(cell) for row in body for cell in row[1:]
    ):
        return None
    # Three cells are a link, too: to a city that is called as a number, beside others that are not.
    own = [weight_in("", row[k]) for k, row in enumerate(body, 1)]
    if len(names) == 2 and any(own) and any(is_number(name) for name in names):
        return None
    try:
        return _with_both(names, body)
    except MatrixError as error:
        raise SweepError(f"{where}: {error}") from None


def _links(where: str, text: str, directed: bool) -> Named:
    """One link a line: two cities and perhaps a weight, between commas, semicolons, tabs or spaces."""
    require_whole_names(where, text)
    links: dict[tuple[str, str], float] = {}
    cities: dict[str, None] = {}
    separators: dict[str | None, int] = {}
    for number, line in untitled(where, lines_of(text)):
        mark = mark_of(line)
        separators.setdefault(mark, number)
        here = f"{where}: line {number}"
        _separated_alike(here, line, separators)
        cells = cells_of(line, mark)
        if len(cells) not in (2, 3) or "" in cells:
            raise SweepError(f"{here}: {shown(line)} should be two cities and perhaps a weight")
        a, b = cells[:2]
        cities |= {a: None, b: None}
        value = _number(here, cells[2]) if len(cells) == 3 else 1.0
        for pair in [(a, b)] if directed else [(a, b), (b, a)]:
            if links.setdefault(pair, value) != value:
                raise SweepError(f"{here}: a second weight of the link from {pair[0]} to {pair[1]}")
    require_no_link_in_comments(where, text, cities)
    return _of_links(tuple(cities), links)


def _separated_alike(where: str, line: str, separators: Mapping[str | None, int]) -> None:
    """SweepError where a line may be read in two ways: a comma may be that of decimals, marks are mixed."""
    spaced = len(separators) > 1 or None not in separators
    if spaced and WEIGHT_BEHIND_A_BLANK.search(hidden_quotes(line)):
        raise SweepError(
            f"{where}: {shown(line)} may be separated by blanks or not; "
            "put a tab or a semicolon between cities and weights"
        )
    if len(separators) > 1:
        (one, first), (other, _) = separators.items()
        raise SweepError(
            f"{where}: {shown(line)} is separated by {_SEPARATORS[other]}, and line {first} by "
            f"{_SEPARATORS[one]}; use one of them only"
        )


def _graphml(where: str, text: str, weight: str) -> Named:
    if re.search("<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise SweepError(f"{where}: declares entities, which are not read")
    library = networkx(where)
    try:
        graph: Any = library.parse_graphml(text)
    except Exception as error:  # whatever the parser raises of broken text
        raise SweepError(f"{where}: is no GraphML ({type(error).__name__})") from None
    if graph.is_multigraph():
        raise SweepError(f"{where}: has several links between the same two cities; give each pair one")
    links: dict[tuple[str, str], float] = {}
    for a, b, held in graph.edges(data=True):
        value = _number(f"{where}: link from {a} to {b}: {weight}", str(held.get(weight, 1)))
        links[str(a), str(b)] = value
        if not graph.is_directed():
            links[str(b), str(a)] = value
    return _of_links(tuple(str(node) for node in graph.nodes), links)


def _of_links(cities: tuple[str, ...], links: dict[tuple[str, str], float]) -> Named:
    indices = {city: i for i, city in enumerate(cities)}
    if len(cities) > MOST_CITIES:
        return Named(cities, np.zeros((1, 1)))  # refused by its number of cities, below
    weights = np.zeros((len(cities), len(cities)))
    for (a, b), value in links.items():
        weights[indices[a], indices[b]] = value
    return Named(cities, weights)


def _checked(where: str, named: Named) -> Named:
    if not 2 <= len(named.cities) <= MOST_CITIES:
        raise SweepError(f"{where}: has {len(named.cities)} cities; a network has 2 to {MOST_CITIES}")
    twice = [name for name, times in Counter(named.cities).items() if times > 1 or not name]
    if twice:
        raise SweepError(f"{where}: each city needs a name of its own; {shown(twice[0])} is none")
    bad = np.argwhere(~((named.weights >= 0) & (named.weights <= 1)))
    if len(bad):
        a, b = (named.cities[k] for k in bad[0])
        raise SweepError(
            f"{where}: the link from {a} to {b} weighs {named.weights[tuple(bad[0])]:g}; weights multiply "
            "alpha, a probability, and lie in [0, 1]: divide them all by the largest"
        )
    own = np.flatnonzero(np.diagonal(named.weights))
    if len(own):
        raise SweepError(f"{where}: a link from {named.cities[own[0]]} to itself; leave it out")
    return named


def _number(where: str, cell: str) -> float:
    try:
        return weight_in(where, cell)
    except MatrixError as error:
        raise SweepError(str(error)) from None


def _list(names: list[str]) -> str:
    return ", ".join(names[:4]) + (" ..." if len(names) > 4 else "")
