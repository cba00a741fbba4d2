"""The seal of a cube: what its metadata and coordinates are, so that any change of them shows.

It lies beside the records of the manifest and holds the text of every file of metadata, which is small, and
the digest of every file of a coordinate. A cube that grows has two seals for a moment, the old and the new
one, and each of its files is as one of them says.
"""

import errno
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Argument, Call, CubeError
from ..gate.documents import parse_json
from ..gate.files import CHUNK, SEAL, Unfit
from .manifest import FOLDER, first_line, manifest_files
from .metadata import columns_of
from .storage.files import objects_of, storage_of

_NAME = re.compile(r"cube-\d{8}\.json")
_FORMAT = 1


@dataclass(frozen=True)
class Seal:
    """What a cube is.

    Attributes
    ----------
    cube
        Digest of the sweep that the cube was created for, which records of its manifest name. It stays the
        same as the cube grows.
    texts
        Text of every file of metadata, by its path below the cube.
    digests
        SHA-256 of every file of a coordinate, by its path below the cube.
    path
        Where it lies.
    """

    cube: str
    texts: Mapping[str, str]
    digests: Mapping[str, str]
    path: Path = Path()

    def held(self, file: str) -> str | None:
        """SHA-256 of a file as the seal has it; None where the cube had no such file."""
        text = self.texts.get(file)
        return self.digests.get(file) if text is None else sha256(text.encode())


def sha256(raw: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(raw).hexdigest()


def seal_of(root: Path, cube: str = "") -> Seal:
    """The seal of the cube at `root` as it is now; `cube` as of a `Seal`, if it is known."""
    storage = storage_of(root)
    text = storage.read(root / "zarr.json").decode()
    document = parse_json(text)
    texts, digests = {"zarr.json": text}, {}
    sharded = parse_json(document["attributes"]["variables"]) + columns_of(document["attributes"])
    for name in sorted(storage.arrays(root)):
        texts[f"{name}/zarr.json"] = storage.read(root / name / "zarr.json").decode()
        if name not in sharded:
            chunks = (file for file in sorted(storage.files(root / name)) if Path(file).name != "zarr.json")
            digests |= {f"{name}/{file}": storage.digest(root / name / file, CHUNK) for file in chunks}
    return Seal(cube or cube_name(document["attributes"].get("identity", "")), texts, digests)


def cube_name(identity: str) -> str:
    """How a manifest names the cube of a sweep."""
    return sha256(identity.encode())


def cube_id(root: Path) -> str:
    """How the manifest of the cube at `root` names it: as its seal says, or by its sweep."""
    seals = seals_of(root)
    if seals:
        return seals[-1].cube
    document = parse_json(storage_of(root).read(root / "zarr.json"))
    return cube_name(document["attributes"].get("identity", ""))


def write_seal(root: Path, seal: Seal) -> None:
    """Add a seal, on the disk when this returns; those that are there stay."""
    storage = storage_of(root)
    storage.make_folder(root, FOLDER)
    names = _names(root)
    number = int(names[-1][5:13]) + 1 if names else 1
    path = root / FOLDER / f"cube-{number:08d}.json"
    bucket = objects_of(root)
    if bucket is None:
        storage.put(path, [seal_text(seal)], durable=True)
        storage.sync(root / FOLDER)
    elif not bucket.put_new(path, seal_text(seal)):
        raise CubeError(f"{root}: another run has just changed what the cube is; run the same sweep again")


def seal_text(seal: Seal) -> bytes:
    """What the file of a seal holds."""
    digests = dict(sorted(seal.digests.items()))  # in whatever order the cube came to have its files
    said = {"seal": _FORMAT, "cube": seal.cube, "texts": dict(seal.texts), "digests": digests}
    text = json.dumps(said, indent=1)
    return f"{sha256(text.encode())}\n{text}".encode()


def seals_of(root: Path) -> list[Seal]:
    """The seals of the cube at `root`, the oldest first, but for those that are no seal, or no longer one.

    CubeError where one cannot be read: who took it for lost would seal anew what nobody has looked at, and
    give a cube that has grown another name than its records have.
    """
    seals, damaged = _read_all(root)
    for path, error in damaged.items():
        if isinstance(error, OSError) and not isinstance(error, Unfit) and error.errno != errno.ELOOP:
            raise CubeError(
                f"{path}: cannot be read ({error.strerror}); if that stays so, ",
                Call("verify", root, Argument("repair", True)),
                " writes it anew",
            )
    return seals


def read_seals(root: Path) -> tuple[list[Seal], dict[Path, str]]:
    """The seals of the cube at `root`, the oldest first; and what is wrong with others, by path."""
    seals, damaged = _read_all(root)
    return seals, {
        path: f"cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)
        for path, error in damaged.items()
    }


def _read_all(root: Path) -> tuple[list[Seal], dict[Path, Exception]]:
    """The seals, and what reading others raised."""
    seals, damaged = [], {}
    for name in _names(root):
        path = root / FOLDER / name
        try:
            seals.append(_read(path))
        except FileNotFoundError:  # by a run that has just ended growing
            continue
        except (OSError, ValueError) as error:
            damaged[path] = error
    return seals, damaged


def _read(path: Path) -> Seal:
    """A seal. Raises OSError where it cannot be read, ValueError where it is none."""
    checksum, _, text = storage_of(path).read(path, SEAL, follow=False).partition(b"\n")
    if checksum.decode(errors="replace") != sha256(text):
        raise ValueError("is not what was written")
    try:
        return _seal(parse_json(text), path)
    except (ValueError, KeyError, TypeError):
        raise ValueError("is no seal") from None


def _seal(said: Any, path: Path) -> Seal:
    """The seal that a document holds. Raises ValueError, KeyError or TypeError where it holds none."""
    texts, digests = dict(said["texts"]), dict(said["digests"])
    for file, held in (*texts.items(), *digests.items()):
        if not isinstance(held, str) or file.startswith("/") or ".." in Path(file).parts:
            raise ValueError(f"{file}: is no file of a cube")
        held.encode()  # what has half a character is in no file
    if not isinstance(said["cube"], str):
        raise TypeError("cube")
    return Seal(said["cube"], texts, digests, path)


def broken(root: Path, seals: Sequence[Seal]) -> dict[Path, str]:
    """What is wrong with files of metadata and coordinates that no seal has as they are, by path."""
    wrong, storage = {}, storage_of(root)
    for file in dict.fromkeys(file for seal in seals for file in (*seal.texts, *seal.digests)):
        folder, _, rest = file.partition("/")
        what = f"the coordinate {folder} ({file})" if rest.startswith("c/") else f"its metadata ({file})"
        try:
            there = storage.digest(root / file, CHUNK)
        except (FileNotFoundError, NotADirectoryError):
            there = None
        except OSError as error:
            wrong[root / file] = f"{what} cannot be read ({error.strerror})"
            continue
        if there not in {seal.held(file) for seal in seals}:
            wrong[root / file] = f"{what} {'is missing' if there is None else 'is not what was written'}"
    return wrong


def restore(root: Path, seal: Seal, paths: Sequence[Path]) -> None:
    """Write these files of metadata as the seal has them."""
    storage = storage_of(root)
    for path in paths:
        if path.parent != root:
            storage.make_folder(root, path.parent.relative_to(root).as_posix())
        storage.put(path, [seal.texts[path.relative_to(root).as_posix()].encode()], durable=True)
        storage.sync(path.parent)


def restore_metadata(root: Path) -> list[Path]:
    """Write damaged files of metadata as their seal has them; returns their paths."""
    seals, _ = read_seals(root)
    wrong = [path for path in broken(root, seals) if path.name == "zarr.json"]
    if wrong:
        named = _cubes_of_records(root)
        own = [seal for seal in seals if not named or seal.cube in named]
        if not own:
            raise CubeError(
                f"{seals[0].path}: is the seal of another cube than the records of these tiles: metadata are "
                "not written anew from it; where its own are right, delete the seal and repair it again"
            )
        seals = own
        # Of two seals, of which one is of a cube that was to grow, the one that the cube's root is as.
        fitting = [seal for seal in seals if not broken(root, [seal]).keys() & {root / "zarr.json"}]
        restore(root, (fitting or seals)[0], wrong)
    return wrong


def _cubes_of_records(root: Path) -> set[str]:
    """The cubes that files of records in a manifest name."""
    lines = [text for text in map(first_line, manifest_files(root)) if text]
    return {str(said.get("cube")) for said in map(json.loads, lines) if isinstance(said, dict)}


def drop_older_seals(root: Path) -> None:
    """Keep only the latest seal once the cube is as that one says."""
    seals = seals_of(root)
    if len(seals) > 1 and not broken(root, seals[-1:]):
        for seal in seals[:-1]:
            seal.path.unlink(missing_ok=True)
        storage_of(root).sync(root / FOLDER)


def _names(root: Path) -> list[str]:
    try:
        return sorted(filter(_NAME.fullmatch, storage_of(root).names(root / FOLDER)))
    except (FileNotFoundError, NotADirectoryError):
        return []
