"""Whole numbers on vectors, and conversions between kinds of numbers."""

from typing import TYPE_CHECKING

from ..ir import Scalar, Unsupported, range_of
from .types import WIDTH, bytes_of, literal, scalar_name, vector_type

if TYPE_CHECKING:
    from .builder import VectorCode

_WHOLE = {"add": "add", "sub": "sub", "mul": "mul", "and": "and", "or": "or", "xor": "xor"}


def whole(code: "VectorCode", s: Scalar, args: list[str], kind: str) -> str:
    """An operation on whole numbers or truth values."""
    v, signed = vector_type(kind), kind[0] == "i" and kind != "i1"
    if s.op in _WHOLE:
        return code.emit(f"{_WHOLE[s.op]} {v} {', '.join(args)}")
    if s.op in ("div", "rem") and kind != "i1":
        return _divide(code, s, args, kind)
    if s.op in ("eq", "ne"):
        return code.emit(f"icmp {s.op} {v} {', '.join(args)}")
    if s.op in ("lt", "le", "gt", "ge"):
        return code.emit(f"icmp {'s' if signed else 'u'}{s.op} {v} {', '.join(args)}")
    if s.op == "neg":
        return code.emit(f"sub {v} zeroinitializer, {args[0]}")
    if s.op == "not":
        return code.emit(f"xor {v} {args[0]}, {literal(-1 if kind != 'i1' else 1, kind)}")
    if s.op in ("max", "min"):
        name = f"llvm.{'s' if signed else 'u'}{s.op}.v{WIDTH}{scalar_name(kind)}"
        return code.apply(name, v, args, [v, v])
    raise Unsupported(f"{s.op} of {kind}")


def _divide(code: "VectorCode", s: Scalar, args: list[str], kind: str) -> str:
    """Whole numbers, as XLA divides them: a / 0 has all bits set, a % 0 is a.

    The processor would end the process there, and where the least number is divided by -1; and a place
    without a lane holds zeros.
    """
    v, b = vector_type(kind), vector_type("i1")
    word = f"{'s' if kind[0] == 'i' else 'u'}{s.op}"
    over, under = args
    if s.args[1].constant and s.args[1].value not in (0, -1):
        return code.emit(f"{word} {v} {over}, {under}")
    none = code.emit(f"icmp eq {v} {under}, zeroinitializer")
    unsafe = none
    if kind[0] == "i":
        # Divided by 1 instead, the least number stays what it is, and leaves nothing: what XLA says.
        least = code.emit(f"icmp eq {v} {over}, {literal(range_of(kind)[0], kind)}")
        flips = code.emit(f"icmp eq {v} {under}, {literal(-1, kind)}")
        unsafe = code.emit(f"or {b} {none}, {code.emit(f'and {b} {least}, {flips}')}")
    safe = code.emit(f"select {b} {unsafe}, {v} {literal(1, kind)}, {v} {under}")
    found = code.emit(f"{word} {v} {over}, {safe}")
    instead = over if s.op == "rem" else literal(-1, kind)
    return code.emit(f"select {b} {none}, {v} {instead}, {v} {found}")


def converted(code: "VectorCode", s: Scalar, arg: str) -> str:
    """Between kinds of numbers; only to truth values is not asked for here (it is a comparison)."""
    old, new = s.args[0].kind, s.kind
    if old[0] == "f" and new[0] == "f":
        word = "fpext" if bytes_of(new) > bytes_of(old) else "fptrunc"
    elif old[0] == "f":
        # Saturating, and 0 for NaN, as in XLA.
        name = f"llvm.fpto{'s' if new[0] == 'i' else 'u'}i.sat.v{WIDTH}{scalar_name(new)}.v{WIDTH}{old}"
        return code.apply(name, vector_type(new), [arg], [vector_type(old)])
    elif new[0] == "f":
        word = "sitofp" if old[0] == "i" and old != "i1" else "uitofp"
    elif old != "i1" and bytes_of(new) == bytes_of(old):
        return arg
    elif old != "i1" and bytes_of(new) < bytes_of(old):
        word = "trunc"
    else:
        word = "sext" if old[0] == "i" and old != "i1" else "zext"
    return code.emit(f"{word} {vector_type(old)} {arg} to {vector_type(new)}")
