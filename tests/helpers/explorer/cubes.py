"""Cubes in memory that pages are opened on: of every kind of variable, and a hostile one."""

import numpy as np
import xarray as xr
from equisweep.sweeps import Sweep

from ..pictures import not_run
from ..project import ROOT

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=2</script>\'"`${1}$$x$$</script>'


HAWKS_FILE = f"{ROOT}/examples/hawk_dove.py"


def varied_cube(shift: float = 0.0) -> xr.Dataset:
    """2 x 3 x 21 x 17 points: names, integers, an even axis and a log one; failures, and tiles not there."""
    a, b = np.linspace(0.1, 0.9, 21), np.geomspace(1e-2, 1, 17)
    who, n = np.arange(2)[:, None, None, None], np.array([3, 4, 5])[None, :, None, None]
    loss = (1 + who) * n * a[:, None] + 10 * b + shift
    kind = ((a[:, None] > b) + (a[:, None] > 0.5) * 1 + 0 * n * (1 + who)).astype(np.int8)
    status = np.ones(loss.shape, np.uint8)
    status[:, :, :4, :3], status[:, 1, 15:, 10:], status[:, :, 0, 0] = 2, 0, 8
    dims = ("who", "n", "a", "b")
    flags = {"flag_values": [0, 1, 2], "flag_meanings": "nobody some_do all", "long_name": "who plays"}
    return xr.Dataset(
        {
            "loss": (dims, loss, {"units": "money", "long_name": "expected loss", "symbol": "L"}),
            "gain": (dims, loss**2, {"units": "money", "long_name": "gain"}),
            "hours": (dims, 1 / loss, {"units": "h", "long_name": "hours"}),
            "kind": (dims, kind, flags),
            "d_loss_d_a": (
                dims,
                loss * 0 + n,
                {"derivative_of": "loss", "derivative_in": "a", "units": "money"},
            ),
            "status": (dims, status),
        },
        {
            "who": ["alone", "together"],
            "n": [3, 4, 5],
            "a": ("a", a, {"symbol": "alpha", "long_name": "share"}),
            "b": ("b", b, {"units": "1/s"}),
        },
        {"title": "A cube of every kind"},
    )


def sampled_cube() -> xr.Dataset:
    """400 samples of two inputs by two mechanisms."""
    random = np.random.default_rng(3)
    a, b = random.random(400), random.random(400)
    values = np.stack([a + b, a * b])
    status = np.ones((2, 400), np.uint8)
    status[0, :40] = 8
    return xr.Dataset(
        {
            "u": (("who", "sample"), values),
            "v": (("who", "sample"), values**2),
            "side": (
                ("who", "sample"),
                (values > 0.5).astype(np.int8),
                {"flag_values": [0, 1], "flag_meanings": "low high"},
            ),
            "status": (("who", "sample"), status),
        },
        {"who": ["x", "y"], "a": ("sample", a), "b": ("sample", b)},
    )


def hostile_cube() -> xr.Dataset:
    """Names, labels, units and titles with markup and script in them."""
    values = np.arange(12.0).reshape(2, 3, 2)
    dims = (HOSTILE + "d", "b", "c")
    attrs = {"units": HOSTILE, "long_name": HOSTILE, "symbol": HOSTILE}
    flags = {"flag_values": [0, 1], "flag_meanings": f"{HOSTILE.replace(' ', '_')} other"}
    return xr.Dataset(
        {
            HOSTILE: (dims, values, attrs),
            "kind": (dims, (values > 5).astype(np.int8), flags),
            "status": (dims, np.ones(values.shape, np.uint8)),
        },
        {HOSTILE + "d": [HOSTILE, "plain"], "b": ("b", [1.0, 2.0, 3.0], attrs), "c": [1.0, 2.0]},
        {"title": HOSTILE},
    )


def hawks_cube() -> xr.Dataset:
    """A cube of the user's own model: V from 1 to 3 at two costs, as if it had been run."""
    axes = {"V": [1.0, 1.5, 2.5, 3.0], "C": [4.0, 8.0]}
    sweep = Sweep(f"{HAWKS_FILE}:hawk_dove", axes=axes, fixed={"horizon": 60.0, "x0": 0.3})
    share = np.array(axes["V"])[:, None] / np.array(axes["C"])
    return not_run(sweep, hawks_final=(("V", "C"), share))
