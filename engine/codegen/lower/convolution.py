"""Convolutions: each number of the result as a sum of products."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from ..ir import Unsupported
from .reductions import joined
from .rule import Array, Context, rule

# XLA is quicker at larger ones, and they would be long to compile.
_MOST_PRODUCTS = 4096


@rule("conv_general_dilated")
def _convolution(
    context: Context,
    left: Array,
    right: Array,
    *,
    window_strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int],
    rhs_dilation: Sequence[int],
    dimension_numbers: Any,
    feature_group_count: int,
    batch_group_count: int,
    **_: Any,
) -> Array:
    """Sums over the features of a group and over the places of the kernel, which is not reversed."""
    if batch_group_count != 1:
        raise Unsupported("conv_general_dilated with groups of a batch")
    graph, result = context.graph, np.empty(context.equation.outvars[0].aval.shape, object)
    left, right = left.transpose(dimension_numbers.lhs_spec), right.transpose(dimension_numbers.rhs_spec)
    by_feature = result.transpose(dimension_numbers.out_spec)  # a view: batch, feature, then places
    if by_feature.size * right[0].size > _MOST_PRODUCTS:
        raise Unsupported(f"a convolution of more than {_MOST_PRODUCTS} products")
    left = _widened(left, lhs_dilation, padding)
    features, per_group = right.shape[1], len(right) // feature_group_count
    for at in np.ndindex(by_feature.shape):
        batch, feature, *place = at
        first = feature // per_group * features
        products = []
        for i, *step in product(*map(range, right.shape[1:])):
            where = [
                p * stride + k * by
                for p, stride, k, by in zip(place, window_strides, step, rhs_dilation, strict=True)
            ]
            number: Any = left[(batch, first + i, *where)]
            if number is not None:
                weight: Any = right[(feature, i, *step)]
                products.append(graph.apply("mul", number, weight))
        by_feature[at] = joined(graph, "add", products, context.dtype)
    return result


def _widened(left: Array, dilation: Sequence[int], padding: Sequence[tuple[int, int]]) -> Array:
    """The array with places (None) between its numbers and around them; padding below 0 takes some away."""
    for axis, (by, (before, after)) in enumerate(zip(dilation, padding, strict=True), start=2):
        moved = np.moveaxis(left, axis, 0)
        wide = _empty(((len(moved) - 1) * by + 1 if len(moved) else 0, *moved.shape[1:]))
        wide[::by] = moved
        ends = [_empty((max(count, 0), *moved.shape[1:])) for count in (before, after)]
        wide = wide[max(-before, 0) : len(wide) - max(-after, 0)]
        left = np.moveaxis(np.concatenate([ends[0], wide, ends[1]]), 0, axis)
    return left


def _empty(shape: tuple[int, ...]) -> Array:
    return np.full(shape, None, object)
