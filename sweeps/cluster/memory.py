"""Memory that a worker frees and soon wants again: it is kept as long as the worker computes.

Dask starts its workers with MALLOC_TRIM_THRESHOLD_ at 64 kB, so that what they free goes back to the system
at once. Each tile then meets its arrays as new pages: orbits took twice the processor time.
"""

import ctypes
import os
from contextlib import suppress

_NAME = "MALLOC_TRIM_THRESHOLD_"
# Of glibc's malloc.h. Their values are those that glibc comes to by itself where nobody sets any.
_TRIM, _MMAP = -1, -3
_KEPT, _LARGE = 2**26, 2**25
_MMAP_AT_FIRST = 2**17


def keep_freed(kept: bool) -> None:
    """Keep what is freed, as a process that nobody told otherwise does; or as Dask has told this one."""
    try:
        stated = int(os.environ[_NAME])
        mallopt = ctypes.CDLL(None).mallopt
    except (KeyError, ValueError, OSError, AttributeError):  # nobody stated it, or this is not glibc
        return
    mallopt(_TRIM, _KEPT if kept else min(stated, 2**31 - 1))
    mallopt(_MMAP, _LARGE if kept else _MMAP_AT_FIRST)
    if not kept:
        with suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
