"""Whole numbers of a kernel as a cube holds them: none is wrapped, what does not fit is said to."""

import json

import numpy as np
import pytest
import zarr
from equisweep.engine import CubeError
from equisweep.sweeps import SweepError, open_cube
from equisweep.sweeps.run import run
from equisweep.sweeps.spec.sweep import Sweep
from helpers.old_cubes import made_old
from helpers.products import some

MODEL = """
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

@model(
    title="counts",
    parameters=[Parameter("x", "x", "1", 1.0, Domain(), "what is counted"),
                Parameter("bad", "b", "1", 0.0, Domain(), "1: NaN, 2: infinite, 3: class 300, 4: class 7")],
    outputs=[Output("many", "M", "1", "a count", kind="count"),
             Output("whole", "W", "1", "the same count as an integer", kind="count"),
             Output("perhaps", "P", "1", "a count that may be none", kind="count", may_be_nan=True),
             Output("side", "S", "1", "a class", kind="class", classes={"low": 0, "high": 1})],
)
def counts(p):
    bad = p["bad"]
    many = jnp.where(bad == 1, jnp.nan, jnp.where(bad == 2, jnp.inf, p["x"]))
    return {"many": many, "whole": p["x"].astype(jnp.int64),
            "perhaps": jnp.where(p["x"] < 0, jnp.nan, p["x"]),
            "side": jnp.where(bad == 3, 300, jnp.where(bad == 4, 7, (p["x"] > 5).astype(int)))}
"""
VALUES = [
    -40000.0,
    -1.0,
    0.0,
    127.0,
    128.0,
    32767.0,
    32768.0,
    40000.0,
    65536.0,
    2.0**31,
    2.0**32 + 1,
    2.0**53,
]


def sweep(folder, axes, **more):
    (folder / "counts.py").write_text(MODEL)
    table = {"model": "counts.py:counts", "axes": axes} | more
    return Sweep.from_table(table, folder=folder)


@pytest.mark.parametrize("native", some([True, False], {False}))
def test_counts_are_stored_as_they_are_and_what_is_none_is_said(tmp_path, monkeypatch, native):
    if not native:
        monkeypatch.setattr("equisweep.engine.grid.function._reason_for_xla", lambda *_a, **_k: "asked for")
    run(sweep(tmp_path, {"x": VALUES, "bad": [0.0, 1.0, 2.0, 3.0, 4.0]}), tmp_path / "c.zarr", progress=False)
    cube = open_cube(tmp_path / "c.zarr").load()
    assert cube["many"].dtype == cube["whole"].dtype == np.int64
    for bad in (0.0, 3.0):
        assert cube["many"].sel(bad=bad).values.tolist() == [int(x) for x in VALUES]
    assert (cube["many"].sel(bad=[1.0, 2.0]) == -1).all()
    assert (cube["whole"].sel(bad=0.0) == np.array(VALUES)).all()
    assert cube["perhaps"].sel(bad=0.0).values.tolist() == [int(x) if x >= 0 else -1 for x in VALUES]
    assert (cube["side"].sel(bad=[3.0, 4.0]) == -1).all()  # 7 is no class of the model
    assert cube["side"].sel(bad=0.0).values.tolist() == [int(x > 5) for x in VALUES]
    assert (cube["status"].sel(bad=0.0) == 1).all()
    assert (cube["status"].sel(bad=[1.0, 2.0, 3.0, 4.0]) == 8).all()


def test_a_count_beyond_all_integers_is_not_finite(tmp_path):
    run(sweep(tmp_path, {"x": [2.0**62, 2.0**63, -(2.0**63), 1e300]}, outputs=["many"]), tmp_path / "c.zarr",
        progress=False)  # fmt: skip
    cube = open_cube(tmp_path / "c.zarr").load()
    assert cube["many"].values.tolist() == [2**62, -1, -(2**63), -1]
    assert cube["status"].values.tolist() == [1, 8, 1, 8]


def older(root, dtype="int16"):
    """Make of a cube of one tile one that holds its count in a narrower type, with nothing computed."""
    group = zarr.open_group(str(root), mode="r+")
    before = group["many"]
    attributes, names = dict(before.attrs), before.metadata.dimension_names
    shape, shards, chunks = before.shape, before.shards, before.chunks
    del group["many"]
    group.create_array("many", shape=shape, shards=shards, chunks=chunks, dtype=dtype, fill_value=-1,
                       compressors=before.compressors,
                       dimension_names=names, attributes=attributes)  # fmt: skip
    (root / "status" / "c" / "0").unlink()
    made_old(root)
    path = root / "zarr.json"
    document = json.loads(path.read_text())
    document["consolidated_metadata"]["metadata"]["many"] = json.loads((root / "many/zarr.json").read_text())
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("values", [[1.0, 30000.0], [1.0, 40000.0], [-40000.0, 3.0]])
def test_an_older_cube_with_narrower_counts_is_resumed_or_refuses_what_does_not_fit(tmp_path, values):
    stated, root = sweep(tmp_path, {"x": values}, outputs=["many"]), tmp_path / "c.zarr"
    run(stated, root, progress=False)
    older(root)
    if max(map(abs, values)) < 2**15:
        run(stated, root, progress=False)
        cube = open_cube(root).load()
        assert cube["many"].dtype == np.int16
        assert cube["many"].values.tolist() == values
    else:
        with pytest.raises(CubeError, match=r"many: -?40,000 does not fit int16.*overwrite"):
            run(stated, root, progress=False)
        assert (open_cube(root)["status"] == 0).all()


def test_a_class_that_no_byte_holds_is_refused_before_anything_is_computed(tmp_path):
    stated = sweep(tmp_path, {"x": [1.0]})
    (tmp_path / "counts.py").write_text(MODEL.replace('"high": 1', '"high": 300'))
    with pytest.raises(
        SweepError, match=r"output 'side': class 'high' is 300; give a whole number from -128"
    ):
        run(stated, tmp_path / "c.zarr", progress=False)


NARROW = """
import jax
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

SIZES = ("int8", "uint8", "int16", "uint16", "int32")
LOOPS = ("fori", "scanned", "branch", "sorted", "scattered", "collatz")
MORE = ("pairs", "sum", "chosen", "clipped", "looked_up", "of_nan", "hash")

@model(
    title="narrow counts",
    parameters=[Parameter("x", "x", "1", 1.0, Domain(), "what is counted")],
    outputs=[Output(name, "M", "1", "a count", kind="count") for name in (*SIZES, *MORE, *LOOPS)]
    + [Output("side", "S", "1", "a class", kind="class", classes={"low": 0, "high": 1})],
)
def narrow(p):
    whole = {name: jnp.floor(0.4 * p["x"]).astype(name) for name in SIZES}
    n, small = whole["int32"], whole["int8"]
    masks = (jnp.arange(300) < p["x"]).astype(jnp.int8)
    return {
        **whole,
        "pairs": n * (n - 1) // 2,
        "sum": jnp.sum(masks, dtype=jnp.int8),
        "chosen": jax.jit(lambda a: jnp.where(a > 100, 2 * a, jnp.int8(-3)))(small),
        "clipped": jnp.clip(small, 0, 50),
        "looked_up": jnp.arange(10, 20, dtype=jnp.int8)[jnp.clip(small, 0, 9)],
        "of_nan": jnp.sqrt(1e6 - p["x"]).astype(int),
        "hash": (p["x"].astype(jnp.uint32) * jnp.uint32(2654435761)) >> 28,
        "fori": jax.lax.fori_loop(0, 300, lambda i, total: total + masks[i], jnp.int8(0)),
        "scanned": jax.lax.scan(lambda total, mask: (total + mask, 2 * total), jnp.int8(0), masks)[1][-1],
        "branch": jax.lax.cond(small > 100, lambda n: 2 * n, lambda n: -n, small),
        "sorted": jnp.argsort(jnp.stack([whole["int16"], jnp.int16(7)]))[1],
        "scattered": jnp.zeros(2, jnp.int8).at[(masks > 0).astype(int)].add(1)[1],
        # Goes up to three billions, and never ends in 32 bits.
        "collatz": jax.lax.while_loop(
            lambda c: c[0] != 1,
            lambda c: (jnp.where(c[0] % 2 == 0, c[0] // 2, 3 * c[0] + 1), c[1] + jnp.int8(1)),
            (jnp.where(p["x"] > 5e5, jnp.int32(837799), jnp.int32(27)), jnp.int8(0)))[1],
        "side": jnp.where(p["x"] > 1e5, 300, 1).astype(jnp.int8),
    }
"""


@pytest.mark.filterwarnings("ignore:.*meet numbers written in the model")
@pytest.mark.parametrize("native", some([True, False], {True}))
def test_what_a_model_counts_in_narrow_integers_is_neither_cut_off_nor_wrapped(tmp_path, monkeypatch, native):
    if not native:
        monkeypatch.setattr("equisweep.engine.grid.function._reason_for_xla", lambda *_a, **_k: "asked for")
    (tmp_path / "narrow.py").write_text(NARROW)
    x = np.array([10.0, 1e3, 1e5, 1e6, 1e10, 1e30])
    run(
        Sweep.from_table({"model": "narrow.py:narrow", "axes": {"x": x.tolist()}}, folder=tmp_path),
        tmp_path / "n.zarr", progress=False,
    )  # fmt: skip
    cube = open_cube(tmp_path / "n.zarr").load()
    m = [int(0.4 * value) for value in x[:5]]
    for name in ("int8", "uint8", "int16", "uint16", "int32"):
        assert cube[name].values.tolist() == [*m, -1]
    assert cube["pairs"].values.tolist()[:4] == [n * (n - 1) // 2 for n in m[:4]]
    assert cube["sum"].values.tolist() == [10, 300, 300, 300, 300, 300]
    assert cube["chosen"].values.tolist()[:5] == [2 * n if n > 100 else -3 for n in m]
    assert cube["fori"].values.tolist() == cube["scattered"].values.tolist() == cube["sum"].values.tolist()
    assert cube["scanned"].values.tolist() == [20, 598, 598, 598, 598, 598]
    assert cube["branch"].values.tolist()[:5] == [2 * n if n > 100 else -n for n in m]
    assert cube["sorted"].values.tolist()[:5] == [int(n > 7) ^ 1 for n in m]
    assert cube["collatz"].values.tolist() == [111, 111, 111, 524, 524, 524]
    assert cube["clipped"].values.tolist() == [4, 50, 50, 50, 50, 50]
    assert cube["looked_up"].values.tolist() == [14, 19, 19, 19, 19, 19]
    assert cube["of_nan"].values.tolist() == [int((1e6 - v) ** 0.5) for v in x[:4]] + [-1, -1]
    assert cube["hash"].values.tolist()[:4] == [int(v) * 2654435761 % 2**32 >> 28 for v in x[:4]]
    assert cube["side"].values.tolist() == [1, 1, 1, -1, -1, -1]
    assert cube["status"].values.tolist() == [1, 1, 1, 8, 8, 8]
