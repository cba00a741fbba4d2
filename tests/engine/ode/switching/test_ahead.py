"""What a field has in store for an orbit that has come back: doses, ends of what goes on, or nothing."""

import jax
import jax.numpy as jnp
import numpy as np
from equisweep.engine.ode.switching.ahead import Round, has_another_round_ahead
from equisweep.engine.ode.switching.timed import next_times

# When, in a month of so many days, a dose begins and ends; how large it is; how far a counter may go; and
# whether the round is to be another one.
CASES = {
    "a dose on one day of the month": (30.0, 0.3, 0.35, 1.0, np.inf, True),
    "a dose at midnight, as light goes on": (30.0, 0.0, 0.5, 1.0, np.inf, True),
    "a dose in a year": (365.0, 300.0, 300.001, 1.0, np.inf, True),
    "a dose of nothing": (30.0, 0.0, 0.5, 0.0, np.inf, False),
    "a dose every day": (1.0, 0.3, 0.35, 1.0, np.inf, False),
    "wear until a breakdown in the 700th round": (1.0, 0.3, 0.35, 1.0, 700.0, True),
    "wear that is over": (1.0, 0.3, 0.35, 1.0, -50.0, False),
}


def test_what_is_to_come_after_the_last_round():
    def ahead(every, begins, ends, dose, limit):
        """Light by day, a dose, and a counter by one a round that stops what swings, where its rate is 0."""

        def field(t, z):
            day, month = t % 1.0, t % every
            light = jnp.where(day < 0.5, 1.0, 0.0)
            given = jnp.where((month >= begins) & (month < ends), dose, 0.0)
            return jnp.stack(
                [light - z[0] + given, -z[0] + jnp.where(z[2] > limit, 3.0, 0.0) * z[1], 1.0 + 0 * t]
            )

        def next_switches(t, z):
            day, month = t % 1.0, t % every
            values = jnp.stack([t, day - 0.5, t / every, month - begins, month - ends])
            slopes = jnp.stack([1.0, 1.0, 1 / every, 1.0, 1.0])
            rounds = jnp.asarray([True, False, True, False, False])
            return next_times((values, slopes, 1 + 0 * values, rounds), None, t)

        state, onward = jnp.stack([1.0, 0.0, 12.0]), jnp.stack([0.0, 0.0, 1.0])
        # The last maximum is where light goes off, to rounding.
        last = Round(
            jnp.asarray(12.5 + 1e-14), state, jnp.asarray(1.0), onward, jnp.asarray(1e-9), jnp.ones(3)
        )
        return has_another_round_ahead(field, next_switches, last, jnp.asarray(True))

    *given, right = zip(*CASES.values(), strict=True)
    seen = jax.jit(jax.vmap(ahead))(*map(jnp.asarray, given))
    assert dict(zip(CASES, seen.tolist(), strict=True)) == dict(zip(CASES, right, strict=True))
