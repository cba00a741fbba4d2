"""The kinds of storage, and how each is reached: by what users have set for all programs, and nothing else.

A new kind is an entry in `SCHEMES`; obstore reaches it.
"""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ...errors import SweepError

# How long a request may take, and how long it is tried again [s]: what fails for longer stops a run, which
# goes on later where it stopped.
REQUEST, CONNECT, TRIES = 60.0, 10.0, 120.0
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
         "AWS_CONTAINER_CREDENTIALS_FULL_URI")  # fmt: skip
_NEEDED = "is in object storage, which needs obstore: pip install 'equisweep[cloud]'"


def bucket_at(scheme: str, bucket: str) -> Any:
    """The store of obstore that reaches a bucket. Raises SweepError where it is not installed, or not set."""
    url = f"{scheme}://{bucket}"
    try:
        from obstore import store
    except ImportError:
        raise SweepError(f"{url}: {_NEEDED}") from None
    of_this_kind = SCHEMES[scheme]
    if of_this_kind is None:
        return store.MemoryStore()
    from obstore.exceptions import BaseError

    client: Any = {"timeout": timedelta(seconds=REQUEST), "connect_timeout": timedelta(seconds=CONNECT)}
    options: Any = {
        "client_options": client,
        "retry_config": {"max_retries": 10, "retry_timeout": timedelta(seconds=TRIES)},
    }
    options |= of_this_kind(client)
    try:
        return store.from_url(url, **options)
    except (BaseError, ValueError) as error:
        raise SweepError(f"{url}: cannot be reached as it is set ({type(error).__name__})") from None


def _of_s3(client: Any) -> dict[str, Any]:
    """What S3 needs beside the variables AWS_..., which obstore reads itself."""
    endpoint = _endpoint()
    if endpoint.startswith("http://"):
        client["allow_http"] = True
    set_here: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
    if any(os.environ.get(key) for key in _KEYS) or os.environ.get("AWS_SKIP_SIGNATURE"):
        return set_here
    return set_here | _of_a_profile()


def _endpoint() -> str:
    """The address of a server that speaks like S3; empty where it is Amazon's."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""


def _of_a_profile() -> dict[str, Any]:
    """Credentials of a file such as ~/.aws/credentials, of single sign-on and of whatever boto3 knows."""
    try:
        from boto3 import Session
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError:
        return {}
    try:
        session = Session()
        if session.get_credentials() is None:
            return {}
        region = {"region": session.region_name} if session.region_name else {}
        return {"credential_provider": Boto3CredentialProvider(session), **region}
    except Exception as error:  # what is written in such files is its user's
        raise SweepError(f"s3: the profile of AWS cannot be used ({type(error).__name__})") from None


def _of_google(client: Any) -> dict[str, Any]:
    """What Google Cloud Storage needs beside the variables GOOGLE_..., which obstore reads itself.

    A server that stands for it is named by STORAGE_EMULATOR_HOST, as to Google's own libraries.
    """
    server = os.environ.get("STORAGE_EMULATOR_HOST", "").rstrip("/")
    if not server:
        return {}
    server = server if "://" in server else f"http://{server}"
    if server.startswith("http://"):
        client["allow_http"] = True
    key = dict.fromkeys(("client_email", "private_key", "private_key_id"), "")
    return {"service_account_key": json.dumps({**key, "gcs_base_url": server, "disable_oauth": True})}


def icechunk_storage(place: str) -> Any:
    """Where a repository of Icechunk lies: a folder, or a place in a bucket.

    Raises SweepError where Icechunk is not installed, or there is no such kind of storage.
    """
    try:
        import icechunk
    except ImportError:
        said = f"{place}: is a repository of Icechunk, which needs pip install 'equisweep[icechunk]'"
        raise SweepError(said) from None
    if "ICECHUNK_LOG" not in os.environ:
        icechunk.set_logs_filter("error")  # it warns on standard output
    scheme, _, rest = place.partition("://")
    if not rest:
        return icechunk.local_filesystem_storage(place)
    bucket, _, inside = rest.partition("/")
    if scheme == "s3":
        endpoint = _endpoint()
        return icechunk.s3_storage(
            bucket=bucket, prefix=inside, from_env=True, endpoint_url=endpoint or None,
            allow_http=endpoint.startswith("http://"), force_path_style=bool(endpoint),
            region=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
        )  # fmt: skip
    if scheme == "gs":
        return icechunk.gcs_storage(bucket=bucket, prefix=inside, from_env=True)
    if scheme == "az":
        account = os.environ.get("AZURE_STORAGE_ACCOUNT_NAME", "")
        return icechunk.azure_storage(account=account, container=bucket, prefix=inside, from_env=True)
    raise SweepError(f"{place}: a repository of Icechunk lies in a folder, or at s3://, gs:// or az://")


# How URLs begin, and what obstore is given beside what it reads itself; None: the memory of this process.
SCHEMES: dict[str, Callable[[dict[str, Any]], dict[str, Any]] | None] = {
    "s3": _of_s3,
    "gs": _of_google,
    "az": lambda _client: {},
    "memory": None,
}
