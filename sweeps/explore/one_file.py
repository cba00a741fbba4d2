"""A page of one file: a cube cut down to a size, and all that draws it, without a network."""

import json
from collections.abc import Mapping
from math import isfinite, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Argument, SweepError
from ...kernels.status import MEANING, Status
from ..cube.classes import classes_of
from ..cube.export import in_place
from ..cube.select import Selections, select
from ..cube.statuses import BLANK, counted
from ..file_paths import path_of
from ..plots import labels
from ..plots.classes import COLOURS as CLASS_COLOURS
from ..plots.frame import COLOURS
from ..plots.look.symbols import unit_text
from .assets import PAGE, SCRIPTS, STYLE, bokeh_files, own_file
from .controls import COLOUR_MAPS, controls_of
from .page_data import array, limits_of
from .plain_labels import page_text

if TYPE_CHECKING:
    import xarray as xr

# Nothing from anywhere else, and nothing to anywhere: what the page needs stands in it.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
_EMBEDDED = "embedded.js"
_BASE64 = 4 / 3


def write_page(
    dataset: "xr.Dataset", path: str | Path, selections: Selections = (), megabytes: float = 10.0,
    overwrite: bool = False,
) -> Path:  # fmt: skip
    """Write a page that shows a cube, or a part of one, and opens without a server.

    Parameters
    ----------
    dataset : a cube; what the page holds of it is read.
    path : of the file, which ends in .html.
    selections : the part that the page holds.
    megabytes : the most that the file has. Of axes of numbers every second, fourth, ... value is left out
        until it fits, the longest axis first; names stay.
    overwrite : whether to replace a file that is there.

    Returns
    -------
    The path. Raises SweepError where the file is no page or is there, where Bokeh is not installed, and where
    nothing fits.
    """
    file = _require_page(path, overwrite)
    scripts = {name: source.read_text(encoding="utf-8") for name, source in bokeh_files().items()}
    chosen = select(dataset, selections)
    scripts |= {name: own_file(name) for name in (*SCRIPTS[:-1], _EMBEDDED, SCRIPTS[-1])}
    capacity = (
        megabytes * 1e6 - sum(len(text.encode()) for text in scripts.values()) if isfinite(megabytes) else 0
    )
    text = _page(scripts, cut_cube(chosen, capacity, megabytes))
    with in_place(file) as partial:
        partial.write_text(text, encoding="utf-8")
    return file


def _require_page(path: str | Path, overwrite: bool) -> Path:
    file = path_of(path)
    if file.suffix.lower() not in (".html", ".htm"):
        raise SweepError(f"{file}: a page should end in .html")
    if file.is_dir() or not file.parent.is_dir():
        wrong = (
            "is a folder" if file.is_dir() else f"the folder {file.parent} does not exist; create it first"
        )
        raise SweepError(f"{file}: {wrong}")
    if file.exists() and not overwrite:
        raise SweepError(f"{file}: is there already; ", Argument("overwrite", True), " replaces it")
    return file


def cut_cube(dataset: "xr.Dataset", capacity: float, megabytes: float) -> dict[str, Any]:
    """What a page without a server holds of a cube: its numbers, cut to `capacity` bytes, and their words.

    Raises SweepError, naming `megabytes`, where they do not fit.
    """
    steps = _steps(dataset, capacity, megabytes)
    part = dataset.isel({dim: slice(None, None, step) for dim, step in steps.items() if step > 1}).load()
    names = [str(name) for name in part.data_vars]
    return controls_of(part) | {
        "cubes": [""],
        "has_flow": False,
        "can_ask_kernel": False,
        "cut": _cut_note(dataset, steps),
        "arrays": {name: _array(part[name]) for name in names},
        "ways": {str(name): _way(part, str(name)) for name in part.coords if len(part[name].dims) == 1},
        "fixed": _fixed(part),
        "statuses": {int(status): [status.name, MEANING[status]] for status in Status},
        "blank": [int(status) for status in BLANK],
        "class_colours": list(CLASS_COLOURS),
        "line_colours": list(COLOURS),
        "palettes": {name: _palette(name) for name in COLOUR_MAPS},
    }


def _steps(dataset: "xr.Dataset", capacity: float, megabytes: float) -> dict[str, int]:
    """How many values of each dimension are passed over for one that stays."""
    steps = {str(dim): 1 for dim in dataset.sizes}
    numbers = [dim for dim in steps if _is_of_numbers(dataset, dim)]
    while _bytes(dataset, steps) > capacity:
        left = {dim: -(-dataset.sizes[dim] // steps[dim]) for dim in numbers}
        longest = max(left, key=lambda dim: left[dim], default="")
        if not longest or left[longest] < 3:
            need = (megabytes * 1e6 - capacity + _bytes(dataset, steps)) / 1e6
            raise SweepError(
                Argument("megabytes", megabytes),
                f": what cannot be cut takes {need:.1f} MB; select less of the cube",
            )
        steps[longest] *= 2
    return steps


def _is_of_numbers(dataset: "xr.Dataset", dim: str) -> bool:
    kinds = [dataset[name].dtype.kind for name in dataset.coords if dataset[name].dims == (dim,)]
    return not kinds or any(kind in "iuf" for kind in kinds)


def _bytes(dataset: "xr.Dataset", steps: Mapping[str, int]) -> float:
    """Of all numbers in a page; and of the words and sliders of each value some more."""
    total = 60_000.0
    for name in dataset.variables:
        sizes = [-(-dataset.sizes[dim] // steps[str(dim)]) for dim in dataset[name].dims]
        total += prod(sizes) * (
            _BASE64 * _dtype(dataset[name]).itemsize if name in dataset.data_vars else 120
        )
    return total


def _dtype(array: "xr.DataArray") -> np.dtype:
    """The type in which numbers stand in a page: reals in single precision, small integers as bytes."""
    if array.name == "status":
        return np.dtype("u1")
    return np.dtype("f4" if array.dtype.kind == "f" or not classes_of(array) else "i1")


def _array(array_: "xr.DataArray") -> dict[str, Any]:
    classes = classes_of(array_)
    values = array_.values
    if array_.name == "status":
        values = np.nan_to_num(values.astype(float))  # a condition that failed there leaves NaN
    elif classes:
        values = np.nan_to_num(values.astype(float), nan=-1)
    return {
        "dims": [str(dim) for dim in array_.dims],
        "numbers": array(values.astype(_dtype(array_))),
        "unit": unit_text(str(array_.attrs.get("units", "1"))),
        "classes": {code: page_text(labels.spoken(name)) for code, name in classes.items()},
        "counted": counted(array_, None, ("ok",)),
        "derivative": "derivative_of" in array_.attrs,
    }


def _way(dataset: "xr.Dataset", name: str) -> dict[str, Any]:
    coordinate = dataset[name]
    named = coordinate.dtype.kind not in "iuf"
    texts = [page_text(labels.value_text(value, coordinate)) for value in coordinate.values]
    return {
        "dim": str(coordinate.dims[0]),
        "label": page_text(labels.axis_label(coordinate, name)),
        "short": page_text(labels.short_name(coordinate, name)),
        "named": named,
        "limits": limits_of(coordinate.values, coordinate.attrs),
        "positions": array(np.arange(len(texts), dtype=float) if named else coordinate.values.astype(float)),
        "texts": texts,
    }


def _fixed(dataset: "xr.Dataset") -> list[list[str]]:
    """Coordinates of one value: what was selected."""
    here = [str(name) for name in dataset.coords if not dataset[name].dims]
    return [[name, page_text(labels.value_text(dataset[name].values, dataset[name]))] for name in here]


def _palette(name: str) -> list[str]:
    import matplotlib
    from matplotlib.colors import to_hex

    return [to_hex(shade) for shade in matplotlib.colormaps[name](np.linspace(0, 1, 128))]


def _cut_note(dataset: "xr.Dataset", steps: Mapping[str, int]) -> str:
    cuts = [
        f"one in {step} of {dataset.sizes[dim]:,} values of {dim}" for dim, step in steps.items() if step > 1
    ]
    kept = f"This page holds {' and '.join(cuts)}. " if cuts else ""
    return f"{kept}Its numbers have single precision."


def _page(scripts: Mapping[str, str], cube: Mapping[str, Any]) -> str:
    """The page with everything in it. What comes from the cube stands in one script of data, as text."""
    page = own_file(PAGE)
    head, rest = page.split('<script src="bokeh.min.js"></script>')
    head = head.replace(f'<link rel="stylesheet" href="{STYLE}">', f"<style>\n{own_file(STYLE)}</style>")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    head = head.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n{policy}')
    # No "<" in the data: nothing in it ends the script or begins another element.
    data = json.dumps(cube, allow_nan=False)
    for letter in "&<>":
        data = data.replace(letter, f"\\u{ord(letter):04x}")
    parts = [f'<script type="application/json" id="cube">{data}</script>']
    parts += [
        "<script>\n" + text.replace("</script", "<\\/script") + "\n</script>" for text in scripts.values()
    ]
    return f"{head}{chr(10).join(parts)}\n{rest[rest.rindex('</body>') :]}"
