"""What is kept of compilations stays within its bound; what was used least recently goes first."""

import os

from equisweep.engine.kept import folder as kept_folder
from equisweep.engine.kept.folder import delete_least_used, kept_bytes


def kept(folder, name, size, used):
    path = folder / name
    path.write_bytes(b"x" * size)
    os.utime(path, (used, used))
    return path


def test_the_least_recently_used_go_first_until_the_rest_fits(tmp_path):
    files = [kept(tmp_path, f"file-{i}", 100, used) for i, used in enumerate([40, 10, 30, 20])]
    delete_least_used(tmp_path, 250)
    assert [file.exists() for file in files] == [True, False, True, False]
    assert kept_bytes(tmp_path) == 200


def test_what_fits_stays_and_a_missing_folder_is_no_error(tmp_path):
    file = kept(tmp_path, "file", 100, 10)
    delete_least_used(tmp_path, 100)
    assert file.exists()
    delete_least_used(tmp_path / "missing", 100)
    assert kept_bytes(tmp_path / "missing") == 0


def test_a_link_is_deleted_and_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.write_bytes(b"x" * 1000)
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    delete_least_used(folder, 0)
    assert outside.exists()
    assert not list(folder.iterdir())


def test_a_run_begins_by_deleting_what_is_too_much(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kept_folder, "MOST_BYTES", 150)
    monkeypatch.setattr(kept_folder.jax.config, "update", lambda *_: None)
    folder = tmp_path / "equisweep" / "compiled"
    folder.mkdir(parents=True, mode=0o700)
    old, new = kept(folder, "old", 100, 10), kept(folder, "new", 100, 20)
    monkeypatch.setattr(type(kept_folder.jax.config), "jax_compilation_cache_dir", None, raising=False)
    kept_folder.keep_compiled()
    assert (old.exists(), new.exists()) == (False, True)


def test_a_long_run_deletes_what_is_too_much_as_well(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_folder, "kept_folder", lambda: tmp_path)
    monkeypatch.setattr(kept_folder, "MOST_BYTES", 1000)
    monkeypatch.setattr(kept_folder, "_LOOK_AFTER", 500)
    for number in range(40):
        kept_folder.keep(f"entry-{number}", b"x" * 100)
        assert kept_bytes(tmp_path) <= 1000 + 500 + 32 * 5
    assert kept_folder.kept("entry-39") == b"x" * 100
