"""The results of an audit: a table, a plain sentence a conclusion, Markdown for a paper, and JSON."""

from collections.abc import Iterable, Sequence
from math import isnan
from typing import Any

import numpy as np

from ..text import table
from .conclusions import Finding, Result, Study
from .wording import place_text, sentence, share_text, size_text, verdict


def summary_table(results: Iterable[Result]) -> str:
    """One line a conclusion and formulation, aligned, for a terminal."""
    rows = [_row(f) for result in results for f in result.findings]
    return table(_HEAD, rows)


def markdown(
    model: str, title: str, results: Sequence[Result], pictures: dict[str, str], notes: Sequence[str]
) -> str:
    """The whole report, fit to be pasted into a paper; `pictures` maps a conclusion's number to a file."""
    parts = [f"# Audit of the conclusions about `{model}`", title]
    parts.append(_READING)
    for result in results:
        parts.append(_domain(result.study))
        parts += [f"Statuses, {k}: {_counts(v)}." for k, v in result.statuses.items()]
        lines = ["| " + " | ".join(_HEAD) + " |", "|" + "---|" * len(_HEAD)]
        lines += ["| " + " | ".join(_escaped(cell) for cell in _row(f)) + " |" for f in result.findings]
        parts.append("\n".join(lines))
        parts += _paragraphs(result, pictures)
    if notes:
        parts.append("## Put to the test elsewhere\n\n" + "\n".join(f"- {note}" for note in notes))
    return "\n\n".join(parts) + "\n"


def as_json(
    model: str, results: Sequence[Result], pictures: dict[str, str], notes: Sequence[str]
) -> dict[str, Any]:
    """The same as numbers."""
    return {
        "model": model,
        "tested_elsewhere": list(notes),
        "studies": [
            {
                "name": r.study.name,
                "points": r.study.size,
                "axes": {name: _axis(spec) for name, spec in r.study.sweep.axes.items()},
                "fixed": dict(r.study.sweep.fixed),
                "statuses": r.statuses,
                "findings": [_as_record(f, pictures) for f in r.findings],
            }
            for r in results
        ],
    }


_HEAD = ("no.", "claim", "formulation", "points", "holds", "equal", "fails", "worst", "at")
_READING = (
    "Every conclusion is put to the test at every point of a grid. *Points* are those with a result at "
    "which its condition, if it has one, holds; *equal* means that both sides agree to rounding, which a "
    "strict claim does not allow for; *worst* is the largest violation, and *at* its place. Signs of "
    "derivatives are those of automatic differentiation through the solution, not of differences on the "
    "grid, save where a remark says so."
)


def _row(finding: Finding) -> tuple[str, ...]:
    c, t = finding.conclusion, finding.tally
    worst = size_text(t.least, c.unit) if t.fails else ""
    shares = [share_text(part, t.decided) for part in (t.holds, t.equal, t.fails)]
    place = place_text(t.at) if t.fails else ""
    return (c.number, c.claim, finding.formulation, f"{t.decided:,}", *shares, worst, place)


def _paragraphs(result: Result, pictures: dict[str, str]) -> list[str]:
    parts = []
    for number in dict.fromkeys(f.conclusion.number for f in result.findings):
        mine = [f for f in result.findings if f.conclusion.number == number]
        lines = [f"- {sentence(f)}" for f in mine]
        if mine[0].conclusion.remark:
            lines.append(f"- *{mine[0].conclusion.remark}*")
        parts.append("\n".join(lines))
        if number in pictures:
            parts.append(f"![Where conclusion {number} fails]({pictures[number]})")
    return parts


def _domain(study: Study) -> str:
    axes = "; ".join(f"{name} {_values_of(spec)}" for name, spec in study.sweep.axes.items())
    fixed = ", ".join(f"{name} = {value}" for name, value in study.sweep.fixed.items())
    return f"## {study.name}\n\n{study.size:,} points: {axes}" + (f"; fixed {fixed}." if fixed else ".")


def _as_record(finding: Finding, pictures: dict[str, str]) -> dict[str, Any]:
    c, t = finding.conclusion, finding.tally
    return {
        "number": c.number, "claim": c.claim, "formulation": finding.formulation, "condition": c.condition,
        "verdict": verdict(finding), "points": t.decided, "holds": t.holds, "equal": t.equal,
        "fails": t.fails,
        "left_out": t.left_out, "condition_not_met": t.silent,
        "share_holding": None if isnan(t.share) else t.share,
        "least_margin": None if isnan(t.least) else t.least, "unit": c.unit, "at": t.at,
        "failing_box": {name: list(ends) for name, ends in t.span.items()},
        "sentence": sentence(finding).replace("*", ""), "remark": c.remark, "picture": pictures.get(c.number),
    }  # fmt: skip


def _counts(statuses: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {name}" for name, n in statuses.items())


def _values_of(spec: Any) -> str:
    if isinstance(spec, dict):
        return f"{spec['start']:g} to {spec['stop']:g} ({spec['num']}{', log' if 'scale' in spec else ''})"
    return ", ".join(map(str, spec))


def _axis(spec: Any) -> Any:
    return dict(spec) if isinstance(spec, dict) else np.asarray(spec).tolist()


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")
