"""The run of an audit: from the studies of a paper to cubes, and from them to a report."""

import json
import sys
from math import ceil
from pathlib import Path

from ...engine.errors import Argument, SweepError
from ..file_paths import path_of, require_outside_cubes
from ..plots.look.png import save_png
from .conclusions import Result, Study, evaluate
from .failing_map import failing_map
from .registry import find_paper
from .report import as_json, markdown


def audit(
    model: str,
    folder: str | Path,
    points: int | None = None,
    *,
    overwrite: bool = False,
    progress: bool = False,
) -> list[Result]:
    """Put every conclusion of a model's paper to the test, and write a report into `folder`.

    The cubes are kept there as <study>.zarr: a run that was stopped goes on where it was. Beside them stand
    report.md, report.json and one picture a conclusion that fails.

    Parameters
    ----------
    model
        "external", "internal", "supervision" or "contract".
    folder
        It is made if missing.
    points
        At least so many points of the largest study's grid (static choices not counted), and of the others in
        proportion; their own numbers if None.
    overwrite
        Delete cubes of an earlier audit with another grid.
    progress
        Say on standard error what is done.

    Returns
    -------
    list of Result
        One a study: its findings, and how many points have each status.

    Raises
    ------
    SweepError, CubeError, SweepInterrupted
        As `run`.
    """
    from ..run import run

    about, folder = find_paper(model), require_outside_cubes(path_of(folder))
    if folder.exists() and not folder.is_dir():
        raise SweepError(f"{folder}: is a file; name a folder")
    _require_own(model, folder)
    folder.mkdir(parents=True, exist_ok=True)
    results, most = [], max(study.points for study in about.studies)
    for study in about.studies:
        sized = study.sized(ceil(study.points * points / most) if points else study.points)
        path = folder / f"{study.name}.zarr"
        if path.exists() and not overwrite:
            _require_same_grid(sized, path)
        _report(progress, f"{study.name}: a grid of {sized.size:,} points, each static choice apart")
        cube = run(sized.sweep, path, overwrite=overwrite, progress=progress)
        _report(progress, f"{study.name}: {len(study.conclusions)} conclusions held against it")
        results.append(evaluate(sized, cube, progress))
    write_report(model, results, folder)
    return results


def _require_same_grid(study: Study, path: Path) -> None:
    """Refuse a cube of another size in a line; every other difference is found by `run`."""
    from ..run import open_cube

    shape, wanted = open_cube(path)["status"].shape, study.sweep.space().shape
    if shape != wanted:
        raise SweepError(
            f"{path}: is of an audit with another grid ({' x '.join(map(str, shape))} points, wanted "
            f"{' x '.join(map(str, wanted))}); the same ",
            Argument("points"),
            " goes on with it, ",
            Argument("overwrite", True),
            " replaces it",
        )


def _report(progress: bool, text: str) -> None:
    if progress:
        print(text, file=sys.stderr)


def _require_own(model: str, folder: Path) -> None:
    """Refuse the folder of another model's audit, whose report would be lost."""
    try:
        there = json.loads((folder / "report.json").read_text(encoding="utf-8")).get("model")
    except (OSError, ValueError, AttributeError):
        return
    if there not in (None, model):
        raise SweepError(Argument("folder", folder), f": holds the audit of {there}; name another folder")


def write_report(model: str, results: list[Result], folder: Path) -> None:
    """report.md, report.json and the pictures of what fails."""
    about, pictures = find_paper(model), {}
    for result in results:
        for number in dict.fromkeys(f.conclusion.number for f in result.findings):
            figure = failing_map(
                [f for f in result.findings if f.conclusion.number == number], _symbols(result)
            )
            if figure is not None:
                pictures[number] = _file_name(number)
                save_png(figure, folder / pictures[number], dpi=130)
    text = markdown(model, f"Source: {about.source}", results, pictures, about.elsewhere)
    (folder / "report.md").write_text(text, encoding="utf-8")
    numbers = as_json(model, results, pictures, about.elsewhere)
    (folder / "report.json").write_text(json.dumps(numbers, indent=1, ensure_ascii=False), encoding="utf-8")


def _symbols(result: Result) -> dict[str, str]:
    """Axis name to what stands at it in a picture."""
    symbols = {}
    for parameter in result.study.sweep.space().model.parameters:
        unit = "" if parameter.unit in ("1", "") else f" [{parameter.unit}]"
        same = parameter.symbol.replace("_", "") == parameter.name.replace("_", "")
        symbols[parameter.name] = f"{parameter.name}{'' if same else f' {parameter.symbol}'}{unit}"
    return symbols


def _file_name(number: str) -> str:
    words = "".join(c if c.isalnum() else " " for c in number.replace("δ", "delta")).split()
    return f"conclusion_{'_'.join(words)}.png"
