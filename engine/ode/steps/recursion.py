"""Taylor coefficients of all scalars of a field, one order after the other, each sum of products once.

What is a sum of others, each times a number that does not change in time, moves as they do: its coefficients
beyond the value itself are the same sum of theirs. So r y, 1 - y and f (1 - y) + a all move as y, and a
product of two of them takes the sums of products that y's own square is made of::

    (a b)_k = a_0 b_k + a_k b_0 + sum of a_j b_(k-j), 0 < j < k

So it is where y is a share; amounts of 1e-200 have no square, and are multiplied first by what is to be.
Values themselves, a_0 and b_0, are never taken from such a sum: 1 - y has all its digits where y is nearly 1.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from ...codegen.ir import DTYPES, Scalar, Unsupported
from ...codegen.ops import OPERATIONS
from ...codegen.ops.series import Series, inner, minus, plus, scaled

Array = Any
# So many terms of a sum may be multiplied one by one, once a step.
_LONG = 4
_PLAIN = 1e9
# Functions that are of size 1 by themselves: squares of them have the size that squares should have.
_BOUNDED = frozenset({"logistic", "tanh", "sin", "cos", "erf"})


@dataclass(frozen=True)
class _Inner:
    """The sums of products of two scalars' coefficients, without their ends."""

    a: Scalar
    b: Scalar


# What a scalar moves as: the scalars, or sums of products, and the number that each is taken times.
_Form = Mapping[Scalar | _Inner, Any]


class Recursion:
    """Coefficients of the scalars `known`, as far as somebody needs them: values at first, then `append`.

    Parameters
    ----------
    nodes : all scalars of the field, each after what it needs; `rates` are those that it returns.
    given : series of time and state, to which their owner appends.
    values : the number of each input.
    order : as many coefficients will be asked for.
    begin : the values of scalars that are known without computing them.
    """

    def __init__(
        self,
        nodes: Sequence[Scalar],
        rates: Sequence[Scalar],
        given: Mapping[Scalar, Series],
        values: Sequence[Array],
        order: int,
        begin: Mapping[Scalar, Array] = MappingProxyType({}),
    ) -> None:
        self.known, self.nodes = dict(given), nodes
        self.position = {node: i for i, node in enumerate(nodes)}
        self.users = Counter(a for node in nodes for a in dict.fromkeys(node.args))
        self.forms: dict[Scalar, _Form] = {node: {node: 1.0} for node in given}
        self.sums: dict[Scalar, _Form] = {}
        for node in nodes:
            if node not in self.known:
                value = begin[node] if node in begin else value_of(node, self.known, values)
                self.known[node] = Series([value])
                self.forms[node] = self._kept(node, self._form(node))
        self._want(rates, given, order)

    def append(self, k: int) -> None:
        """The k-th coefficient of all that is wanted, from those before."""
        for node in self.wanted:
            form = self.sums.get(node)
            coefficient = self._by_rule(node, k) if form is None else self._combined(form, k)
            self.known[node].append(coefficient)

    def _form(self, node: Scalar) -> _Form:
        """What a scalar moves as; nothing where it stays."""
        moving = [a for a in node.args if self.forms[a]]
        # Integers change in steps, whatever they are made of.
        if not moving or node.dtype[0] != "f" or OPERATIONS[node.op].stepwise:
            return {}
        if node.op in ("add", "sub"):
            a, b = node.args
            return _sum(self.forms[a], self._times(b, -1.0) if node.op == "sub" else self.forms[b])
        if node.op == "neg":
            return self._times(node.args[0], -1.0)
        if node.op == "mul":
            return self._product(*node.args)
        return {node: 1.0}

    def _product(self, a: Scalar, b: Scalar) -> _Form:
        if not (self.forms[a] and self.forms[b]):
            moving, still = (a, b) if self.forms[a] else (b, a)
            return self._times(moving, self._number(still))
        (of_a, by_a), (of_b, by_b) = self._alone(a), self._alone(b)
        ends = _sum({of_a: _both(by_a, self._number(b))}, {of_b: _both(by_b, self._number(a))})
        pair = _Inner(*sorted((of_a, of_b), key=self.position.__getitem__))
        return _sum(ends, {pair: _both(by_a, by_b)})

    def _times(self, node: Scalar, by: Any) -> _Form:
        """The form of a scalar times a number.

        A long sum is made before, and not each term multiplied; and where numbers of any size would come
        together that may be too large or too small for a float without what they are taken times.
        """
        form = self.forms[node]
        if len(form) > _LONG or not (_plain(by) or all(map(_plain, form.values()))):
            self._keep(node)
        return {base: _both(factor, by) for base, factor in self.forms[node].items()}

    def _number(self, node: Scalar) -> Any:
        return float(node.value) if node.constant else self.known[node][0]

    def _alone(self, node: Scalar) -> tuple[Scalar, Any]:
        """The one scalar that it moves as, and the number that this is taken times; else itself.

        Amounts of 1e-200 have squares that are none, so they keep the number that makes something of them.
        """
        if len(self.forms[node]) == 1:
            [(base, by)] = self.forms[node].items()
            if isinstance(base, Scalar) and (_plain(by) or base.op in _BOUNDED):
                return base, by
        self._keep(node)
        return node, 1.0

    def _keep(self, node: Scalar) -> None:
        """Have a series of its own for a sum."""
        self.sums[node] = self.forms[node]
        self.forms[node] = {node: 1.0}

    def _kept(self, node: Scalar, form: _Form) -> _Form:
        """The form; where several need a long one, a series of its own is made once."""
        self.forms[node] = form
        if len(form) > 1 and self.users[node] > 1:
            self._keep(node)
        return self.forms[node]

    def _want(self, rates: Sequence[Scalar], given: Mapping[Scalar, Series], order: int) -> None:
        """Find what needs a series: rates, what their sums are made of, and arguments of rules."""
        wanted, waiting = set[Scalar](), list(rates)
        while waiting:
            node = waiting.pop()
            if node in wanted or node in given:
                continue
            wanted.add(node)
            form = self.forms[node]
            if node not in form:
                self.sums.setdefault(node, form)
            if node in self.sums:
                for base in self.sums[node]:
                    waiting.extend([base] if isinstance(base, Scalar) else [base.a, base.b])
            else:
                waiting.extend(node.args)
        self.wanted = [node for node in self.nodes if node in wanted and self.forms[node]]
        for node in wanted:
            if not self.forms[node]:
                self.known[node].extend([None] * order)

    def _combined(self, form: _Form, k: int) -> Any:
        total = None
        # Coefficients k, the newest, come last: sums of older ones need not wait for them.
        for base, by in sorted(form.items(), key=lambda item: isinstance(item[0], Scalar)):
            coefficient = self._coefficient(base, k)
            if isinstance(by, float) and by == -1:
                total = minus(total, coefficient)
            elif coefficient is not None:
                total = plus(total, _both(by, coefficient))
        return total

    def _coefficient(self, base: Scalar | _Inner, k: int) -> Any:
        if isinstance(base, Scalar):
            return self.known[base][k]
        return inner(self.known[base.a], self.known[base.b], k) if k > 1 else None

    def _by_rule(self, node: Scalar, k: int) -> Any:
        of = [self.known[a] for a in node.args]
        if all(c is None for s in of for c in s[1:]):
            return None
        rule = OPERATIONS[node.op].series
        if rule is None:
            raise Unsupported(f"no rule for {node.op}")
        return rule(self.known[node], k, *of)


def _plain(by: Any) -> bool:
    """Whether it is a number that is known, of a size at which no product is lost."""
    return isinstance(by, float) and 1 / _PLAIN < abs(by) < _PLAIN


def _both(a: Any, b: Any) -> Any:
    """The product of two numbers."""
    if isinstance(a, float):
        return scaled(b, a) if a != -1 else -b
    return _both(b, a) if isinstance(b, float) else a * b


def _sum(a: _Form, b: _Form) -> _Form:
    both = {**a, **{base: a[base] + by if base in a else by for base, by in b.items()}}
    return {base: by for base, by in both.items() if not (isinstance(by, float) and by == 0)}


def value_of(node: Scalar, known: Mapping[Scalar, Sequence[Array]], values: Sequence[Array]) -> Any:
    """The number itself: the operation, by JAX.

    `known` has that of each argument first; `values` are those of all inputs. Raises Unsupported where JAX
    has no such operation.
    """
    if node.op == "input":
        return values[node.value]
    if node.op == "constant":
        return np.asarray(node.value, DTYPES[node.dtype])[()]
    operation = OPERATIONS.get(node.op)
    if operation is None or operation.value is None:
        raise Unsupported(f"no rule for {node.op}")
    typed = {"dtype": DTYPES[node.dtype]} if operation.typed else {}
    return operation.value(*(known[a][0] for a in node.args), **typed)
