"""The bucket, the repository or the packed cube in which a URL lies."""

from functools import cache

from ..iced.at import SCHEME as ICECHUNK
from ..iced.at import iced_at
from .objects import Objects
from .schemes import bucket_at
from .zipped import ZIP, zip_at


def objects_at(url: str) -> Objects:
    """Raises SweepError where a bucket cannot be reached as it is set, CubeError where a zip file is none."""
    scheme, _, rest = url.partition("://")
    if scheme.startswith(ICECHUNK):
        return iced_at(url)
    return zip_at(url) if scheme == ZIP else _bucket(scheme, rest.partition("/")[0])


@cache
def _bucket(scheme: str, bucket: str) -> Objects:
    return Objects(f"{scheme}://{bucket}/", bucket_at(scheme, bucket))
