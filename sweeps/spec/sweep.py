"""A sweep as its user states it: in a TOML file or in Python."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.errors import SweepError
from ...engine.gate.documents import parse_toml
from ...engine.gate.files import read_text
from ..file_paths import path_of
from ..text import nearest

if TYPE_CHECKING:
    from ...engine.space import Space


@dataclass(frozen=True)
class Sweep:
    """What to sweep, as it is stated. It is checked by `space`, which the functions that take a Sweep call.

    Attributes
    ----------
    model
        Name of a model (see ``equisweep models``), or ``"file.py:name"`` of your own.
    axes
        Name to values: a list, or ``{"start": 0.1, "stop": 0.9, "num": 9}`` (or "step"; "scale": "log").
        Names are parameters, components ("v.data") or static choices ("mechanism").
    fixed
        Name to value, for what is no axis; the rest takes its default.
    outputs
        Names of outputs; all of them if empty.
    derivatives
        Output name to the parameters in which it is differentiated.
    zip
        Groups of axes that vary together along one dimension: a list of them, or a mapping from what the
        dimension is called. Their values may repeat.
    design
        Parameters that are sampled, along one dimension called "sample": ``{"kind": "sobol", "samples": 1024,
        "seed": 0, "parameters": {"alpha": {"uniform": [0.1, 0.9]}}}``; kinds "lhs" and "morris" too.
    reduce
        Axes that are reduced as they are computed, and what is kept of each output: ``{"over": ["beta"],
        "expected_loss": ["mean", "max"]}``. Nothing else is stored.
    networks
        Of the model ``network``: the cities, a number or their names, and networks by name, each a file
        ("roads.csv") or a family with its numbers (``{"family": "small_world", "rewiring": 0.2}``).
    times
        Where the path of a trajectory is saved (models with dynamics): a list or range like an axis.
    integrator
        Options of the integrator (models with dynamics): solver, rtol, atol, max_steps, max_step, breaks,
        fixed_steps, settle, decide, horizon, longest.
    dtype
        "float64" or "float32".
    about
        What stands in the cube for whoever gets it: texts called title, creator, license, citation, comment.
    origin, folder, text
        Where the sweep comes from, for messages and relative paths; the file's text, kept in the cube.
    """

    model: str
    axes: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    outputs: Sequence[str] = ()
    derivatives: Mapping[str, Sequence[str]] = field(default_factory=dict)
    zip: Sequence[Sequence[str]] | Mapping[str, Sequence[str]] = ()
    design: Mapping[str, Any] = field(default_factory=dict)
    reduce: Mapping[str, Any] = field(default_factory=dict)
    networks: Mapping[str, Any] = field(default_factory=dict)
    times: Any = None
    integrator: Mapping[str, Any] = field(default_factory=dict)
    dtype: str = "float64"
    about: Mapping[str, str] = field(default_factory=dict)
    origin: str = "sweep"
    folder: Path = field(default_factory=Path)
    text: str = ""

    @classmethod
    def from_file(cls, path: str | Path) -> "Sweep":
        """Read the sweep file at `path`.

        Raises
        ------
        SweepError
            Naming the file and the key, where it cannot be read, is not TOML, or has an unknown key. Values
            are checked by `space`.
        """
        path = path_of(path)
        try:
            text = read_text(path, encoding="utf-8-sig")
            table = parse_toml(text)
        except UnicodeDecodeError:
            raise SweepError(f"{path}: is not TOML: not a text file in UTF-8") from None
        except ValueError as error:
            raise SweepError(f"{path}: is not TOML: {error}") from None
        except OSError as error:
            raise SweepError(f"{path}: cannot be read ({error.strerror})") from None
        return cls.from_table(table, origin=str(path), folder=path.parent, text=text)

    @classmethod
    def from_table(
        cls, table: Mapping[str, Any], *, origin: str = "sweep", folder: Path | None = None, text: str = ""
    ) -> "Sweep":
        """A sweep from a table as a sweep file holds it.

        Parameters
        ----------
        table
            Keys of a sweep file to their values.
        origin, folder, text
            As of a `Sweep`.

        Raises
        ------
        SweepError
            Beginning with `origin`, for an unknown key or a missing model.
        """
        known = cls.keys()
        for key in table:
            if key not in known:
                raise SweepError(f"{origin}: {key}: unknown key{nearest(key, known)}")
        if "model" not in table:
            raise SweepError(f'{origin}: model: is missing; begin with model = "external"')
        return cls(**dict(table), origin=origin, folder=folder or Path(), text=text)

    @classmethod
    def keys(cls) -> list[str]:
        """The keys that a sweep file may have."""
        return [f.name for f in fields(cls) if f.name not in ("origin", "folder", "text")]

    def table(self) -> dict[str, Any]:
        """Every key of a sweep file with its value, stated or by default."""
        return {key: getattr(self, key) for key in self.keys()}

    def space(self) -> "Space":
        """The grid of points with everything checked and defaults filled in.

        Raises
        ------
        SweepError
            Naming file, key and value, for whatever is wrong.
        """
        from .resolve import resolve

        return resolve(self.table(), self.origin, self.folder)
