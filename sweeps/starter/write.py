"""Write a starter: a sweep file, a model file for a game of one's own, and a Makefile."""

from collections.abc import Iterator, Mapping
from keyword import iskeyword
from pathlib import Path
from string import Template
from textwrap import fill

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ...kernels.games.registry import MODELS
from ...kernels.model import Model, Parameter

_LONGEST = 60  # letters of a name


def write_starter(folder: Path, model: str = "my_game", program: str = "equisweep") -> list[Path]:
    """Write files to begin with, which run as they are; returns their paths.

    Parameters
    ----------
    folder
        Where they go; made if it is not there.
    model
        Name of a game of one's own, for which a model file is written, or of a model that ships.
    program
        What the Makefile calls.

    Raises
    ------
    SweepError
        For a name that no function of Python can have, where one of the files is there already (nothing is
        written then), and where the folder cannot be written to.
    """
    texts = _texts(model, program)
    paths = [folder / name for name in texts]
    there = [str(path) for path in paths if path.exists() or path.is_symlink()]
    if there:
        raise SweepError(f"{', '.join(there)}: there already, and nothing is replaced; name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in zip(paths, texts.values(), strict=True):
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise SweepError(f"{error.filename or folder}: cannot be written ({error.strerror})") from None
    return paths


def _texts(name: str, program: str) -> dict[str, str]:
    """What stands in each file, by the file's name."""
    if name in MODELS:
        own, drawn = False, _shipped(MODELS[name])
    elif name.isidentifier() and name.isascii() and not iskeyword(name) and len(name) <= _LONGEST:
        own, drawn = True, {"variable": "investment", "x": "threat", "y": "loss"}
    else:
        like = f"letters, digits and _, at most {_LONGEST}, such as my_game"
        raise SweepError(f"model: {shown(name)} cannot be the name of a function; take {like}")
    said = {"name": name, "program": program, "title": name.replace("_", " ").capitalize(), **drawn}
    files = {f"{name}.toml": "sweep" if own else "shipped", "Makefile": "makefile"}
    if own:
        files = {f"{name}.py": "model", **files}
    return {file: _template(text).substitute(said) for file, text in files.items()}


def _template(name: str) -> Template:
    return Template((Path(__file__).parent / f"{name}.txt").read_text(encoding="utf-8"))


def _shipped(model: Model) -> dict[str, str]:
    """A sweep of a model that ships, over two parameters; the others stand there with their defaults."""
    over = list(_possible_axes(model))[:2]
    rest = [(f"{p.name} = {_default(p)}", _remark(p)) for p in model.parameters if p.name not in dict(over)]
    rest += [(f'{c.name} = "{c.default}"', f"{c.meaning}: {', '.join(c.options)}") for c in model.choices]
    width = max(len(text) for text, _ in rest)
    return {
        "outputs": _wrapped([f'"{output.name}",' for output in model.outputs]),
        "orbits": "\n# Those of orbits, too, which take longer to compile." if model.flow else "",
        "axes": "\n".join(_axis(name, parameter) for name, parameter in over),
        "fixed": "\n".join(f"# {text:{width}}  # {remark}" for text, remark in rest),
        "variable": next(o.name for o in model.outputs if o.kind != "count" and not o.dims),
        "x": over[0][0],
        "y": over[1][0],
    }


def _possible_axes(model: Model) -> Iterator[tuple[str, Parameter]]:
    """What outputs without orbits depend on, by name: plain numbers, then the first component of vectors."""
    free = [p for p in model.parameters if not p.integer and p.name != "horizon"]
    yield from ((p.name, p) for p in free if not isinstance(p.default, Mapping))
    yield from ((f"{p.name}.{next(iter(p.default))}", p) for p in free if isinstance(p.default, Mapping))


def _axis(name: str, parameter: Parameter) -> str:
    """From half to one and a half times the default, inside the domain."""
    default = parameter.default
    middle = next(iter(default.values())) if isinstance(default, Mapping) else default
    domain, ends = parameter.domain, [0.5 * middle, 1.5 * middle]
    for i, bound in enumerate((domain.low, domain.high)):
        if not domain.contains(ends[i]):
            ends[i] = (middle + bound) / 2
    key = f'"{name}"' if "." in name else name
    return (
        f"# {parameter.meaning} ({parameter.unit}), in {domain}\n"
        f"{key} = {{ start = {ends[0]:g}, stop = {ends[1]:g}, num = 9 }}"
    )


def _default(parameter: Parameter) -> str:
    if isinstance(parameter.default, Mapping):
        parts = [f"{name} = {value:g}" for name, value in parameter.default.items()]
        return f"{{ {', '.join(parts)} }}"
    return f"{parameter.default:g}"


def _remark(parameter: Parameter) -> str:
    return f"{parameter.meaning} ({parameter.unit}), in {parameter.domain}"


def _wrapped(words: list[str]) -> str:
    return fill(" ".join(words), 100, initial_indent="    ", subsequent_indent="    ")
