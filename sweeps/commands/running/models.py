"""`equisweep models`: which models there are, and one in full."""

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from ....engine.gate.text import CELL, clean, cut
from ...text import table
from ..command import Command

if TYPE_CHECKING:
    from ....kernels.model import Model, Parameter


_MOST = 10**5  # letters of a description


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="a model's name, or file.py:name of your own")


def run(options: argparse.Namespace) -> int:
    from ....kernels.games.registry import MODELS
    from ...spec.load_model import find_model

    if options.name:
        print(cut(describe_model(find_model("models", options.name, Path())[0]), _MOST))
    else:
        print(list_models(MODELS.values()))
    return 0


def list_models(models: "Iterable[Model]") -> str:
    """Every model with its parameters (symbol, domain, default), outputs and source, a few lines each."""
    blocks = []
    for model in models:
        parameters = [f"{p.name} {p.symbol} {p.domain} = {_default(p)}" for p in model.parameters]
        choices = [f"{c.name} = {' | '.join(c.options)}" for c in model.choices]
        parts = {
            "parameters": "; ".join(parameters + choices),
            "outputs": ", ".join(output.name for output in model.all_outputs()),
            "source": model.source,
        }
        lines = [f"{model.name}: {clean(model.title, CELL)}"]
        for name, text in parts.items():
            lines += fill(text, 100, initial_indent=f"  {name:12}", subsequent_indent=" " * 14).splitlines()
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, "equisweep models NAME shows one in full, with units and meanings."])


def describe_model(model: "Model") -> str:
    """Parameters, static choices, outputs and source of one model."""
    parts = [f"{model.name}: {clean(model.title, CELL)}", f"source: {clean(model.source, CELL)}"]
    if model.reconstructed:
        parts.append(f"reconstructed: {model.reconstructed}")
    if model.formulas:
        parts += ["", "Formulas", *(f"  {line}".rstrip() for line in model.formulas)]
    parameters = [
        (p.name, p.symbol, p.unit, str(p.domain) + (" integer" if p.integer else ""), _default(p), p.meaning)
        for p in model.parameters
    ]
    parts += ["", "Parameters (each may be an axis or fixed)"]
    parts.append(table(("name", "symbol", "unit", "domain", "default", "meaning"), parameters))
    if model.choices:
        choices = [(c.name, c.default, ", ".join(c.options), c.meaning) for c in model.choices]
        parts += ["", "Static choices (each may be an axis or fixed)"]
        parts.append(table(("name", "default", "options", "meaning"), choices))
    everything = model.all_outputs(path=True)
    outputs = [(o.name, o.symbol, o.unit, ", ".join(o.dims) or "-", o.kind, o.meaning) for o in everything]
    parts += ["", "Outputs (derivatives of the real ones on demand), and status"]
    parts.append(table(("name", "symbol", "unit", "dims", "kind", "meaning"), outputs))
    return "\n".join(parts)


def _default(parameter: "Parameter") -> str:
    if isinstance(parameter.default, Mapping):
        return " ".join(f"{name}={value:g}" for name, value in parameter.default.items())
    return f"{parameter.default:g}"


COMMAND = Command(
    "models",
    "list the models, or show one in full",
    ("equisweep models external",),
    arguments,
    run,
)
