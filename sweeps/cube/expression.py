"""Conditions such as ``expected_loss > 40 and alpha < 0.5``: parsed, checked, never run as code.

The text is read with Python's grammar; only the nodes named here are known, and each becomes a NumPy
operation on arrays. Numbers, classes and labels, and conditions are three kinds that do not mix.
"""

import ast
import keyword
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

import numpy as np

from ...engine.errors import Argument, SweepError
from ..text import nearest
from .names import BUILDING, spell, unescaped
from .printed import as_printed

ALLOWED = (
    "allowed are names (any of them in `backquotes`), numbers, quoted labels, < <= == != >= >, in (...), "
    "and, or, not, + - * / **, parentheses, abs, sqrt, log, exp, min, max"
)
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs, "sqrt": np.sqrt, "log": np.log, "exp": np.exp, "min": np.minimum, "max": np.maximum,
}  # fmt: skip
_ARITHMETIC: dict[type, Callable[..., Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.true_divide,
    ast.Pow: np.power, ast.UAdd: np.positive, ast.USub: np.negative,
}  # fmt: skip
_COMPARE: dict[type, Callable[..., Any]] = {
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal,
    ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip
_CONDITION = Argument("condition")
_KINDS = {"number": "a number", "condition": "a condition", "text": "text", "class": "a class"}


@dataclass(frozen=True)
class Meaning:
    """What a name stands for.

    Parameters
    ----------
    labels : of a class or of a labelled coordinate: label by stored value; empty for numbers.
    values : of a coordinate of numbers: all of them, so that 0.3 means the coordinate printed as 0.3.
    in_digits : whether a number means the coordinate that prints as it in six digits, too.
    """

    labels: Mapping[Any, str] | None = None
    values: np.ndarray | None = None
    in_digits: bool = True


@dataclass(frozen=True)
class Expression:
    """A condition that has been checked: the names it reads, and how it is evaluated."""

    text: str
    names: tuple[str, ...]
    _run: Callable[[Mapping[str, np.ndarray]], np.ndarray]

    def evaluate(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Where the condition holds, for arrays that broadcast together; NaN satisfies only ``!=``."""
        with np.errstate(all="ignore"):
            return np.asarray(self._run(values), bool)


def parse_expression(text: str, known: Mapping[str, Meaning]) -> Expression:
    """Read a condition over the names in `known`.

    Raises SweepError that shows the place and says what is allowed.
    """
    try:
        reader = _Reader(text, known)
        kind, run = reader.read(reader.tree())
    except (RecursionError, MemoryError):
        raise SweepError(_CONDITION, ": the condition is nested too deeply") from None
    if kind != "condition":
        wrong = f": {text!r} is {_KINDS[kind]}, not a condition: compare it, such as X > 0"
        raise SweepError(_CONDITION, wrong)
    return Expression(text, tuple(reader.used), run)


class _Reader:
    """Turns nodes into pairs (kind, function of the values)."""

    def __init__(self, text: str, known: Mapping[str, Meaning]) -> None:
        self.text, self.known = text.strip(), known
        self.used: dict[str, None] = {}
        self.spelt = spell(self.text, known, _FUNCTIONS)

    def tree(self) -> ast.expr:
        """The text by Python's grammar, which sees underscores for every name; see `names`."""
        text = self.spelt.text
        if not text:
            raise SweepError(_CONDITION, ": is empty; write a condition such as alpha < 0.5")
        try:
            return ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError) as error:
            offset = getattr(error, "offset", None) or len(text) + 1
            rest = self.text.encode()[len(text[: offset - 1].encode()) :].decode(errors="replace")
            place = len(self.text) - len(rest) + 1
            at = f"character {place}, {rest[:20]!r}" if rest else "its end"
            wrong = f": cannot read {shorten(self.text, 200)!r} at {at}{self._hint()}; {ALLOWED}"
            raise SweepError(_CONDITION, wrong) from None

    def _hint(self) -> str:
        """What may be meant by a text that has no grammar."""
        words = set(re.findall(r"\w+", self.spelt.text))
        if building := sorted(words & BUILDING & set(self.known)):
            return f"; as a name, write `{building[0]}` in backquotes"
        python = sorted(word for word in words if keyword.iskeyword(word) and word not in BUILDING)
        if python:
            return f"; {python[0]} is a word of Python and no name here{nearest(python[0], list(self.known))}"
        return "; write == for equality" if re.search(r"(?<![=<>!])=(?!=)", self.spelt.text) else ""

    def fail(self, node: ast.AST, message: str) -> SweepError:
        start, stop = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", None)
        code = self.text.encode()
        part, before = code[start:stop].decode(errors="replace"), code[:start].decode(errors="replace")
        place = f"{part!r} at character {len(before) + 1} of {shorten(self.text, 200)!r}"
        return SweepError(_CONDITION, f": {place}: {message}")

    def read(self, node: ast.expr) -> tuple[str, Callable[..., Any]]:
        match node:
            case ast.Constant(value=str()):
                text = self._quoted(node)
                return "text", lambda _: text
            case ast.Constant(value=value):
                return self._constant(node, value)
            case ast.Name() | ast.Attribute():
                return self._name(node)
            case ast.BoolOp(op=op, values=parts):
                join = np.logical_and if isinstance(op, ast.And) else np.logical_or
                return "condition", _fold(join, [self._of("condition", part) for part in parts])
            case ast.UnaryOp(op=ast.Not(), operand=part):
                run = self._of("condition", part)
                return "condition", lambda v: np.logical_not(run(v))
            case ast.UnaryOp(op=op, operand=part) if type(op) in _ARITHMETIC:
                return "number", _fold(_ARITHMETIC[type(op)], [self._of("number", part)])
            case ast.BinOp(op=op, left=left, right=right) if type(op) in _ARITHMETIC:
                parts = [self._of("number", left), self._of("number", right)]
                return "number", _fold(_ARITHMETIC[type(op)], parts)
            case ast.BinOp(op=ast.BitAnd() | ast.BitOr()) | ast.UnaryOp(op=ast.Invert()):
                raise self.fail(node, "write and, or, not instead of &, |, ~")
            case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]) if name in _FUNCTIONS:
                return "number", self._call(node, name, parts)
            case ast.Compare(left=left, ops=ops, comparators=others):
                pairs = zip([left, *others], ops, others, strict=False)
                return "condition", _fold(np.logical_and, [self._compare(node, *pair) for pair in pairs])
        raise self.fail(node, f"is not allowed here; {ALLOWED}")

    def _of(self, kind: str, node: ast.expr) -> Callable[..., Any]:
        result, run = self.read(self._named(node, None))
        if result != kind:
            raise self.fail(node, f"is {_KINDS[result]} where {_KINDS[kind]} is needed")
        return run

    def _constant(self, node: ast.expr, value: Any) -> tuple[str, Callable[..., Any]]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(node, f"is not allowed here; {ALLOWED}")
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        return "number", lambda _: number

    def _name(self, node: ast.expr) -> tuple[str, Callable[..., Any]]:
        name = self._dotted(node)
        if name not in self.known:
            parts = [other for other in self.known if other.startswith(f"{name}.")]
            if parts:
                raise self.fail(node, f"has several values a point; write {' or '.join(parts[:3])}")
            hint = nearest(name, list(self.known))
            if isinstance(node, ast.Name) and name in {
                label for k in self.known.values() for label in _labels(k)
            }:
                hint = f'; to compare with this label, quote it: "{name}"'
            raise self.fail(node, f"no such variable or coordinate{hint}")
        self.used[name] = None
        if self.known[name].labels is not None:
            return "class", lambda values: values[name]
        # In double precision where stored as integers, which would overflow in silence.
        return "number", lambda values: _real(values[name])

    def _quoted(self, node: ast.expr) -> str:
        """What stands in quotes at a node."""
        text = self.spelt.texts.get(node.col_offset)
        length = (node.end_col_offset or 0) - node.col_offset
        if text is None or len(text.encode()) + 2 != length:
            raise self.fail(node, "is not one text in quotes")
        return text

    def _named(self, node: ast.expr, other: ast.expr | None) -> ast.expr:
        """A text in quotes as the name it is, where it is no label of what it is compared with."""
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            return node
        text = self._quoted(node)
        beside = self._dotted(other) if isinstance(other, ast.Name | ast.Attribute) else ""
        if text not in self.known or (beside in self.known and self.known[beside].labels is not None):
            return node
        self.spelt.names[node.col_offset] = text
        return ast.copy_location(ast.Name("_", ast.Load()), node)

    def _dotted(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name, col_offset=place):
                return self.spelt.names.get(place) or self.spelt.unknown.get(place) or name
            case ast.Attribute(value=value, attr=attr):
                return f"{self._dotted(value)}.{attr}"
        raise self.fail(node, f"is not allowed here; {ALLOWED}")

    def _call(self, node: ast.expr, name: str, parts: list[ast.expr]) -> Callable[..., Any]:
        several = name in ("min", "max")
        if (len(parts) < 2) if several else (len(parts) != 1):
            raise self.fail(node, f"{name} takes {'two or more numbers' if several else 'one number'}")
        return _fold(_FUNCTIONS[name], [self._of("number", part) for part in parts])

    def _compare(self, whole: ast.expr, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Callable[..., Any]:
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(right, ast.Tuple | ast.List | ast.Set):
                raise self.fail(right, "write values in parentheses after in, such as n in (3, 4)")
            options = [self._compare(whole, left, ast.Eq(), option) for option in right.elts]
            result = _fold(np.logical_or, options) if options else (lambda _: np.bool_(False))
            return result if isinstance(op, ast.In) else lambda values: np.logical_not(result(values))
        if isinstance(op, ast.Is | ast.IsNot):
            raise self.fail(whole, "write == or != instead of is")
        left = self._named(left, right)
        right = self._named(right, left)
        (kind, one), (other_kind, other) = self.read(left), self.read(right)
        if "text" in (kind, other_kind):
            return self._compare_label(left, op, right, kind, other_kind)
        if kind != "number" or other_kind != "number":
            bad = left if kind != "number" else right
            what = kind if kind != "number" else other_kind
            raise self.fail(
                bad, f"is {_KINDS[what]}; a class is compared with a quoted name, numbers with numbers"
            )
        one, other = self._snapped(left, right, one), self._snapped(right, left, other)
        return _fold(_COMPARE[type(op)], [one, other])

    def _compare_label(
        self, left: ast.expr, op: ast.cmpop, right: ast.expr, kind: str, other: str
    ) -> Callable[..., Any]:
        if {kind, other} != {"text", "class"}:
            raise self.fail(
                left if kind == "text" else right, "quoted names are compared with a class or a label"
            )
        if not isinstance(op, ast.Eq | ast.NotEq):
            raise self.fail(left, "names have no order: compare them with ==, != or in (...)")
        name_node, text_node = (left, right) if kind == "class" else (right, left)
        name, label = self._dotted(name_node), self._quoted(text_node)
        labels = self.known[name].labels or {}
        plain = unescaped(label)  # labels of classes are stored with _ for a blank
        codes = [code for code, known in labels.items() if known == label]
        codes = codes or [c for c, known in labels.items() if known in (plain, plain.replace(" ", "_"))]
        if not codes:
            raise self.fail(text_node, f"{name} has no such value{nearest(label, list(labels.values()))}")
        return lambda values: _COMPARE[type(op)](values[name], codes[0])

    def _snapped(self, node: ast.expr, other: ast.expr, run: Callable[..., Any]) -> Callable[..., Any]:
        """A literal number beside a coordinate as the coordinate that prints as that number, if any."""
        if not isinstance(other, ast.Name | ast.Attribute) or any(
            isinstance(part, ast.Name | ast.Attribute) for part in ast.walk(node)
        ):
            return run
        values = self.known[self._dotted(other)].values
        if values is None or not values.size:
            return run
        with np.errstate(all="ignore"):
            meant = as_printed(float(run({})), values, self.known[self._dotted(other)].in_digits)
        return run if meant is None else (lambda _: meant)


def _fold(operation: Callable[..., Any], runs: list[Callable[..., Any]]) -> Callable[..., Any]:
    """`operation` over one value, or from left to right over several."""

    def run(values: Mapping[str, np.ndarray]) -> Any:
        if len(runs) == 1 and isinstance(operation, np.ufunc) and operation.nin == 2:
            return runs[0](values)
        if len(runs) == 1:
            return operation(runs[0](values))
        result = runs[0](values)
        for other in runs[1:]:
            result = operation(result, other(values))
        return result

    return run


def _real(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def _labels(known: Meaning) -> list[str]:
    return list((known.labels or {}).values())
