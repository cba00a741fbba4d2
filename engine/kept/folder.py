"""The folder in which machine code is kept between runs: of bounded size, and only its user can read it."""

import hashlib
import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

import jax

from .environment import variables_read

# Bytes that are kept; beyond them what was used least recently is compiled anew when it is wanted.
MOST_BYTES = 10**9

# After so many bytes kept by one process it is looked again how much there is.
_LOOK_AFTER = MOST_BYTES // 20
_new_bytes = [0]

# A file that is larger was not kept here.
_MOST_OF_ONE = 2**28
_DIGEST = hashlib.sha256().digest_size


def keep_compiled() -> None:
    """Let jax keep what it compiles under the user's cache folder; do nothing where that cannot be.

    What was kept beyond `MOST_BYTES` is deleted. A setting the user made himself
    (``JAX_COMPILATION_CACHE_DIR``) is left alone.
    """
    variables_read()
    if jax.config.jax_compilation_cache_dir is not None:  # pyright: ignore[reportAttributeAccessIssue]
        return
    folder = _own_folder()
    if folder is not None:
        delete_least_used(folder, MOST_BYTES)
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)


def kept_folder() -> Path | None:
    """Where machine code is kept between runs; None where jax keeps nothing here either."""
    chosen = jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue]
    wanted = jax.config.jax_enable_compilation_cache  # pyright: ignore[reportAttributeAccessIssue]
    folder = _own_folder() if wanted and chosen is not None else None
    return folder if folder is not None and str(folder) == chosen else None


def kept(name: str) -> bytes | None:
    """What was kept under a name, whole: half of it, linked, would end the process. None if nothing was.

    Nor if it is no file of this user's own, or not what was kept under this very name.
    """
    folder = kept_folder()
    if folder is None:
        return None
    try:
        result = _read_own(folder / name)
    except OSError:
        return None
    digest, code = result[:_DIGEST], result[_DIGEST:]
    return code if _digest_of(name, code) == digest else None


def _read_own(path: Path) -> bytes:
    """The bytes of a file; OSError where it is a link, no file, another user's, or too large to be kept."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid() or status.st_size > _MOST_OF_ONE:
            raise OSError(f"{path} was not kept")
        with suppress(OSError):
            os.utime(descriptor)  # used now: what was not for longest is deleted first
        return file.read(_MOST_OF_ONE)


def _digest_of(name: str, code: bytes) -> bytes:
    """Digest of what is kept and of its name: a file that was renamed is not what its name says."""
    return hashlib.sha256(name.encode() + b"\0" + code).digest()


def keep(name: str, code: bytes) -> None:
    """Keep what a compiler made, its digest before it; nothing happens where nothing is kept.

    Written beside the name, then renamed: others never read half a file.
    """
    folder = kept_folder()
    if folder is None or len(code) > _MOST_OF_ONE - _DIGEST:
        return
    part = folder / f"{name}.{os.getpid()}-{threading.get_ident()}"
    try:
        part.write_bytes(_digest_of(name, code) + code)
        part.replace(folder / name)
    except OSError:
        with suppress(OSError):  # a disk that is read only refuses this, too
            part.unlink()
        return
    _new_bytes[0] += len(code)
    if _new_bytes[0] >= _LOOK_AFTER:  # a process that runs for days keeps a function for each of its sweeps
        _new_bytes[0] = 0
        delete_least_used(folder, MOST_BYTES)


def kept_bytes(folder: Path) -> int:
    """Size of all that is kept in a folder."""
    return sum(size for _, size, _ in _files(folder))


def delete_least_used(folder: Path, most_bytes: int) -> None:
    """Delete files until at most `most_bytes` are left, those first that were used least recently.

    A file that somebody else deletes meanwhile, or that cannot be deleted, is passed over.
    """
    files = sorted(_files(folder))
    size = sum(size for _, size, _ in files)
    for _, bytes_, path in files:
        if size <= most_bytes:
            return
        with suppress(OSError):
            Path(path).unlink()
            size -= bytes_


def _files(folder: Path) -> list[tuple[float, int, str]]:
    """When it was last used, size and path of each file in a folder."""
    result = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                result.append((max(status.st_atime, status.st_mtime), status.st_size, entry.path))
    return result


def _own_folder() -> Path | None:
    """A folder that only its user can write and read: machine code of others is not to be trusted."""
    with suppress(OSError, RuntimeError):  # a user without a name and HOME has no home
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(base) / "equisweep" / "compiled"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        result = folder.stat()
        if result.st_uid == os.getuid() and not result.st_mode & 0o077:
            return folder
    return None
