"""Keep compiled kernels between runs, in a folder only its user can read."""

import os
from contextlib import suppress
from pathlib import Path

import jax


def keep_compiled() -> None:
    """Let jax keep what it compiles under the user's cache folder; do nothing where that cannot be.

    A setting the user made himself (``JAX_COMPILATION_CACHE_DIR``) is left alone.
    """
    if jax.config.jax_compilation_cache_dir is not None:  # pyright: ignore[reportAttributeAccessIssue]
        return
    folder = _own_folder()
    if folder is not None:
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)


def kept_folder() -> Path | None:
    """Where machine code is kept between runs; None where jax keeps nothing here either."""
    chosen = jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue]
    folder = _own_folder() if chosen is not None else None
    return folder if folder is not None and str(folder) == chosen else None


def _own_folder() -> Path | None:
    """A folder that only its user can write and read: machine code of others is not to be trusted."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "equisweep" / "compiled"
    with suppress(OSError, RuntimeError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        result = folder.stat()
        if result.st_uid == os.getuid() and not result.st_mode & 0o077:
            return folder
    return None
