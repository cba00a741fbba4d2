"""What cubes in object storage rest on holds of the server that `make test-cluster` tries them on."""

import obstore
import pytest
from cluster.s3_server import make_bucket, s3_server
from obstore.exceptions import AlreadyExistsError, PreconditionError
from obstore.store import S3Store


def test_the_server_puts_conditionally_and_lists_at_once():
    with s3_server() as address:
        make_bucket(address, "bucket")
        store = S3Store(
            "bucket",
            endpoint=address,
            region="us-east-1",
            access_key_id="key",
            secret_access_key="secret",
            client_options={"allow_http": True},
        )
        first = obstore.put(store, "a", b"first", mode="create")
        with pytest.raises(AlreadyExistsError):
            obstore.put(store, "a", b"second", mode="create")
        mode = {"e_tag": first["e_tag"]}
        obstore.put(store, "a", b"third", mode=mode)
        with pytest.raises(PreconditionError):
            obstore.put(store, "a", b"fourth", mode=mode)
        assert bytes(obstore.get(store, "a").bytes()) == b"third"
        assert [one["path"] for part in obstore.list(store) for one in part] == ["a"]
