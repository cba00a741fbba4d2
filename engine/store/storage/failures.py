"""What object storage refuses, as the OSError that a disk would raise.

The messages of what speaks to it name addresses with signatures in them, and more: none of their text is
passed on, but for what is looked for here.
"""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import CubeError

_STATUS = re.compile(r"status code: (\d{3})\b|status: (\d{3})\b")
_CODE = re.compile(r"<Code>([A-Za-z]{1,40})</Code>")
_NO_BUCKETS = "NoSuchBucket", "ContainerNotFound"  # of S3 and Google, and of Azure
_NO_BUCKET = "there is no such bucket; create it first"
_HINTS = (
    ("operation timed out", "no answer in time"),
    ("kind: Timeout", "no answer in time"),
    ("TimedOut", "no answer in time"),
    ("ConnectionRefused", "nothing answers at its address"),
    ("dns error", "its address is not known"),
    ("kind: Connect", "no connection"),
    ("connection closed", "the connection was cut"),
    ("IncompleteMessage", "the connection was cut"),
    ("ConnectionReset", "the connection was cut"),
    ("kind: Interrupted", "the connection was cut"),
    ("NotPartial", "it gave more than was asked for"),
)


class StorageError(OSError):
    """Object storage refuses, or does not answer; ``strerror`` says why, and what is stored may be sound.

    Its `errno` is one of those of which `says_nothing_of_the_file` holds: who repairs deletes nothing then.
    """


class AlreadyThere(FileExistsError):
    """An object was to be new, and is there."""


class Changed(FileNotFoundError):
    """The object that was read is there no more: another one is."""


class Overtaken(CubeError):
    """Somebody else has changed what a cube is before this process could commit to it."""


@contextmanager
def as_of_a_disk(url: str) -> Iterator[None]:
    """Turn what a storage raises into an OSError about `url` that tells no secret."""
    from obstore import exceptions

    try:
        yield
    except FileNotFoundError as error:
        if any(code in str(error) for code in _NO_BUCKETS):
            raise StorageError(errno.EAGAIN, _NO_BUCKET, url) from None
        raise FileNotFoundError(errno.ENOENT, "No such object", url) from None
    except exceptions.AlreadyExistsError:
        raise AlreadyThere(errno.EEXIST, "is there already", url) from None
    except exceptions.PreconditionError:
        raise Changed(errno.ESTALE, "is another one by now", url) from None
    except exceptions.NotSupportedError:
        raise StorageError(errno.ENOTSUP, "the storage cannot do this", url) from None
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
        raise StorageError(
            errno.EACCES,
            f"the storage refuses access ({_reason(error)}); see that its credentials are set",
            url,
        ) from None
    except exceptions.BaseError as error:
        reason = _reason(error)
        said = (
            _NO_BUCKET
            if any(code in reason for code in _NO_BUCKETS)
            else f"the storage did not do it: {reason}"
        )
        raise StorageError(errno.EAGAIN, said, url) from None


@contextmanager
def as_of_icechunk(place: str) -> Iterator[None]:
    """Turn what Icechunk raises into an OSError about `place` that tells no secret."""
    from icechunk import IcechunkError

    try:
        yield
    except IcechunkError as error:
        raise StorageError(errno.EAGAIN, f"Icechunk did not do it: {_reason(error)}", place) from None


def _reason(error: Exception) -> str:
    """Why, in words that are known to hold no secret."""
    text = str(error)
    status, code = _STATUS.search(text), _CODE.search(text)
    if status:
        number = status.group(1) or status.group(2)
        return f"{number} {code.group(1)}" if code else f"answer {number}"
    return next((words for hint, words in _HINTS if hint in text), type(error).__name__)
