"""Write a figure as PNG, SVG or PDF; nothing that is no picture is replaced."""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.errors import Argument, SweepError
from ..cube.export import in_place
from .look.png import write_png
from .look.style import MOST_INCHES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 300
_DOTS = (20, 2400)
# Dots along a side of the largest picture that matplotlib's renderer draws.
_MOST_DOTS = 2**16
ENDINGS = (".png", ".svg", ".pdf")
# Text of an SVG is text and of a PDF is type, as journals ask for; the same figure gives the same bytes.
_FONTS: Any = {"svg.fonttype": "none", "svg.hashsalt": "equisweep", "pdf.fonttype": 42}
# Settings of matplotlib's with which a figure is written as it stands.
_PLAIN: Any = {
    "savefig.facecolor": "auto",
    "savefig.edgecolor": "auto",
    "savefig.transparent": False,
    "savefig.bbox": None,
}
_NO_DATE = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


def require_picture(path: Path, overwrite: bool = False) -> None:
    """Refuse a file of an unknown kind, in a folder that does not exist, or where something else is.

    A picture that is there is replaced, and any other file only with `overwrite`.
    """
    if path.suffix.lower() not in ENDINGS:
        raise SweepError(f"{path}: a picture should end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    if path.is_dir():
        raise SweepError(f"{path}: is a folder")
    if not path.parent.is_dir():
        raise SweepError(f"{path}: the folder {path.parent} does not exist; create it first")
    if path.exists() and not overwrite and not _is_picture(path):
        raise SweepError(f"{path}: is there already and is no picture; choose another name")


def require_table(path: Path, overwrite: bool = False) -> None:
    """Refuse a file of what is drawn that is no CSV, lies in a folder that does not exist, or is there."""
    if path.suffix.lower() != ".csv":
        raise SweepError(f"{path}: what is drawn is written as .csv")
    if path.is_dir() or not path.parent.is_dir():
        missing = f"the folder {path.parent} does not exist; create it first"
        raise SweepError(f"{path}: {'is a folder' if path.is_dir() else missing}")
    if path.exists() and not overwrite:
        raise SweepError(f"{path}: is there already; ", Argument("overwrite", True), " replaces it")


def require_dots(figsize: tuple[float, float] | None, dpi: float) -> None:
    """Refuse dots per inch that nobody prints, and pictures that cannot be drawn for their size."""
    if not _DOTS[0] <= dpi <= _DOTS[1]:
        raise SweepError(Argument("dpi", dpi), f": should be {_DOTS[0]} to {_DOTS[1]} dots per inch")
    if figsize and max(figsize) <= MOST_INCHES and max(figsize) * dpi >= _MOST_DOTS:
        size = f": {max(figsize):g} inches are more than {_MOST_DOTS:,} dots"
        raise SweepError(Argument("dpi", dpi), size)


def save(figure: "Figure", path: Path, dpi: float = DOTS_PER_INCH, overwrite: bool = False) -> None:
    """Write a figure as PNG, SVG or PDF, by the file's ending; whole, or not at all.

    An SVG or PDF holds no date and no random names. Raises SweepError as `require_picture` does.
    """
    import matplotlib

    require_picture(path, overwrite)
    require_dots((figure.get_figwidth(), figure.get_figheight()), dpi)
    ending = path.suffix.lower()
    buffer: Any = BytesIO()
    engine = figure.get_layout_engine()
    # `settle` has laid it out: matplotlib would do so twice more.
    figure.set_layout_engine("none")
    if ending == ".png" and all(matplotlib.rcParams[name] == value for name, value in _PLAIN.items()):
        write_png(figure, buffer, dpi)
    else:
        with matplotlib.rc_context(_FONTS):
            figure.savefig(buffer, format=ending[1:], dpi=dpi, metadata=_NO_DATE.get(ending))
    figure.set_layout_engine(engine)
    with in_place(path) as partial:
        partial.write_bytes(buffer.getbuffer())


def _is_picture(path: Path) -> bool:
    """Whether a file begins as pictures do, or is empty; a pipe or a device is none."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError:
        return False
    return not head or head.startswith((b"\x89PNG", b"%PDF-")) or b"<svg" in head
