"""Model files that are hostile, and sweeps of vectors that are."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .case import Case
from .inputs import file
from .made import Made

_GAME = """
from equisweep.kernels.declare import model
from equisweep.kernels.model import Choice, Dim, Domain, Output, Parameter

{before}

@model(title={title}, source="own", parameters=[Parameter("a", "a", "1", {default}, Domain(0), {meaning})],
       outputs=[Output("y", "y", "1", "y")])
def game(p):
    {body}
    return {{"y": p["a"], "status": 1}}
"""


def _game(
    before: str = "", title: str = '"t"', default: str = "0.5", meaning: str = '"m"', body: str = ""
) -> str:
    return _GAME.format(before=before, title=title, default=default, meaning=meaning, body=body or "pass")


_A = "Parameter('a', 'a', '1', 0.5, Domain(0), 'm')"


def _declares(
    parameters: str = f"[{_A}]", outputs: str = "[Output('y', 'y', '1', 'y')]", more: str = ""
) -> str:
    return (
        "from equisweep.kernels.declare import model\n"
        "from equisweep.kernels.model import Choice, Dim, Domain, Output, Parameter\n"
        f"@model(title='t', parameters={parameters}, outputs={outputs}, {more})\n"
        "def game(p, **static):\n    return {'y': p['a']}\n"
    )


_SILENT = "class E(BaseException):\n    def __str__(self): raise ValueError\n    __repr__ = __str__\n"
_MODELS: dict[str, str] = {
    "raises BaseException": "raise BaseException('no')",
    "exits with 0": "import sys; sys.exit(0)",
    "exits with a text": "import sys; sys.exit('\\x1b[31m done')",
    "exits with None": "raise SystemExit",
    "calls exit": "exit()",
    "raises GeneratorExit": "raise GeneratorExit",
    "raises MemoryError": "raise MemoryError",
    "raises what cannot be written": _SILENT + "raise E",
    "raises an exception of 20 MB": "raise ValueError('x' * 20_000_000)",
    "raises escapes": "raise ValueError('\\x1b[31m\\r\\n\\x07')",
    "raises a group": "raise BaseExceptionGroup('g', [SystemExit(0), ValueError()])",
    "recurses": "def f(): return f()\nf()",
    "is no Python": "this is no Python",
    "has a wrong indent": "  x = 1\n y = 2",
    "is 10^5 parentheses": "x = " + "(" * 10**5 + ")" * 10**5,
    "is 3,000 lists": "x = " + "[" * 3000 + "]" * 3000,
    "is 10^5 minus signs": "x = " + "-" * 10**5 + "1",
    "is a sum of 10^5": "x = " + "+".join(["1"] * 10**5),
    "has zero bytes": "x = 1\0",
    "says another coding": "# -*- coding: nonsense -*-\nx = 1",
    "is not UTF-8": "x = '\udcff'",
    "has no model": "game = 5",
    "has a model of 10^5 names": "for i in range(10**5): globals()[f'a{i}'] = i",
    "is a number of 10^5 digits": "x = 1" + "0" * 10**5,
    "imports itself": "import m",
    "imports nothing that is": "import nothing_that_is",
    "prints nothing and ends": "raise StopIteration",
    "closes stdout": "import sys; sys.stdout.close(); raise ValueError('closed')",
}
_TRACED: dict[str, str] = {
    "exits while it is traced": _game(body="import sys; sys.exit(0)"),
    "raises BaseException while it is traced": _game(body="raise BaseException"),
    "raises what cannot be written while it is traced": _game(before=_SILENT, body="raise E"),
    "raises 20 MB while it is traced": _game(body="raise ValueError('x' * 20_000_000)"),
    "raises escapes while it is traced": _game(body="raise ValueError('\\x1b[31m')"),
    "recurses while it is traced": _game(before="def again(p): return again(p)", body="return again(p)"),
    "asks for 1 TB while it is traced": _game(body="import numpy; numpy.zeros(10**12)"),
    "returns 10^5 names": _game(body="return {str(i): 0.0 for i in range(10**5)}"),
    "returns 10^5 names besides its own": _game(
        body="return {'y': 0.0} | {str(i): 0.0 for i in range(10**5)}"
    ),
    "returns itself": _game(body="return game"),
    "returns names that are numbers": _game(body="return {1: 2}"),
    "has a default of 10^5 digits": _game(default="10**100000"),
    "has a default of text": _game(default="'x'"),
    "has a default that is not a number": _game(default="float('nan')"),
    "declares 10^5 parameters": _declares(parameters=f"[{_A}] * 10**5"),
    "declares 10^5 outputs": _declares(outputs="[Output(f'y{i}', 'y', '1', 'y') for i in range(10**5)]"),
    "declares 10^5 choices": _declares(more="choices=[Choice('c', ('a',), 'a', 'm')] * 10**5"),
    "declares 10^5 options": _declares(more="choices=[Choice('c', tuple(map(str, range(10**5))), '1', 'm')]"),
    "declares 10^5 dims": _declares(more="dims=[Dim('d', 'm', ('a',))] * 10**5"),
    "declares 10^5 labels": _declares(more="dims=[Dim('d', 'm', tuple(map(str, range(10**5))))]"),
    "declares a label of 50 MB": _declares(more="dims=[Dim('d', 'm', ('x' * 50_000_000,))]"),
    "declares 10^5 files": _declares(more="files=list(map(str, range(10**5)))"),
    "declares a file that is a device": _declares(more="files=['/dev/zero']"),
    "declares 10^5 components": _declares(
        parameters="[Parameter('a', 'a', '1', {str(i): 1.0 for i in range(10**5)}, Domain(), 'm', dim='d')]"),
    "declares numbers": _declares(parameters="[1, 2]"),
    "declares no domain": _declares(parameters="[Parameter('a', 'a', '1', 0.5, None, 'm')]"),
    "declares a domain of texts": _declares(
        parameters="[Parameter('a', 'a', '1', 0.5, Domain('x', 'y'), 'm')]"),
    "declares a unit that is none": _declares(parameters="[Parameter('a', 'a', None, 0.5, Domain(), 'm')]"),
    "declares a name that is a number": _declares(outputs="[Output(5, 'y', '1', 'y')]"),
    "declares a name of 5 MB": _declares(outputs="[Output('y' * 5_000_000, 'y', '1', 'y')]"),
    "declares dims that are a number": _declares(outputs="[Output('y', 'y', '1', 'y', dims=5)]"),
    "declares classes that are numbers": _declares(
        outputs="[Output('y', 'y', '1', 'y', kind='class', classes={1: 2})]"),
    "declares options that are numbers": _declares(more="choices=[Choice('c', (1, 2), 1, 'm')]"),
    "declares files that are numbers": _declares(more="files=[5]"),
    "declares a count of 1e30": _declares(
        parameters="[Parameter('a', 'a', '1', 1e30, Domain(), 'm', integer=True)]"),
    "opens what it does not declare": _game(body="open(__file__.replace('m.py', 's.toml')).read()"),
}  # fmt: skip
_SHOWN: dict[str, str] = {
    "a title with escapes": _game(title="'\\x1b[31mred\\r\\x07'"),
    "a meaning with escapes": _game(meaning="'\\x1b[31mred\\u202e'"),
    "a title of 5 MB": _game(title="'x' * 5_000_000"),
    "a meaning of 5 MB": _game(meaning="'x' * 5_000_000"),
}
_VECTOR = _declares(parameters="[Parameter('a', 'a', '1', {'x': 1.0}, Domain(0), 'm', dim='d', fill=1.0)]",
                    more="dims=[Dim('d', 'm')]").replace("p['a']", "p['a'].sum()")  # fmt: skip
_LINES = [f"'a.x{i}'" for i in range(10**5)]
_VECTORS = {
    "10^5 components in a list": "[axes]\n'a.x' = [1]\n[fixed]\na = [" + "1," * 10**5 + "]",
    "10^5 components in a table": "[axes]\n'a.x' = [1]\n[fixed.a]\n" + " = 1\n".join(
        f"x{i}" for i in range(10**5)) + " = 1",
    "10^4 components as axes": "[axes]\n" + " = [1]\n".join(_LINES[: 10**4]) + " = [1]",
    "40 components as axes": "[axes]\n" + " = [1]\n".join(_LINES[:40]) + " = [1]",
    "10^4 components that vary together": "zip = [[" + ",".join(_LINES[: 10**4]) + "]]\n[axes]\n"
    + " = [1]\n".join(_LINES[: 10**4]) + " = [1]",
    "10^4 components that are sampled": "[design]\nkind = 'sobol'\nsamples = 4\n[design.parameters]\n"
    + " = { uniform = [0.1, 1] }\n".join(_LINES[: 10**4]) + " = { uniform = [0.1, 1] }",
    "a component that leads elsewhere": "[axes]\n'a.../../x' = [1, 2]",
    "a component with escapes": '[axes]\n"a.\\u001b[31m" = [1, 2]',
    "a component of 300 letters": f"[axes]\n'a.{'x' * 300}' = [1, 2]",
}  # fmt: skip


def cases(made: Made) -> Iterator[Case]:
    """Each of these files, for the command that reads it."""
    for name, text in _VECTORS.items():
        for command in (["plan", "s.toml"], ["run", "s.toml", "-o", "c.zarr"]):
            yield Case("sweeps", f"{command[0]}: {name}", _model(_VECTOR, text, command))
    for name, text in _MODELS.items():
        yield Case("models", name, file("m.py", text, ["models", "m.py:game"]))
    for name, text in _TRACED.items():
        if "default" in name:
            yield Case("models", name, file("m.py", text, ["models", "m.py:game"]))
    for name, text in (_MODELS | _TRACED).items():
        yield Case("models", f"plan: {name}", _model(text))
    for name, text in _SHOWN.items():
        yield Case("models", f"shows {name}", file("m.py", text, ["models", "m.py:game"]), _short)


def _short(out: str) -> bool:
    return len(out) < 10**5


def _model(
    text: str, sweep: str = "[axes]\na = [0.5, 1]\n", command: Sequence[str] = ("plan", "s.toml")
) -> Callable[[Path], list[str]]:
    def prepare(folder: Path) -> list[str]:
        (folder / "m.py").write_bytes(text.encode("utf-8", "surrogateescape"))
        (folder / "s.toml").write_text(f'model = "m.py:game"\n{sweep}')
        return [*command]

    return prepare
