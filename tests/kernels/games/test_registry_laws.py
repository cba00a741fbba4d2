"""Laws that every registered model keeps, whatever it computes."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.games.registry import MODELS
from equisweep.kernels.model import Model, Parameter
from equisweep.kernels.status import MEANING, Status
from helpers.codegen.grids import of_many
from helpers.products import each_option, some, whole_product
from helpers.tolerance import assert_close
from numpy.typing import ArrayLike

ALL = pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
# Operation by operation each is compiled for itself: 100 to 200 programs a model.
EAGER = pytest.mark.parametrize("name", some(MODELS, {"internal", "supervision_noise"}))
# Within two axes more some take as long as all the others; external has such a test of its own.
NESTED = pytest.mark.parametrize("name", some(MODELS, {"internal", "contract"}))
# A program, or a trace for each option, of a game on its own: the rest take three times as long as these.
SMALL = ("internal", "contract", "supervision", "supervision_noise", "external")
PROGRAM = pytest.mark.parametrize("name", some(MODELS, {*SMALL, "network"}))
TRACED = pytest.mark.parametrize("name", some(MODELS, {*SMALL, "supervision_regulator"}))


@ALL
def test_a_model_shows_formulas_that_fit_a_terminal(model):
    assert model.formulas
    assert max(map(len, model.formulas)) <= 110


def numbers(parameter: Parameter) -> list[float]:
    return [parameter.default] if parameter.dim is None else list(parameter.default.values())


def defaults(model: Model) -> dict[str, jax.Array]:
    """The default scenario: a scalar per parameter, a 1-D array where it has a dimension."""
    values = {p.name: p.default if p.dim is None else numbers(p) for p in model.parameters}
    return {name: jnp.asarray(np.asarray(value, float)) for name, value in values.items()}


def bounds(model: Model) -> dict[str, int]:
    return {f"{p.name}_max": int(max(numbers(p))) for p in model.parameters if p.integer}


MOST_COMBINATIONS = 100


def every_combination(model: Model) -> Iterator[dict[str, str]]:
    """Every combination of options; of very many, each option beside the others' defaults."""
    if prod(len(c.options) for c in model.choices) > MOST_COMBINATIONS:
        yield from (usual(model) | {c.name: option} for c in model.choices for option in c.options)
        return
    for options in product(*(c.options for c in model.choices)):
        yield dict(zip((c.name for c in model.choices), options, strict=True))


def usual(model: Model) -> dict[str, str]:
    return {c.name: c.default for c in model.choices}


def kernel(model: Model) -> Callable:
    return lambda p: model.kernel(p, **usual(model), **bounds(model))


@cache
def pushed(name: str) -> Callable:
    """Outputs that have derivatives, these along a direction, and the others: one program for every law."""
    model = MODELS[name]
    real = {o.name for o in model.outputs if o.kind == "real" and not o.may_be_nan}

    def split(p: dict) -> tuple[dict, dict]:
        outputs = kernel(model)(p)
        return {o: outputs[o] for o in outputs if o in real}, {
            o: outputs[o] for o in outputs if o not in real
        }

    def push(p: dict, way: dict) -> tuple[dict, dict, dict]:
        return jax.jvp(split, (p,), (way,), has_aux=True)

    return by_machine_code(push) if name in LONG else jax.jit(push)


# XLA takes three times as long for these; tests/engine/codegen/test_grid_models.py compares both.
LONG = ("external_combined",)


def by_machine_code(push: Callable) -> Callable:
    """The same function of two dictionaries of scalars, to dictionaries, as machine code."""

    def flat(at: dict) -> dict:
        ends = ([(key[1], x) for key, x in at.items() if key[0] == which] for which in ("at", "along"))
        parts = push(*map(dict, ends))
        return {(k, name): value for k, part in enumerate(parts) for name, value in part.items()}

    compiled = of_many(flat)

    def run(p: dict, way: dict) -> tuple[dict, ...]:
        at = {("at", name): np.reshape(x, 1) for name, x in p.items()}
        result = compiled(at | {("along", name): np.reshape(x, 1) for name, x in way.items()})
        return tuple({n: x[0] for (k, n), x in result.items() if k == part} for part in range(3))

    return run


def solved(model: Model, p: dict) -> dict[str, jax.Array]:
    real, _, others = pushed(model.name)(p, jax.tree.map(np.zeros_like, p))
    return real | others


def length(model: Model, dim: str) -> int:
    declared = {d.name: d for d in model.dims}.get(dim)
    if declared is not None and declared.labels:
        return len(declared.labels)
    if declared is not None and declared.like is not None:
        return length(model, declared.like)
    return next(len(numbers(p)) for p in model.parameters if p.dim == dim)


def assert_agree(model: Model, name: str, actual: ArrayLike, desired: ArrayLike) -> None:
    """The same numbers, and NaN in the same places: nowhere but in outputs that declare it.

    An entry that is zero but for rounding, such as one of a Jacobian, may differ by ten roundings of the
    largest entry beside it.
    """
    actual, desired = np.asarray(actual), np.asarray(desired)
    missing = np.isnan(desired)
    assert not missing.any() or name in {o.name for o in model.outputs if o.may_be_nan}, name
    np.testing.assert_array_equal(np.isnan(actual), missing, err_msg=name)
    floor = max(1e-6, 1e-5 * np.max(np.abs(desired[~missing]), initial=0.0))
    assert_close(actual[~missing], desired[~missing], multiplier=1e6, floor=floor, what=name)


@ALL
def test_defaults_lie_in_their_domain(model):
    for p in model.parameters:
        assert all(p.domain.contains(value) for value in numbers(p)), p.name
        assert not p.integer or all(float(value).is_integer() for value in numbers(p)), p.name
    for c in model.choices:
        assert c.default in c.options, c.name


@ALL
def test_names_are_unique_and_everything_is_explained(model):
    assert MODELS[model.name] is model
    names = [x.name for x in (*model.parameters, *model.choices, *model.outputs, *model.dims)]
    assert len(names) == len(set(names))
    assert "status" not in names
    assert all(name.isidentifier() for name in names)
    assert model.title
    assert model.source
    for x in (*model.parameters, *model.outputs):
        assert x.meaning, x.name
    for x in (*model.parameters, *(o for o in model.outputs if o.kind == "real")):
        assert x.symbol, x.name
        assert x.unit, x.name
    assert all(o.classes for o in model.outputs if o.kind == "class")
    assert all(x.meaning for x in (*model.choices, *model.dims))


@ALL
def test_every_dimension_has_a_length(model):
    for dim in {d for o in model.outputs for d in o.dims} | {p.dim for p in model.parameters if p.dim}:
        assert length(model, dim) >= 1
    for dim in {p.dim for p in model.parameters if p.dim}:
        assert len({tuple(p.default) for p in model.parameters if p.dim == dim}) == 1, dim


@PROGRAM
def test_the_kernel_returns_what_it_declares(name):
    model = MODELS[name]
    outputs = solved(model, defaults(model))
    assert set(outputs) == {o.name for o in model.outputs} | {"status"}
    assert outputs["status"].shape == ()
    assert Status(int(outputs["status"])) in MEANING
    assert int(outputs["status"]) != Status.not_computed
    for o in model.outputs:
        value = np.asarray(outputs[o.name])
        assert value.shape == tuple(length(model, d) for d in o.dims), o.name
        assert o.kind != "real" or np.issubdtype(value.dtype, np.floating), o.name
        assert o.may_be_nan or np.isfinite(value).all(), o.name
        assert o.kind != "class" or set(value.ravel().tolist()) <= set(o.classes.values()), o.name


@EAGER
def test_compiled_and_eager_agree(name):
    model = MODELS[name]
    p = defaults(model)
    eager = kernel(model)(p)
    for name, value in solved(model, p).items():
        assert_agree(model, name, eager[name], value)


@NESTED
def test_mapped_over_nested_axes_equals_point_by_point(name):
    model = MODELS[name]
    p = defaults(model)
    axes = [q.name for q in model.parameters if not q.integer and q.dim is None][:2]
    shifted = {name: np.asarray(p[name]) * np.array([1.0, 0.995, 0.98]) for name in axes}
    mapped = kernel(model)
    for name in axes:
        mapped = jax.vmap(mapped, in_axes=({q: 0 if q == name else None for q in p},))
    grid = jax.tree.map(np.asarray, jax.jit(mapped)(p | shifted))
    for place in product(range(3), repeat=len(axes)):
        # The axis mapped last is the outermost.
        at = {name: shifted[name][i] for name, i in zip(reversed(axes), place, strict=True)}
        for output, value in solved(model, p | at).items():
            assert_agree(model, output, grid[output][place], value)


@pytest.mark.parametrize("options", [each_option, pytest.param(every_combination, marks=whole_product)])
@TRACED
def test_all_choices_trace_to_the_same_shapes(name, options):
    model, shapes, tried = MODELS[name], set(), []
    for static in options(model):
        tried.append(static)
        outputs = jax.eval_shape(lambda p, s=static: model.kernel(p, **s, **bounds(model)), defaults(model))
        shapes.add(tuple(sorted((output, x.shape, x.dtype.kind) for output, x in outputs.items())))
    assert len(shapes) == 1
    assert all({static[c.name] for static in tried} == {*c.options} for c in model.choices)


@PROGRAM
def test_derivatives_at_the_defaults_are_finite_and_agree_with_central_differences(name):
    model = MODELS[name]
    p = {parameter: np.asarray(value) for parameter, value in defaults(model).items()}
    real = [o for o in model.outputs if o.kind == "real" and not o.may_be_nan]
    still = {parameter: np.zeros_like(x) for parameter, x in p.items()}
    compared = 0
    for parameter in (q for q in model.parameters if not q.integer):
        x = p[parameter.name]
        for i in range(x.size):
            way = (np.arange(x.size) == i).astype(float).reshape(x.shape)
            size = float(abs(x.ravel()[i])) or 1.0
            h = 1e-5 * size
            value, slope, _ = pushed(model.name)(p, still | {parameter.name: way})
            assert all(np.isfinite(slope[o.name]).all() for o in real), parameter.name
            sides = [solved(model, p | {parameter.name: x + side * h * way}) for side in (-1, 1)]
            if any(side["status"] == Status.out_of_domain for side in sides):
                continue  # components that are bound to one another, such as probabilities that sum to 1
            compared += 1
            for o in real:
                central = (np.asarray(sides[1][o.name]) - sides[0][o.name]) / (2 * h)
                floor = np.max(np.abs(value[o.name])) / size * 1e-2
                what = f"{o.name} in {parameter.name}"
                assert_close(slope[o.name], central, multiplier=1e11, floor=floor, what=what)
    assert compared or not real
