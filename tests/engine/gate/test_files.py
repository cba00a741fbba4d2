"""Only regular files of a bounded size are read; nothing waits for a writer that never comes."""

import os
import socket
from hashlib import sha256

import pytest
from equisweep.engine.gate.files import Unfit, digest_of, open_regular, read_regular, read_text


def a_pipe(path):
    os.mkfifo(path)


def a_folder(path):
    path.mkdir()


def a_socket(path):
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(path))


def a_device(path):
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [a_pipe, a_folder, a_socket, a_device])
@pytest.mark.parametrize("read", [open_regular, read_regular, read_text, digest_of])
def test_what_is_no_regular_file_is_refused_at_once(make, read, tmp_path):
    make(tmp_path / "file")
    with pytest.raises(Unfit, match=make.__name__[2:]):
        read(tmp_path / "file")


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_what_no_file_can_be_called_is_refused(name, tmp_path):
    with pytest.raises(Unfit, match="no file can have this name"):
        read_regular(tmp_path / name)


@pytest.mark.parametrize("read", [read_regular, read_text, digest_of])
def test_a_file_that_is_too_large_is_refused_before_it_is_read(read, tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(Unfit, match="has 1,000,000 MB; at most"):
        read(path)
    assert read_regular(path, most=5, start=10**11, stop=10**11 + 5) == bytes(5)


def test_a_part_is_read_from_either_end(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert read_regular(path, start=2, stop=5) == b"234"
    assert read_regular(path, start=-3) == b"789"
    assert read_regular(path, start=-30) == b"0123456789"
    assert read_regular(path, start=8, stop=30) == b"89"
    assert read_regular(path, start=20) == b""


def test_digests_and_lines(tmp_path):
    raw = os.urandom(3_000_000)
    (tmp_path / "data").write_bytes(raw)
    assert digest_of(tmp_path / "data") == sha256(raw).hexdigest()
    (tmp_path / "text").write_bytes("\ufeffä\r\nb\rc\n".encode())
    assert read_text(tmp_path / "text", encoding="utf-8-sig") == "ä\nb\nc\n"
