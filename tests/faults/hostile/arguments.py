"""Arguments of commands and of Python's functions that are hostile."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .case import Case
from .made import Made

_PATHS = {
    "empty": "",
    "a blank": " ",
    "300 letters": "x" * 300,
    "5,000 letters": "x" * 5000,
    "5,000 folders": "x/" * 2500 + "c",
    "not UTF-8": "caf\udce9.zarr",
    "escapes": "\x1b[31mred\x1b[0m.zarr",
    "a line break": "a\nb.zarr",
    "/dev/null": "/dev/null",
    "/dev/zero": "/dev/zero",
    "below a file": "/etc/passwd/x",
    "/proc": "/proc/self",
    "home": "~/nothing_here/c.zarr",
    "somebody's home": "~nobody_here/c.zarr",
}
_PATHED: dict[str, Callable[[str], list[str]]] = {
    "info": lambda p: ["info", p],
    "query": lambda p: ["query", p],
    "sql": lambda p: ["sql", p, "select 1"],
    "verify": lambda p: ["verify", p],
    "repair": lambda p: ["verify", p, "--repair"],
    "plan": lambda p: ["plan", p],
    "run from": lambda p: ["run", p, "-o", "c.zarr"],
    "structure": lambda p: ["structure", p],
    "plot": lambda p: ["plot", p, "--var", "x", "-o", "x.png"],
    "query to": lambda p: ["query", "cube.zarr", "-o", p],
    "plot to": lambda p: ["plot", "cube.zarr", "--var", "investment", "--x", "alpha", "-o", p],
    "structure to": lambda p: ["structure", "f.csv", "-o", p],
    "sensitivity to": lambda p: ["sensitivity", "cube.zarr", "--method", "elasticity", "-o", p],
    "boundary to": lambda p: ["boundary", "cube.zarr", "--var", "status", "--along", "alpha", "-o", p],
    "model": lambda p: ["models", f"{p}.py:x"],
}
_LONG = 100_000
_ASKED: dict[str, list[str]] = {
    "10,000 terms": ["--where", " or ".join(["alpha < 0.5"] * 8000)],
    "30,000 brackets": ["--where", "(" * 30_000 + "alpha" + ")" * 30_000 + " < 1"],
    "10,000 nots": ["--where", "not " * 10_000 + "alpha < 1"],
    "10,000 minus signs": ["--where", "-" * 10_000 + "alpha < 1"],
    "a chain of 10,000": ["--where", " < ".join(["alpha"] * 10_000)],
    "powers of powers": ["--where", "alpha < " + "9**" * 50 + "9"],
    "a number of 10^5 digits": ["--where", "alpha < " + "9" * _LONG],
    "10^5 letters": ["--where", "x" * _LONG],
    "10^5 dots": ["--where", "a." * 50_000 + "b < 1"],
    "10^5 quotes": ["--where", '"' * _LONG],
    "10^5 backquotes": ["--where", "`" * _LONG],
    "10^5 backslashes": ["--where", "'" + "\\" * _LONG],
    "a list of 30,000": ["--where", "alpha in (" + "1," * 30_000 + ")"],
    "code": ["--where", "__import__('os').system('true')"],
    "an attribute": ["--where", "alpha.__class__ == 1"],
    "a lambda": ["--where", "(lambda: 1)() < 2"],
    "a comprehension": ["--where", "[x for x in alpha]"],
    "zero bytes": ["--where", "alpha < 1\\0"],
    "halves of characters": ["--where", "alpha < \udcff"],
    "nothing": ["--where", ""],
    "a selection of 10^5 values": ["--sel", "alpha=" + "0.1," * 30_000],
    "a selection of 10^5 letters": ["--sel", "alpha=" + "x" * _LONG],
    "a selection of 10^5 labels": ["--sel", "mechanism=" + "a," * 50_000],
    "a selection of quotes": ["--sel", "mechanism=" + '"' * _LONG],
    "a selection of brackets": ["--sel", "mechanism=" + "(" * _LONG],
    "a selection of an axis of 10^5 letters": ["--sel", "x" * _LONG + "=1"],
    "a selection of nan": ["--sel", "alpha=nan"],
    "a selection of 1e999": ["--sel", "alpha=1e999:"],
    "a selection of nothing": ["--sel", "="],
    "a variable of 10^5 letters": ["--var", "x" * _LONG],
    "a reduction of 10^5 letters": ["--reduce", "x" * _LONG],
    "a reduction over 10^5 axes": ["--reduce", "mean:" + "alpha," * 20_000],
    "a status of 10^5 letters": ["--reduce", "mean", "--keep", "x" * _LONG],
}
_SQL = {
    "10^5 brackets": "select " + "(" * 50_000 + "1" + ")" * 50_000,
    "10^5 terms": "select " + "+".join(["1"] * 50_000) + " from",
    "10^5 letters": "select " + "x" * _LONG + " from cube",
    "10^5 unions": " union all ".join(["select alpha from nothing"] * 2000),
    "a file": "select * from '/etc/passwd'",
    "read_csv": "select * from read_csv('/etc/passwd')",
    "read_text": "select * from read_text('/etc/passwd')",
    "glob": "select * from glob('/*')",
    "copy": "copy cube to 'x.csv'",
    "attach": "attach 'x.db'",
    "install": "install httpfs",
    "set": "set memory_limit = '100GB'",
    "two": "select 1; select 2",
    "nothing": "",
    "a pragma": "pragma version",
    "halves": "select '\udcff' from cube",
    "escapes": "select \x1b[31m from cube",
    "getenv": "select getenv('HOME')",
}


def cases(made: Made) -> Iterator[Case]:
    """Each argument."""
    for command, arguments in _PATHED.items():
        for name, path in _PATHS.items():
            right = _missing(command, name)
            yield Case("arguments", f"{command}: path {name}", on_cube(made, arguments(path)), right)
    for name, asked in _ASKED.items():
        yield Case("arguments", f"query: {name}", on_cube(made, ["query", "cube.zarr", *asked]), _cheap(name))
    for name, text in _SQL.items():
        yield Case("arguments", f"sql: {name}", on_cube(made, ["sql", "cube.zarr", text]))
    for name, function in _python(made).items():
        yield Case("python", name, lambda folder, function=function: lambda: function(folder))


def _missing(command: str, name: str) -> Callable[[str], bool] | None:
    """Files that are written may have strange names."""
    writes = command.endswith(" to") and name in (
        "a blank",
        "not UTF-8",
        "escapes",
        "a line break",
        "/dev/null",
    )
    return (lambda out: True) if writes else None


def _cheap(name: str) -> Callable[[str], bool] | None:
    """What is large and yet means something may be answered."""
    fine = ("powers of powers", "a selection of 10^5 values", "a reduction over 10^5 axes")
    return (lambda out: True) if name in fine else None


def on_cube(made: Made, arguments: list[str]) -> Callable[[Path], list[str]]:
    def prepare(folder: Path) -> list[str]:
        if "cube.zarr" in arguments:
            made.copy("new", folder)
        (folder / "f.csv").write_text(",a,b\na,0,1\nb,0,0\n")
        return arguments

    return prepare


class _Huge:
    """Something whose text has 50 MB."""

    def __repr__(self) -> str:
        return "\x1b[31m" + "x" * 50_000_000


class _Mute:
    """Something that cannot be written."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__


def _python(made: Made) -> dict[str, Callable[[Path], Any]]:
    from equisweep.kernels.games.registry import MODELS
    from equisweep.sweeps import Sweep, open_cube, run

    cube = made.folder / "new.zarr"
    axes = {"alpha": [0.1]}

    def selected(value: Any) -> Callable[[Path], Any]:
        return lambda folder: open_cube(cube).equisweep.select({"alpha": value})

    def where(text: str) -> Callable[[Path], Any]:
        return lambda folder: open_cube(cube).equisweep.where(text)

    def space(**parts: Any) -> Callable[[Path], Any]:
        return lambda folder: Sweep(**({"model": "external", "axes": axes} | parts)).space()

    return {
        "where of 10^5 terms and a wrong name": where(" or ".join(["alpha < 0.5"] * 10**5) + " or nothing"),
        "where of 10^5 brackets": where("(" * 10**5 + "alpha" + ")" * 10**5),
        "where of 10^6 letters": where("x" * 10**6),
        "where of 10^6 quotes": where("'" * 10**6),
        "a model that is a Model": space(model=MODELS["external"]),
        "a model of 50 MB": space(model=_Huge()),
        "a model that cannot be written": space(model=_Mute()),
        "an axis of objects": space(axes={"alpha": [_Huge()]}),
        "an axis that cannot be written": space(axes={"alpha": _Mute()}),
        "an axis called by an object": space(axes={_Huge(): [1]}),
        "an axis of 10^6 texts": space(axes={"alpha": ["x"] * 10**6}),
        "an axis of 10^6 equal numbers": space(axes={"alpha": [1.0] * 10**6}),
        "an axis of 10^5000": space(axes={"alpha": [10**5000]}),
        "num = 10^5000": space(axes={"alpha": {"start": 0, "stop": 1, "num": 10**5000}}),
        "fixed 10^5000": space(fixed={"L": 10**5000}),
        "fixed objects": space(fixed={"L": _Huge()}),
        "outputs of objects": space(outputs=[_Huge()]),
        "zip of objects": space(zip=[[_Huge(), _Mute()]]),
        "a dtype of objects": space(dtype=_Mute()),
        "a dtype of 50 MB": space(dtype="x" * 50_000_000),
        "a selection of 50 MB": selected("x" * 50_000_000),
        "a selection of 10^6 numbers": selected([7.0] * 10**6),
        "a status of 50 MB": lambda folder: open_cube(cube).equisweep.ok(["x" * 50_000_000]),
        "a cube called nothing": lambda folder: open_cube(""),
        "a cube of a zero byte": lambda folder: open_cube("a\0b"),
        "a cube at home": lambda folder: open_cube("~/nothing_here.zarr"),
        "a run to nowhere": lambda folder: run(Sweep(model="external", axes=axes), ""),
        "a run to a zero byte": lambda folder: run(Sweep(model="external", axes=axes), "a\0b"),
        "a sweep file of a zero byte": lambda folder: Sweep.from_file("a\0b"),
        "a sweep file of nothing": lambda folder: Sweep.from_file(""),
        "sql of 1 MB": lambda folder: open_cube(cube).equisweep.sql("select " + "x" * 10**6),
    }
