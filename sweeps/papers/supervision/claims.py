"""What the supervision paper says, and what is known of its equations, checked one by one.

Three of the paper's numbers are lost. Every sentence is judged in the paper's case as reconstructed, and
again with each of the three varied alone: so it is said over which range of it the verdict stays the same.
"""

from collections.abc import Sequence

import numpy as np

from ..claims import Claim
from .cases import CASE, Cases, Change
from .dynamic_sentences import DYNAMIC
from .sentence import Sentence
from .static_sentences import STATIC

SENTENCES = (*STATIC, *DYNAMIC)

# The lost numbers, and the values of each that are tried; p1 < p2 always.
LOST = {
    "c1": np.arange(1, 41) / 2,
    "p1": np.arange(1, 20) / 200,
    "p2": np.arange(9, 31) / 100,
}
# Into so many steps a cell is divided in which a verdict changes.
_FINER = 10
# Cases are solved by a multiple of so many.
_PADDED = 16


def claims(sentences: Sequence[Sentence] = SENTENCES, lost: dict[str, np.ndarray] = LOST) -> list[Claim]:
    """Every sentence, checked now, with the range of each lost number over which its verdict stays."""
    values = {name: np.unique([*tried, CASE[name]]) for name, tried in lost.items()}
    size = _PADDED * -(-sum(map(len, values.values())) // _PADDED)
    verdicts, texts = _judged(sentences, values, size)
    more = {name: _between(tried, [v[name] for v in verdicts]) for name, tried in values.items()}
    finer, _ = _judged(sentences, more, size)
    for name, tried in values.items():
        values[name], order = np.unique([*tried, *more[name]], return_index=True)
        for old, new in zip(verdicts, finer, strict=True):
            old[name] = np.concatenate([old[name], new[name]])[order]
    result = []
    for sentence, verdict, text in zip(sentences, verdicts, texts, strict=True):
        holds = bool(verdict["c1"][values["c1"] == CASE["c1"]][0])
        ranges = (
            ""
            if not sentence.varied
            else ", ".join(_range(name, values[name], verdict[name]) for name in values)
        )
        result.append(
            Claim(sentence.source, sentence.text, holds, text, sentence.expected, sentence.reason, ranges)
        )
    return result


def _judged(
    sentences: Sequence[Sentence], grid: dict[str, np.ndarray], size: int
) -> tuple[list[dict[str, np.ndarray]], list[str]]:
    """Verdicts of each sentence, {lost number: (values,)}, and what was measured in the paper's case.

    As many cases are solved at once as `size` says: padded, so that nothing is compiled again.
    """
    changes: list[Change] = [{name: value} for name, values in grid.items() for value in values]
    verdicts: list[list[np.ndarray]] = [[] for _ in sentences]
    texts = [""] * len(sentences)
    for first in range(0, max(len(changes), 1), size):
        part = changes[first : first + size]
        cases = Cases([*part, *[{}] * (size - len(part))])
        for k, sentence in enumerate(sentences):
            with np.errstate(invalid="ignore"):  # what is missing compares as false
                holds, texts[k] = sentence.judge(cases)
            verdicts[k].append(np.asarray(holds, bool)[1 : 1 + len(part)])
    ends = np.cumsum([len(values) for values in grid.values()])[:-1]
    split = [np.split(np.concatenate(one), ends) for one in verdicts]
    return [dict(zip(grid, parts, strict=True)) for parts in split], texts


def _between(values: np.ndarray, verdicts: list[np.ndarray]) -> np.ndarray:
    """More values within the cells in which a verdict changes."""
    turns = np.flatnonzero(np.any([np.diff(v) for v in verdicts], axis=0))
    cells = [np.linspace(values[i], values[i + 1], _FINER + 1)[1:-1] for i in turns]
    return np.concatenate([values[:0], *cells])


def _range(name: str, values: np.ndarray, verdict: np.ndarray) -> str:
    """The values around the case's own at which the verdict is the same, in words."""
    here = int(np.flatnonzero(values == CASE[name])[0])
    other = np.flatnonzero(verdict != verdict[here])
    low = int(other[other < here].max(initial=-1)) + 1
    high = int(other[other > here].min(initial=len(values))) - 1
    if low == 0 and high == len(values) - 1:
        return f"any {name}"
    if low == 0:
        return f"{name} <= {values[high]:.4g}"
    if high == len(values) - 1:
        return f"{name} >= {values[low]:.4g}"
    return f"{name} {values[low]:.4g} to {values[high]:.4g}"


def tried(lost: dict[str, np.ndarray] = LOST) -> str:
    """Between which values each lost number was varied, and to within what a range is known."""
    steps = ((name, values, np.diff(values).max() / _FINER) for name, values in lost.items())
    return ", ".join(f"{n} from {v.min():g} to {v.max():g} (ends to {step:.2g})" for n, v, step in steps)
