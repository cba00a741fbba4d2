"""A hostile numeric setup: double precision, and implicit broadcasting across ranks is an error."""

import signal
from collections.abc import Iterator

import jax
import pytest
from hypothesis import settings

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")

# The same examples every time, and no timings: machines differ.
settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def signal_handlers() -> Iterator[None]:
    """Put signal handlers back: a command sets its own, which under nohup would end the suite on a hangup."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
