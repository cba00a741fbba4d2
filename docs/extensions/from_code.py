"""Directives that show what the code declares: commands with their ``--help``, models, statuses."""

import contextlib
import io
from collections.abc import Iterable, Mapping, Sequence

from docutils import nodes
from equisweep.kernels.games.registry import MODELS
from equisweep.kernels.model import Model, Parameter
from equisweep.kernels.status import MEANING
from equisweep.sweeps.commands.main import COMMANDS, main
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Commands(SphinxDirective):
    """``{commands}``: a section for each command with what its ``--help`` prints."""

    def run(self) -> list[nodes.Node]:
        """Sections, in the order of the command line."""
        return [self._section(command.name, command.what) for command in COMMANDS]

    def _section(self, name: str, what: str) -> nodes.section:
        section = nodes.section(ids=[f"equisweep-{name}"], names=[f"equisweep {name}"])
        section += nodes.title(text=f"equisweep {name}")
        section += nodes.paragraph(text=f"{what[0].upper()}{what[1:]}.")
        section += nodes.literal_block(text=help_of(name), language="text")
        self.state.document.note_explicit_target(section, section)
        return section


class Declaration(SphinxDirective):
    """``{declaration} external``: a model's parameters, choices, dimensions and outputs, as tables."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """A title and a table for each part that the model has."""
        model = MODELS[self.arguments[0]]
        result: list[nodes.Node] = []
        for title, head, rows in parts_of(model):
            if rows:
                result += [nodes.rubric(text=title), table(head, rows)]
        if model.reconstructed:
            result += [nodes.rubric(text="Reconstructed"), nodes.paragraph(text=model.reconstructed)]
        return result


class Statuses(SphinxDirective):
    """``{statuses}``: every status with its number and meaning."""

    def run(self) -> list[nodes.Node]:
        """One table."""
        rows = [(str(int(status)), status.name, meaning) for status, meaning in MEANING.items()]
        return [table(("code", "status", "meaning"), rows)]


def help_of(command: str) -> str:
    """What ``equisweep COMMAND --help`` prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        main([command, "--help"])
    return printed.getvalue()


def parts_of(model: Model) -> list[tuple[str, Sequence[str], list[tuple[str, ...]]]]:
    """Title, head and rows of each table of a model; rows may be none."""
    parameters = [
        (p.name, p.symbol, p.dim or "", p.unit, _domain(p), _default(p), p.meaning) for p in model.parameters
    ]
    choices = [(c.name, ", ".join(c.options), c.default, c.meaning) for c in model.choices]
    dims = [(d.name, ", ".join(d.labels), d.meaning) for d in model.dims]
    outputs = [
        (o.name, o.symbol, ", ".join(o.dims), o.unit, _kind(o.kind, o.classes), o.meaning)
        for o in model.all_outputs(path=True)
    ]
    return [
        ("Parameters", ("name", "symbol", "over", "unit", "domain", "default", "meaning"), parameters),
        ("Static choices", ("name", "options", "default", "meaning"), choices),
        ("Dimensions", ("name", "labels", "meaning"), dims),
        ("Outputs", ("name", "symbol", "over", "unit", "kind", "meaning"), outputs),
    ]


def _domain(parameter: Parameter) -> str:
    return f"{parameter.domain}{' integer' if parameter.integer else ''}"


def _default(parameter: Parameter) -> str:
    if isinstance(parameter.default, Mapping):
        return ", ".join(f"{name}: {value:g}" for name, value in parameter.default.items())
    return f"{parameter.default:g}"


def _kind(kind: str, classes: Mapping[str, int]) -> str:
    return f"{kind}: {', '.join(classes)}" if classes else kind


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> nodes.table:
    """A table whose first column is set as code."""
    columns = nodes.tgroup(cols=len(head))
    columns += [nodes.colspec(colwidth=1) for _ in head]
    columns += nodes.thead("", _row(head, code=False))
    columns += nodes.tbody("", *(_row(row, code=True) for row in rows))
    return nodes.table("", columns, classes=["colwidths-auto"])


def _row(cells: Sequence[str], code: bool) -> nodes.row:
    def inside(place: int, text: str) -> nodes.Node:
        return nodes.literal(text=text) if code and place == 0 else nodes.Text(text)

    entries = [nodes.entry("", nodes.paragraph("", "", inside(i, cell))) for i, cell in enumerate(cells)]
    return nodes.row("", *entries)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("commands", Commands)
    app.add_directive("declaration", Declaration)
    app.add_directive("statuses", Statuses)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
