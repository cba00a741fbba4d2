"""Cubes in repositories of Icechunk, by their URLs.

`icechunk:///folder/repo.icechunk` is the branch `main` of one in a folder, `icechunk+s3://bucket/repo.icechunk@trial`
the branch, the tag or the snapshot `trial` of one in a bucket.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import SweepError

if TYPE_CHECKING:
    from .cube import Iced

SCHEME, SUFFIX = "icechunk", ".icechunk"
_MAIN = "main"


def is_iced(path: object) -> bool:
    """Whether a path, or the text of one, lies in a repository."""
    return str(path).startswith((f"{SCHEME}://", f"{SCHEME}+"))


def is_iced_in_a_folder(path: object) -> bool:
    """Whether it lies in a repository in a folder, to which commits of several hosts get lost."""
    return str(path).startswith(f"{SCHEME}://")


def iced_url(stated: str) -> str:
    """The URL of what is stated as an absolute path or as a place in a bucket."""
    return f"{SCHEME}+{stated}" if "://" in stated else f"{SCHEME}://{stated}"


def names_a_repository(stated: str) -> bool:
    """Whether this is how a repository is stated: by its ending, perhaps with a version behind it."""
    return _without_version(stated.rpartition("/")[2])[0].lower().endswith(SUFFIX)


def iced_at(url: str) -> "Iced":
    """The version of a repository in which a URL lies."""
    begin, _, rest = url.partition("://")
    names = rest.split("/")
    for number, name in enumerate(names):
        if _without_version(name)[0].lower().endswith(SUFFIX):
            return _opened(f"{begin}://{'/'.join(names[: number + 1])}")
    raise SweepError(f"{url}: names no repository of Icechunk, which ends in {SUFFIX}")


def asked_anew(root: Path) -> Path:
    """The same place of a cube, of which that is read which has been committed by now."""
    if is_iced(root):
        iced_at(str(root)).repository.again()
    return root


def begin_branch(root: Path) -> None:
    """From now on a branch that is not there may begin at this place: this process writes to it."""
    if is_iced(root):
        iced_at(str(root)).repository.begins = True


@contextmanager
def branch_begins(root: Path) -> Iterator[None]:
    """A branch that is not there may begin at this place meanwhile, and is not there again if it did not."""
    begin_branch(root)
    try:
        yield
    finally:
        if is_iced(root):
            iced_at(str(root)).repository.begin_no_more()


def commit_every(root: Path, tiles: int | None) -> None:
    """Commit to a repository after so many tiles each; only at the end of a run if None.

    Raises SweepError for a cube elsewhere, and for no number of tiles.
    """
    if not is_iced(root):
        raise SweepError(f"{root}: is no repository of Icechunk ({SUFFIX}): there is nothing to commit")
    if tiles is not None and tiles < 1:
        raise SweepError(f"commit_every: {tiles} is no number of tiles")
    iced_at(str(root)).commit_every = tiles


@cache
def _opened(base: str) -> "Iced":
    from .cube import Iced
    from .repository import Repository

    place, version = _without_version(base.removeprefix(f"{SCHEME}+"))
    return Iced(f"{base}/", Repository(place.removeprefix(f"{SCHEME}://"), version or _MAIN))


def _without_version(text: str) -> tuple[str, str]:
    """What is stated before the version of a repository, and the version; all of it, and "", without one."""
    folder, slash, name = text.rpartition("/")
    end = name.lower().find(f"{SUFFIX}@")
    if end < 0:
        return text, ""
    end += len(SUFFIX)
    return f"{folder}{slash}{name[:end]}", name[end + 1 :]


def repository_at(root: Path) -> "Iced":
    """The version of a repository in which a path lies. SweepError for a path elsewhere."""
    if not is_iced(root):
        raise SweepError(f"{root}: is no repository of Icechunk ({SUFFIX}), and has no history")
    return iced_at(str(root))
