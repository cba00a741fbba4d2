"""The files of the page: its own, and BokehJS, which draws it."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ...engine.errors import SweepError

_HERE = Path(__file__).parent / "page"
# In the order in which they are loaded.
BOKEH = ("bokeh.min.js", "bokeh-api.min.js")
SCRIPTS = (
    "text.js",
    "arrays.js",
    "state.js",
    "server.js",
    "figure.js",
    "maps.js",
    "plots.js",
    "controls.js",
    "panels.js",
    "main.js",
)
STYLE, PAGE = "page.css", "page.html"
_KINDS = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}


@dataclass(frozen=True)
class Asset:
    """One file that the page is made of; `keeps` where a browser may keep it."""

    path: Path
    keeps: bool = False

    @property
    def kind(self) -> str:
        """Its type, as a browser is told."""
        return f"{_KINDS[self.path.suffix]}; charset=utf-8"

    def read(self) -> bytes:
        """What it holds."""
        return self.path.read_bytes()


def page_assets() -> dict[str, Asset]:
    """Every file of the page by the name under which it is served. Raises SweepError without Bokeh."""
    own = {name: Asset(_HERE / name) for name in (*SCRIPTS, STYLE)}
    return (
        {"": Asset(_HERE / PAGE)}
        | own
        | {name: Asset(path, keeps=True) for name, path in bokeh_files().items()}
    )


def own_file(name: str) -> str:
    """The text of a file of the page's own."""
    return (_HERE / name).read_text(encoding="utf-8")


def bokeh_files() -> dict[str, Path]:
    """Where the scripts of the installed Bokeh lie; it is looked at and not imported.

    Raises SweepError where it is not installed.
    """
    spec = find_spec("bokeh")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        scripts = Path(folder) / "server" / "static" / "js"
        if all((scripts / name).is_file() for name in BOKEH):
            return {name: scripts / name for name in BOKEH}
    raise SweepError(
        "the explorer draws with Bokeh, which is not installed: pip install 'equisweep[explore]'"
    )
