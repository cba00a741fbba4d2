"""URLs of places in object storage, as people state them."""

import re

from ...errors import SweepError
from ...gate.text import shown
from .schemes import SCHEMES

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_FORBIDDEN = re.compile(r"[?#%\\\x00-\x1f\x7f*]")
_BEGIN = [f"{scheme}://" for scheme in SCHEMES]
_FORMS = f"{_BEGIN[0]}bucket/cube.zarr, {'..., '.join(_BEGIN[1:-1])}... or {_BEGIN[-1]}..."


def url_of(stated: str) -> str:
    """The URL that is meant, without slashes to spare.

    Raises SweepError, in whose text no password and no signature is, for what is no place for a cube.
    """
    scheme, _, rest = stated.partition("://")
    if scheme not in SCHEMES:
        raise SweepError(f"{shown(scheme)}://: no such kind of storage; name a folder, or {_FORMS}")
    bucket, _, inside = rest.partition("/")
    if "@" in bucket or ":" in bucket:
        raise SweepError(
            f"{scheme}://...: holds a user, a password or a port; leave them out: credentials are taken from "
            "where all programs find them (docs/howto/object_storage.md), and so is the address of a server"
        )
    if "?" in rest or "#" in rest:
        raise SweepError(f"{scheme}://...: has a question mark or a # in it, and a place in storage has none")
    names = [name for name in inside.split("/") if name]
    if not _BUCKET.fullmatch(bucket) or any(name in (".", "..") or _FORBIDDEN.search(name) for name in names):
        raise SweepError(f"{shown(stated)} is no place in object storage; name one such as {_FORMS}")
    if not names:
        raise SweepError(
            f"{shown(stated)} is a whole bucket; name a place in it, such as {scheme}://{bucket}/cube.zarr"
        )
    return "/".join([f"{scheme}://{bucket}", *names])
