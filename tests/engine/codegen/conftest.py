"""Machine code of the CPU is what these tests are about, also where jax prefers another device."""

from collections.abc import Iterator

import jax
import pytest


@pytest.fixture(autouse=True)
def on_the_cpu() -> Iterator[None]:
    with jax.default_device(jax.devices("cpu")[0]):
        yield
