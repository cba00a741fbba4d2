"""A sound cube and its sweep, of which every hostile input is a copy that was changed."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .runner import done_in_child, outcome_of

SWEEP = """model = "external"
outputs = ["investment", "equilibrium_count"]
[axes]
mechanism = ["sharing", "cooperation"]
alpha = { start = 0.1, stop = 0.9, num = 12 }
beta = { start = 0.1, stop = 0.9, num = 20 }
"""


@dataclass
class Made:
    """Sound cubes in a folder: ``new.zarr`` as it was run, ``old.zarr`` as 0.1.0 wrote it.

    `right` holds what each command prints of a sound cube.
    """

    folder: Path
    right: dict[str, str] = field(default_factory=dict)

    def copy(self, age: str, folder: Path) -> Path:
        """A copy of the cube of this age in a folder, beside its sweep; returns its path."""
        shutil.copytree(self.folder / f"{age}.zarr", folder / "cube.zarr", symlinks=True)
        shutil.copy(self.folder / "sweep.toml", folder)
        return folder / "cube.zarr"


def make(folder: Path) -> Made:
    """Make the cubes in a folder."""
    from .places import COMMANDS

    (folder / "sweep.toml").write_text(SWEEP)
    done_in_child(lambda: _make(folder))
    made = Made(folder)
    here = folder / "right"
    here.mkdir()
    made.copy("new", here)
    for name, arguments in COMMANDS.items():
        outcome = outcome_of(arguments, here)
        if outcome.code:
            raise RuntimeError(f"{name} of a sound cube: {outcome.err}")
        made.right[name] = outcome.out
    return made


def _make(folder: Path) -> None:
    from equisweep.sweeps import Sweep, run
    from helpers.old_cubes import made_old

    run(Sweep.from_file(folder / "sweep.toml"), folder / "new.zarr", tile_points=60, durable=False)
    shutil.copytree(folder / "new.zarr", folder / "old.zarr")
    made_old(folder / "old.zarr")


def change(root: Path, array: str, changes: Callable[[dict[str, Any]], Any]) -> None:
    """Change the metadata of an array (or, where it is empty, of the cube), and the root's copy of them.

    `changes` gets the document and may change it, or return another one.
    """
    path = root / array / "zarr.json"
    document = json.loads(path.read_text())
    changed = changes(document)
    changed = document if changed is None else changed
    text = changed if isinstance(changed, str) else json.dumps(changed)
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    if array and isinstance(changed, dict | list | int | float):
        whole = json.loads((root / "zarr.json").read_text())
        whole["consolidated_metadata"]["metadata"][array] = changed
        (root / "zarr.json").write_text(json.dumps(whole))


def seal(root: Path) -> None:
    """Seal a changed cube anew, as its author would: nothing in it contradicts itself."""
    import hashlib

    folder = root / "status" / "manifest"
    if not folder.is_dir():
        return
    (path,) = folder.glob("cube-*.json")
    said = json.loads(path.read_text().partition("\n")[2])
    for file in said["texts"]:
        said["texts"][file] = (root / file).read_text(errors="surrogateescape")
    for file in said["digests"]:
        said["digests"][file] = hashlib.sha256((root / file).read_bytes()).hexdigest()
    text = json.dumps(said)
    path.write_text(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}")
