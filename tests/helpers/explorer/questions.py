"""Questions that the explorer's page asks, put to it in this process."""

import json
from base64 import b64decode
from typing import Any

import numpy as np
import xarray as xr
from equisweep.sweeps.explore.answers import Answers
from equisweep.sweeps.explore.source import source_of_dataset

_TYPES = {"f4": np.float32, "f8": np.float64, "i4": np.int32, "u1": np.uint8}


def ask(question: str, cube: xr.Dataset, *more: xr.Dataset, **values: Any) -> Any:
    """The answer about a cube, or two, called a.zarr and b.zarr."""
    names = ("a.zarr", "b.zarr")
    sources = [source_of_dataset(one, name) for one, name in zip((cube, *more), names, strict=False)]
    lists = {key: [one] if isinstance(one, str) else list(one) for key, one in values.items()}
    kind, body = Answers(sources)(question, lists)
    return json.loads(body) if kind == "application/json" else body


def numbers(packed: dict[str, str]) -> np.ndarray:
    """Numbers as the page reads them."""
    return np.frombuffer(b64decode(packed["bytes"]), _TYPES[packed["type"]])


def troubled_grid() -> xr.Dataset:
    """3 x 4 x 2 points of every kind of trouble: not computed, a failure, NaN under ok, falling values."""
    status = np.ones((3, 4, 2), np.uint8)
    status[0, 0, 0], status[1, 2, 0], status[2, 3, 1] = 0, 8, 2
    loss = np.arange(24.0).reshape(3, 4, 2)
    loss[2, 0, 0] = np.nan
    return xr.Dataset(
        {
            "loss": (("a", "b", "who"), loss, {"units": "money", "long_name": "expected loss"}),
            "d_loss_d_a": (("a", "b", "who"), 2 * loss, {"derivative_of": "loss", "derivative_in": "a"}),
            "part": (("a", "b", "who", "k"), loss[..., None] + [0.25, 0.5], {"units": "s"}),
            "status": (("a", "b", "who"), status),
        },
        {"a": [3.0, 2.0, 1.0], "b": [1e-3, 1e-2, 1e-1, 1.0], "who": ["you, me", "a<b>"], "k": ["p", "q"]},
        {"title": "three"},
    )  # fmt: skip
