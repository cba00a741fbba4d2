"""What the system refuses to a process, whatever that asks: memory, threads, room on the disk."""

import errno

_NO_THREAD = "can't start new thread"
_NOT_MAPPED = "failed to map segment"  # what a linker says of a library that memory has no room for
_REFUSED = {
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.ENOMEM,
    errno.EAGAIN,
}


def shortage(error: BaseException) -> str:
    """What the system is out of, as an error says it; empty of any other error."""
    if isinstance(error, OSError) and error.errno in _REFUSED:
        return f"the system refuses: {error.strerror}"
    if isinstance(error, MemoryError) or (isinstance(error, ImportError) and _NOT_MAPPED in str(error)):
        return "there is not enough memory for this"
    if isinstance(error, RuntimeError) and str(error) == _NO_THREAD:
        return "the system refuses: no more threads may be started (ulimit -u), or memory has no room for one"
    return ""
