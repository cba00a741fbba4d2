"""What a field has in store for an orbit that has come back: doses, ends of what goes on, or nothing."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
from equisweep.engine.ode.closed_orbit import Cycle, History, _hides_a_round, _while_it_lasts
from equisweep.engine.ode.switching.ahead import Round, has_another_round_ahead
from equisweep.engine.ode.switching.timed import next_times
from equisweep.engine.ode.walk import Closeness

# When, in a month of so many days, a dose begins and ends; how large it is; how far a counter may go; and
# whether the round is to be another one. Without a limit the counter is an angle.
CASES = {
    "a dose on one day of the month": (30.0, 0.3, 0.35, 1.0, np.inf, True),
    "a dose at midnight, as light goes on": (30.0, 0.0, 0.5, 1.0, np.inf, True),
    "a dose in a year": (365.0, 300.0, 300.001, 1.0, np.inf, True),
    "a small dose in a month": (30.0, 0.3, 0.35, 1e-3, np.inf, True),
    "a dose of nothing": (30.0, 0.0, 0.5, 0.0, np.inf, False),
    "a dose every day": (1.0, 0.3, 0.35, 1.0, np.inf, False),
    "wear until a breakdown in the 700th round": (1.0, 0.3, 0.35, 1.0, 700.0, True),
    "wear that is over": (1.0, 0.3, 0.35, 1.0, -50.0, False),
    "an angle that stands at a switch": (1.0, 0.3, 0.35, 1.0, np.nan, False),
}


def test_what_is_to_come_after_the_last_round():
    def ahead(every, begins, ends, dose, limit):
        """Light by day, a dose, and a counter by one a round that stops what swings, where its rate is 0."""

        def field(t, z):
            day, month = t % 1.0, t % every
            light = jnp.where(day < 0.5, 1.0, 0.0)
            given = jnp.where((month >= begins) & (month < ends), dose, 0.0)
            stops = jnp.where(jnp.isnan(limit), z[2] % 1.0 < 0.5, z[2] > limit)
            return jnp.stack([light - z[0] + given, -z[0] + jnp.where(stops, 3.0, 0.0) * z[1], 1.0 + 0 * t])

        def next_switches(t, z):
            day, month = t % 1.0, t % every
            values = jnp.stack([t, day - 0.5, t / every, month - begins, month - ends])
            slopes = jnp.stack([1.0, 1.0, 1 / every, 1.0, 1.0])
            rounds = jnp.asarray([True, False, True, False, False])
            return next_times((values, slopes, 1 + 0 * values, rounds), None, t)

        state, onward = jnp.stack([1.0, 0.0, 12.0 - 1e-13]), jnp.stack([0.0, 0.0, 1.0 + 1e-12])
        # The last maximum is where light goes off, to rounding.
        last = Round(
            jnp.asarray(12.5 + 1e-14), state, jnp.asarray(1.0), onward, jnp.asarray(1e-9), jnp.ones(3)
        )
        return has_another_round_ahead(field, next_switches, last, jnp.asarray(True))

    *given, right = zip(*CASES.values(), strict=True)
    seen = jax.jit(jax.vmap(ahead))(*map(jnp.asarray, given))
    assert dict(zip(CASES, seen.tolist(), strict=True)) == dict(zip(CASES, right, strict=True))


def test_rounds_that_are_as_long_by_chance_are_not_taken_to_be_exact():
    """A clock of float32 counts 0.7 in steps of 2^-17: thousands of rounds later it is another phase."""
    times = 70 + np.arange(24, dtype=np.float32) * np.float32(round(0.7 * 2**17) / 2**17)
    assert times[-1] - times[-2] == times[-2] - times[-3]
    history = History(None, jnp.asarray(np.stack([times, times])[:, None]), jnp.ones((1, 24), jnp.float32))
    units, within = jnp.ones(1, jnp.float32), Closeness(1e-3, 1e-3)
    sought = SimpleNamespace(first=jnp.int32(0), within=within, units=units, steps=jnp.int32(300))
    closed = Cycle(jnp.asarray(True), jnp.int32(1), None, None, None)

    def seen(slow):
        def field(t, z):
            return jnp.cos(2 * np.pi * t / np.float32(0.7)) + jnp.cos(slow * t) - z

        bound = SimpleNamespace(field=field), None, SimpleNamespace(next_switches=None)
        return _while_it_lasts(lambda _p: bound, history, closed, sought, None).closed

    assert jax.jit(jax.vmap(seen))(jnp.asarray([0.0, 1.0], jnp.float32)).tolist() == [True, False]


def test_rounding_hides_the_rounds_of_an_angle_that_has_gone_round_too_often():
    """In float32 beyond some 10,000 radians; what does not go on in a round may be as large as it likes."""
    steps = SimpleNamespace(steps=jnp.int32(300))

    def hidden(size, onward):
        return _hides_a_round(
            jnp.stack([0.0, onward]).astype(size.dtype), jnp.stack([1e9 + size, size]), steps
        )

    given = [1e3, 1e5, 1e6, 1e6], [6.28, 6.28, 6.28, 0.0]
    for dtype, expected in (("float32", [False, True, True, False]), ("float64", [False] * 4)):
        assert jax.jit(jax.vmap(hidden))(*(jnp.asarray(one, dtype) for one in given)).tolist() == expected
