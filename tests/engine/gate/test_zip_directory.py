"""Zip files from outside: what of them is read, and what is refused before a byte of it is."""

import io
import os
import struct
import zipfile
from contextlib import contextmanager

import pytest
from equisweep.engine.gate.zip_directory import NoDirectory, data_of, directory

FILES = {"a/zarr.json": b"{}", "a/c/0": b"x" * 300, "ü": b"", "b": bytes(range(256))}


def made(files=FILES, **changes):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = changes.get("method", zipfile.ZIP_STORED)
            archive.writestr(info, data)
        archive.comment = changes.get("comment", b"")
    return bytearray(raw.getvalue())


@contextmanager
def opened(path, raw):
    path.write_bytes(raw)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read(path, raw):
    with opened(path, raw) as descriptor:
        entries = directory(descriptor)
        return {
            name: os.pread(descriptor, entry.size, data_of(descriptor, name, entry))
            for name, entry in entries.items()
        }


def test_files_are_read_where_they_lie(tmp_path, monkeypatch):
    assert read(tmp_path / "a.zip", made()) == FILES
    assert read(tmp_path / "a.zip", made({"folder/": b"", **FILES}, comment=b"PK of a comment")) == FILES
    assert read(tmp_path / "a.zip", made({})) == {}
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 200)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    assert b"PK\6\6" in made()  # in the form for more files, and larger ones, than the old one can say
    assert read(tmp_path / "a.zip", made()) == FILES


def entry_at(raw, number=0):
    """Where the number-th file stands in the directory."""
    at = -1
    for _ in range(number + 1):
        at = raw.index(b"PK\1\2", at + 1)
    return at


def changed(offset, form, value, number=0):
    raw = made()
    struct.pack_into(form, raw, entry_at(raw, number) + offset, value)
    return raw


def ending(offset, form, value):
    raw = made()
    struct.pack_into(form, raw, raw.rindex(b"PK\5\6") + offset, value)
    return raw


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "is no zip file"),
        (b"PK\5\6", "is no zip file"),
        (b"no zip" * 50, "is no zip file"),
        (made()[:-40], "is no zip file"),
        (made()[30:], "lies outside it|not where|damaged"),
        (made(method=zipfile.ZIP_DEFLATED), "compressed or encrypted"),
        (changed(8, "<H", 1), "compressed or encrypted"),
        (changed(20, "<L", 1), "compressed or encrypted"),
        (made({"../evil": b""}), "lie outside"),
        (made({"/etc/evil": b""}), "lie outside"),
        (made({"a\\..\\b": b""}), "lie outside"),
        (changed(42, "<L", 0, number=1), "overlap"),  # two names for the same bytes
        (changed(24, "<L", 2**31, number=0), "compressed or encrypted"),
        (changed(24, "<L", 2**32 - 1), "is damaged"),  # more than 32 bits hold, which nothing says
        (changed(0, "<L", 0), "is damaged"),
        (ending(8, "<H", 3), "one of several parts"),
        (ending(12, "<L", 2**31), "lies outside it"),
        (ending(16, "<L", 2**31), "lies outside it"),
        (ending(4, "<H", 1), "one of several parts"),
        (ending(10, "<H", 65535), "is damaged|no zip file"),
    ],
)  # fmt: skip
def test_what_is_no_plain_zip_file_is_refused(tmp_path, raw, reason):
    with pytest.raises(NoDirectory, match=reason):
        read(tmp_path / "a.zip", raw)


def test_a_file_of_two_contents_is_refused(tmp_path):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("a", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", b"two")
    with pytest.raises(NoDirectory, match="two files"):
        read(tmp_path / "a.zip", raw.getvalue())
    raw = made()
    at = raw.index(b"a/c/0")  # the name in its own header
    raw[at : at + 5] = b"a/c/1"
    with pytest.raises(NoDirectory, match="not what"):
        read(tmp_path / "a.zip", raw)


def test_a_directory_that_promises_much_is_given_no_memory(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(ending(12, "<L", 2**31 - 1))
    raw = bytearray(path.read_bytes()[-22:])
    struct.pack_into("<L", raw, 16, 0)
    with path.open("r+b") as file:  # a file of 2 GB that takes no room on the disk
        file.truncate(2**31)
        file.seek(0, 2)
        file.write(raw)
    with path.open("rb") as file, pytest.raises(NoDirectory, match="too large"):
        directory(file.fileno())
