"""exp, log and the logistic function of doubles, on vectors: about as exact as the C library's.

Reduction of the argument and polynomials after the usual pattern (Cody and Waite, "Software manual for the
elementary functions", 1980; the logarithm's coefficients are those of Sun's fdlibm). Errors stay below 2
units in the last place; results below the smallest normal number are 0, as in XLA.
"""

import math
from math import factorial, inf, nan
from typing import TYPE_CHECKING

from .types import literal, vector_type

if TYPE_CHECKING:
    from .builder import VectorCode

_LN2_HIGH, _LN2_LOW = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
# Added to a whole number below 2^51, leaves that number in the low bits.
_TO_BITS = 6755399441055744.0
_LARGEST, _SMALLEST = 709.782712893384, -708.3964185322641
_EXP = [1 / factorial(k) for k in range(2, 14)]
_LOG = [
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
    1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
]  # fmt: skip


def exp(code: "VectorCode", x: str) -> str:
    """e^x = 2^k e^r with |r| <= ln(2)/2."""
    d, i = vector_type("f64"), vector_type("i64")
    k = code.call("roundeven", _mul(code, x, _number(1 / math.log(2))))
    r = code.call("fma", k, _number(-_LN2_HIGH), x)
    r = code.call("fma", k, _number(-_LN2_LOW), r)
    # 1 + (r + r^2 q): the large terms last, so that only they round.
    q = _polynomial(code, r, _EXP)
    p = _add(code, code.call("fma", _mul(code, r, r), q, r), _number(1.0))
    bits = code.emit(f"bitcast {d} {_add(code, k, _number(_TO_BITS))} to {i}")
    shifted = code.emit(f"shl {i} {bits}, {_whole(52)}")
    scaled = code.emit(f"add {i} {code.emit(f'bitcast {d} {p} to {i}')}, {shifted}")
    y = code.emit(f"bitcast {i} {scaled} to {d}")
    y = _where(code, f"ogt {d} {x}, {_number(_LARGEST)}", _number(inf), y)
    y = _where(code, f"olt {d} {x}, {_number(_SMALLEST)}", "zeroinitializer", y)
    return _where(code, f"uno {d} {x}, {x}", x, y)  # a NaN may carry bits that were shifted into a number


def logistic(code: "VectorCode", x: str) -> str:
    """1 / (1 + e^-x)."""
    d = vector_type("f64")
    down = exp(code, code.emit(f"fneg {d} {x}"))
    return code.emit(f"fdiv {d} {_number(1.0)}, {_add(code, down, _number(1.0))}")


def log(code: "VectorCode", x: str) -> str:
    """Ln x = e ln 2 + ln m with m between sqrt(1/2) and sqrt 2."""
    d, i = vector_type("f64"), vector_type("i64")
    small = f"olt {d} {x}, {_number(2.0**-1022)}"
    normal = _where(code, small, _mul(code, x, _number(2.0**54)), x)
    bits = code.emit(f"bitcast {d} {normal} to {i}")
    above = code.emit(f"sub {i} {bits}, {_whole(0x3FE6A09E667F3BCD)}")
    power = code.emit(f"ashr {i} {above}, {_whole(52)}")
    m = code.emit(f"sub {i} {bits}, {code.emit(f'shl {i} {power}, {_whole(52)}')}")
    magic = code.emit(f"add {i} {power}, {_whole(0x4338000000000000)}")
    e = _add(code, code.emit(f"bitcast {i} {magic} to {d}"), _number(-_TO_BITS))
    e = _where(code, small, _add(code, e, _number(-54.0)), e)
    f = _add(code, code.emit(f"bitcast {i} {m} to {d}"), _number(-1.0))
    s = code.emit(f"fdiv {d} {f}, {_add(code, f, _number(2.0))}")
    z = _mul(code, s, s)
    tail = _mul(code, z, _polynomial(code, z, _LOG))
    half = _mul(code, _mul(code, f, f), _number(0.5))
    # e ln2_high - ((half - (s (half + tail) + e ln2_low)) - f)
    inner = code.call("fma", s, _add(code, half, tail), _mul(code, e, _number(_LN2_LOW)))
    rest = code.emit(f"fsub {d} {code.emit(f'fsub {d} {half}, {inner}')}, {f}")
    y = code.emit(f"fsub {d} {_mul(code, e, _number(_LN2_HIGH))}, {rest}")
    y = _where(code, f"olt {d} {x}, {_number(inf)}", y, x)
    y = _where(code, f"oeq {d} {x}, zeroinitializer", _number(-inf), y)
    return _where(code, f"olt {d} {x}, zeroinitializer", _number(nan), y)


def _polynomial(code: "VectorCode", x: str, coefficients: list[float]) -> str:
    """Estrin's scheme: pairs side by side, so that they need not wait for each other."""
    terms = [_number(c) for c in coefficients]
    while len(terms) > 1:
        pairs = [
            code.call("fma", terms[k + 1], x, terms[k]) if k + 1 < len(terms) else terms[k]
            for k in range(0, len(terms), 2)
        ]
        terms, x = pairs, _mul(code, x, x) if len(pairs) > 1 else x
    return terms[0]


def _where(code: "VectorCode", comparison: str, yes: str, no: str) -> str:
    d = vector_type("f64")
    found = code.emit(f"fcmp {comparison}")
    return code.emit(f"select {vector_type('i1')} {found}, {d} {yes}, {d} {no}")


def _number(value: float) -> str:
    return literal(value, "f64")


def _whole(value: int) -> str:
    return literal(value, "i64")


def _add(code: "VectorCode", a: str, b: str) -> str:
    return code.emit(f"fadd {vector_type('f64')} {a}, {b}")


def _mul(code: "VectorCode", a: str, b: str) -> str:
    return code.emit(f"fmul {vector_type('f64')} {a}, {b}")
