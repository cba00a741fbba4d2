"""Text that steers a terminal or is a formula, wherever a cube or a file holds text."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .case import Case
from .made import Made, change, seal

_TEXTS = {
    "an escape sequence": "a\x1b[31;1mred\x1b]0;title\x07",
    "a C1 sequence": "a\x9b31m\x85b",
    "a carriage return": "harmless\rrm -rf",
    "a turn of direction": "a\u202etxt.exe\u2066",
    "5 MB": "x" * 5_000_000,
    "mathematics": "$\\frac{$ ^_ \\undefined",
    "a formula": '=HYPERLINK("http://x","y")',
}
_COMMANDS: dict[str, list[str]] = {
    "info": ["info", "cube.zarr"],
    "table": ["query", "cube.zarr", "--sel", "beta=0.1"],
    "grid": ["query", "cube.zarr", "--var", "investment", "--sel", "mechanism=@", "--sel", "beta=0.1:0.3"],
    "csv": ["query", "cube.zarr", "--format", "csv"],
    "json": ["query", "cube.zarr", "--format", "json"],
    "reduced": ["query", "cube.zarr", "--reduce", "mean:alpha"],
    "sql": ["sql", "cube.zarr", "select * from cube", "--format", "csv"],
    "sql table": ["sql", "cube.zarr", "select * from cube"],
    "unknown": ["query", "cube.zarr", "--var", "nothing"],
    "no label": ["query", "cube.zarr", "--sel", "mechanism=nothing"],
    "plot": ["plot", "cube.zarr", "--var", "investment", "--x", "alpha", "--y", "beta",
             "--facet", "mechanism", "-o", "p.svg"],
    "verify": ["verify", "cube.zarr"],
}  # fmt: skip
_PLACES: dict[str, tuple[str, ...]] = {
    "title": ("info",),
    "source": ("info",),
    "device": ("info",),
    "sweep": ("info",),
    "versions": ("info",),
    "units": ("info", "grid", "plot"),
    "long_name": ("info", "plot"),
    "symbol": ("plot",),
    "label": ("info", "table", "grid", "csv", "json", "reduced", "sql", "sql table", "no label", "plot"),
    "name": ("info", "table", "csv", "json", "sql", "unknown", "verify"),
    "class": ("csv", "sql"),
    "journal": ("info",),
    "file": ("verify",),
}


def cases(made: Made) -> Iterator[Case]:
    """Each text in each place, for the commands that may show it."""
    for what, text in _TEXTS.items():
        for place, commands in _PLACES.items():
            if place in ("name", "file") and (what == "5 MB" or "/" in text or "\x00" in text):
                continue
            for command in commands:
                yield Case(
                    "texts",
                    f"{command}: {what} as {place}",
                    _prepare(made, place, text, command),
                    _harmless(command),
                )
    for what, text in _TEXTS.items():
        if what != "5 MB":
            yield Case("texts", f"sql makes {what}", _asked(made, text, "sql"), _harmless("sql"))
            yield Case("texts", f"a condition with {what}", _asked(made, text, "--where"))
            yield Case("texts", f"a selection with {what}", _asked(made, text, "--sel"))
            yield Case("texts", f"a variable called {what}", _asked(made, text, "--var"))
            yield Case("texts", f"a status called {what}", _asked(made, text, "--keep"))


def _harmless(command: str) -> Callable[[str], bool]:
    """Nothing steers (which is looked at anyway), no output is endless, and no cell is a formula."""

    def right(out: str) -> bool:
        if command in ("csv", "sql"):
            return not any(
                cell.startswith("=") for line in out.splitlines() for cell in line.replace('"', "").split(",")
            )
        return len(out) < 3_000_000

    return right


def _prepare(made: Made, place: str, text: str, command: str) -> Callable[[Path], list[str]]:
    def prepare(folder: Path) -> list[str]:
        root = made.copy("new", folder)
        _put(root, place, text)
        if place != "journal":
            seal(root)
        return _COMMANDS[command]

    return prepare


def _put(root: Path, place: str, text: str) -> None:
    if place in ("title", "source", "device", "sweep"):
        change(root, "", lambda d: d["attributes"].update({place: text}))
    elif place == "versions":
        change(root, "", lambda d: d["attributes"].update(versions=json.dumps({text: text})))
    elif place in ("units", "long_name", "symbol"):
        for array in ("investment", "alpha", "mechanism"):
            change(root, array, lambda d: d["attributes"].update({place: text}))
    elif place == "class":
        change(root, "status", lambda d: d["attributes"].update(_classes(d["attributes"], text)))
    elif place == "label":
        _label(root, text)
    elif place == "name":
        _rename(root, text)
    elif place == "file":
        (root / "investment" / "c" / "0" / "0" / "0").write_bytes(text.encode("utf-8", "surrogatepass"))
    else:
        entry = {"started": 1.0, "seconds": 1.0, "tiles": 1, "of": 1, "device": text, "computed": text}
        (root / "status" / "runs.jsonl").write_text(json.dumps(entry))


def _classes(attributes: dict[str, Any], text: str) -> dict[str, str]:
    return {"flag_meanings": " ".join([text.replace(" ", "_")] * len(attributes["flag_meanings"].split()))}


def _label(root: Path, text: str) -> None:
    """Give the mechanisms these names, and the cube the identity that says so."""
    import numpy as np
    from equisweep.engine.values.columns import describe_values
    from google_crc32c import value

    names = [text, "plain"]
    raw = len(names).to_bytes(4, "little")
    for name in names:
        raw += len(name.encode()).to_bytes(4, "little") + name.encode()
    (root / "mechanism" / "c" / "0").write_bytes(raw + value(raw).to_bytes(4, "little"))

    def changes(document: dict[str, Any]) -> None:
        identity = json.loads(document["attributes"]["identity"])
        identity["axes.mechanism"] = describe_values(np.asarray(names))
        document["attributes"]["identity"] = json.dumps(identity)

    change(root, "", changes)


def _rename(root: Path, text: str) -> None:
    """Call an output so."""
    (root / "equilibrium_count").rename(root / text)

    def changes(document: dict[str, Any]) -> None:
        arrays = document["consolidated_metadata"]["metadata"]
        arrays[text] = arrays.pop("equilibrium_count")
        names = json.loads(document["attributes"]["variables"])
        document["attributes"]["variables"] = json.dumps(
            [text if name == "equilibrium_count" else name for name in names]
        )

    change(root, "", changes)
    import shutil

    shutil.rmtree(root / "status" / "manifest")


def _asked(made: Made, text: str, how: str) -> Callable[[Path], list[str]]:
    def prepare(folder: Path) -> list[str]:
        made.copy("new", folder)
        if how == "sql":
            made_of = " || ".join(f"chr({ord(letter)})" for letter in text)
            return ["sql", "cube.zarr", f"select {made_of} as x, alpha from cube limit 3", "--format", "csv"]
        more = ["--reduce", "mean"] if how == "--keep" else []
        return ["query", "cube.zarr", how, f"mechanism={text}" if how == "--sel" else text, *more]

    return prepare
