"""Shards that are encoded here are those of zarr: it reads them, and writes the same chunks itself."""

import numpy as np
import pytest
import zarr
from equisweep.engine.store.create import _codecs
from equisweep.engine.store.decode import Damaged, read_digest, read_part
from equisweep.engine.store.durable import write_file
from equisweep.engine.store.shard import Passing, encode, holds_all_chunks
from equisweep.engine.store.stored import stored_array
from equisweep.engine.tiles import chunk_shape
from zarr.codecs import BloscCodec, Crc32cCodec, ZstdCodec


def array_in(folder, shape, shard, dtype, fill, codecs=None, chunk=None):
    dtype = np.dtype(dtype)
    if chunk is None:
        chunk = chunk_shape(shard, ()) if len(shard) < 3 else tuple(max(n // 2, 1) for n in shard)
    return zarr.create_array(
        str(folder),
        shape=shape,
        shards=shard,
        chunks=chunk,
        dtype=dtype,
        fill_value=fill,
        compressors=_codecs(dtype) if codecs is None else codecs,
        config={"write_empty_chunks": True},
    )


def tiles(shape, shard):
    """Where each shard lies, cut at the array's edge."""
    counts = [-(-n // s) for n, s in zip(shape, shard, strict=True)]
    for key in np.ndindex(*counts):
        yield key, tuple(slice(k * s, min(k * s + s, n)) for k, s, n in zip(key, shard, shape, strict=True))


def write_all(array, root, values):
    form = stored_array(root).form
    for key, region in tiles(array.shape, form.shard):
        path = root.joinpath("c", *map(str, key))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, encode(form, values[region]))


SHAPES = [
    ((7,), (4,)),
    ((40, 30), (16, 30)),
    ((5, 6, 7), (2, 6, 4)),
    ((1500, 900), (600, 900)),
    ((3, 3), (4, 4)),
]
DTYPES = [("f8", np.nan), ("f4", np.nan), ("i2", -1), ("i1", -1), ("u1", 0)]


@pytest.mark.parametrize(("shape", "shard"), SHAPES)
@pytest.mark.parametrize(("dtype", "fill"), DTYPES)
def test_zarr_reads_what_is_encoded_here(tmp_path, shape, shard, dtype, fill):
    array = array_in(tmp_path / "a", shape, shard, dtype, fill)
    values = (np.random.default_rng(1).random(shape) * 100).astype(dtype)
    values.ravel()[0] = fill
    write_all(array, tmp_path / "a", values)
    np.testing.assert_array_equal(zarr.open_array(str(tmp_path / "a"), mode="r")[...], values)


@pytest.mark.parametrize(("shape", "shard"), SHAPES)
@pytest.mark.parametrize(("dtype", "fill"), DTYPES[:3])
def test_a_plain_chunk_is_the_file_that_zarr_writes(tmp_path, shape, shard, dtype, fill):
    """Where one chunk is all of a tile; read back here in parts, with the digest of what was written."""
    ours, theirs = (
        array_in(tmp_path / name, shape, None, dtype, fill, chunk=shard) for name in ("ours", "theirs")
    )
    values = (np.random.default_rng(6).random(shape) * 100).astype(dtype)
    theirs[...] = values
    write_all(ours, tmp_path / "ours", values)
    form = stored_array(tmp_path / "ours").form
    assert form.plain
    for key, region in tiles(shape, shard):
        name = "/".join(["c", *map(str, key)])
        path, inside = tmp_path / "ours" / name, [s.stop - s.start for s in region]
        assert path.read_bytes() == (tmp_path / "theirs" / name).read_bytes()
        part = [slice(0, max((s.stop - s.start) // 2, 1)) for s in region]
        np.testing.assert_array_equal(read_part(str(path), form, part)[0], values[region][tuple(part)])
        passing = Passing(form)
        assert b"".join(passing.through(encode(form, values[region]))) == path.read_bytes()
        assert read_digest(str(path), form) == (passing.length, passing.digest)
        assert holds_all_chunks(str(path), form, inside)


@pytest.mark.parametrize("size", [(40, 30), (400, 300)])
def test_no_damage_of_a_plain_chunk_is_read(tmp_path, size):
    """Whatever bit is turned and wherever it is cut, in one that is read at once and in a larger one."""
    array = array_in(tmp_path / "a", size, None, "f8", np.nan, chunk=size)
    values, form = np.random.default_rng(7).random(size), stored_array(tmp_path / "a").form
    write_all(array, tmp_path / "a", values)
    file = tmp_path / "a" / "c" / "0" / "0"
    raw, whole = file.read_bytes(), [slice(0, n) for n in size]
    chance = np.random.default_rng(8)
    turned = [bytearray(raw) for _ in range(40)]
    for k, one in enumerate(turned):
        one[[0, 4, 12, -1][k] if k < 4 else int(chance.integers(len(raw)))] ^= 1 << int(chance.integers(8))
    cuts = [raw[:n] for n in (0, 1, 4, 16, 20, 21, len(raw) // 2, len(raw) - 1)] + [raw + b"\0", raw * 2]
    for damaged in [*turned, *cuts]:
        file.write_bytes(damaged)
        with pytest.raises(Damaged):
            read_part(str(file), form, whole)
        with pytest.raises(Damaged):
            read_digest(str(file), form)
    assert not any(file.write_bytes(cut) and holds_all_chunks(str(file), form, size) for cut in cuts)


def chunks_of(file, array):
    """Each chunk's encoded bytes by its place in the shard, from the shard's index."""
    raw = file.read_bytes()
    counts = [s // c for s, c in zip(array.shards, array.chunks, strict=True)]
    size = 16 * int(np.prod(counts))
    index = np.frombuffer(raw[-size - 4 : -4], "<u8").reshape(*counts, 2)
    positions = {key: index[key] for key in np.ndindex(*counts)}
    return {key: None if n == 2**64 - 1 else raw[int(a) : int(a + n)] for key, (a, n) in positions.items()}


@pytest.mark.parametrize(("shape", "shard"), SHAPES)
def test_every_chunk_is_the_one_that_zarr_writes(tmp_path, shape, shard):
    values = np.random.default_rng(2).random(shape)
    ours = array_in(tmp_path / "ours", shape, shard, "f8", np.nan)
    theirs = array_in(tmp_path / "theirs", shape, shard, "f8", np.nan)
    write_all(ours, tmp_path / "ours", values)
    for key, region in tiles(shape, shard):
        theirs[region] = values[region]
        name = "/".join(["c", *map(str, key)])
        assert chunks_of(tmp_path / "ours" / name, ours) == chunks_of(tmp_path / "theirs" / name, theirs)


def test_what_is_not_side_by_side_in_memory_is_written_as_it_reads(tmp_path):
    array = array_in(tmp_path / "a", (12, 8), (12, 8), "f8", np.nan)
    values = np.random.default_rng(3).random((8, 24))[:, ::2].T
    write_all(array, tmp_path / "a", values)
    np.testing.assert_array_equal(zarr.open_array(str(tmp_path / "a"), mode="r")[...], values)


def test_a_flipped_bit_is_noticed(tmp_path):
    array = array_in(tmp_path / "a", (64, 64), (64, 64), "f8", np.nan)
    write_all(array, tmp_path / "a", np.random.default_rng(4).random((64, 64)))
    file = tmp_path / "a" / "c" / "0" / "0"
    raw = bytearray(file.read_bytes())
    for place in (100, len(raw) - 10):  # in a chunk, in the index
        damaged = bytearray(raw)
        damaged[place] ^= 1
        file.write_bytes(damaged)
        with pytest.raises((ValueError, RuntimeError)):
            zarr.open_array(str(tmp_path / "a"), mode="r")[...]


@pytest.mark.parametrize(
    "codecs",
    [[ZstdCodec(level=1), Crc32cCodec()], [BloscCodec(cname="lz4", typesize=8)], [Crc32cCodec()]],
)
@pytest.mark.parametrize("shard", [(8, 8), None])
def test_arrays_of_other_codecs_are_refused_by_name(tmp_path, codecs, shard):
    array_in(tmp_path / "a", (8, 8), shard, "f8", np.nan, codecs, chunk=(8, 8))
    with pytest.raises(ValueError, match="the array 'a' is stored in another way than a cube's arrays are"):
        stored_array(tmp_path / "a")


@pytest.mark.parametrize(
    ("cname", "shuffle"), [("zstd", "bitshuffle"), ("zlib", "noshuffle"), ("blosclz", "shuffle")]
)
def test_what_blosc_compressed_with_other_settings_is_read(tmp_path, cname, shuffle):
    """As another program leaves a cube that it stored again: each chunk says how it was compressed."""
    values = np.random.default_rng(5).random((40, 30)).round(1)
    blosc = BloscCodec(cname=cname, clevel=9, shuffle=shuffle, typesize=8)
    array_in(tmp_path / "a", (40, 30), (16, 30), "f8", np.nan, [blosc, Crc32cCodec()])[...] = values
    form = stored_array(tmp_path / "a").form
    for key, region in tiles((40, 30), (16, 30)):
        inside = [slice(0, one.stop - one.start) for one in region]
        numbers, missing = read_part(str(tmp_path.joinpath("a", "c", *map(str, key))), form, inside)
        assert missing is None
        np.testing.assert_array_equal(numbers, values[region])


def test_a_file_that_fails_half_way_leaves_nothing(tmp_path):
    def parts():
        yield b"half"
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        write_file(tmp_path / "0", parts())
    assert list(tmp_path.iterdir()) == []
