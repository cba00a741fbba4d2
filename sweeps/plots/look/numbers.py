"""Round numbers: levels of bands and places of ticks, on straight and logarithmic scales."""

from collections.abc import Iterator

import numpy as np

# Within a decade, the most first.
_FACTORS = ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 5), (1, 3), (1,))
_STEPS = [1, 2, 2.5, 5, 10]


def even_levels(low: float, high: float, bands: int) -> np.ndarray:
    """Round numbers, evenly apart, that hold all from `low` to `high` in about so many bands."""
    from matplotlib.ticker import MaxNLocator

    if high - low <= 1e-12 * max(abs(low), abs(high)):
        half = abs(low) * 1e-3 or 1e-3
        return np.array([low - half, low + half])
    return np.asarray(MaxNLocator(bands, steps=_STEPS).tick_values(low, high))


def log_levels(low: float, high: float, bands: int) -> np.ndarray:
    """Round numbers that hold all from `low` to `high` in at most so many bands, or two of them."""
    if high <= low * (1 + 1e-12):
        return np.array([low * 0.999, low * 1.001])
    for candidate in _candidates(low, high):
        first = max(int(np.searchsorted(candidate, low, "right")) - 1, 0)
        last = min(int(np.searchsorted(candidate, high, "left")) + 1, len(candidate))
        if last - first <= bands + 1:
            return candidate[first:last]
    return np.array([low, high])


def log_ticks(low: float, high: float, most: int) -> np.ndarray:
    """At most so many round numbers within `low` and `high`; at least two, if there is room."""
    slack = 1 + 1e-9
    best = fewest = np.empty(0)
    for candidate in _candidates(low, high):
        inside = candidate[(candidate >= low / slack) & (candidate <= high * slack)]
        if len(inside) > 1:
            fewest = inside
        if len(inside) <= most:
            best = inside
            break
    if len(best) < 2 and len(fewest) <= most + 1:
        best = fewest
    if len(best) >= 3 or (len(best) == 2 and high / low > 5):
        return best
    # Less than a decade: numbers that are round on a straight scale.
    straight = even_levels(low, high, max(most - 1, 1))
    straight = straight[(straight >= low / slack) & (straight <= high * slack)]
    return straight if len(best) < len(straight) <= most + 1 else best


def number_texts(values: np.ndarray) -> list[str]:
    """Numbers in few digits; all as powers of ten where one of them would be long."""
    sizes = np.abs(values[values != 0])
    if not len(sizes) or (sizes.min() >= 1e-4 and sizes.max() < 1e6):
        return [f"{value:.6g}".replace("-", "\N{MINUS SIGN}") for value in values]
    return [_power(value) for value in values]


def _power(value: float) -> str:
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value:.5e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    sign, size = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    front = sign if size == "1" else rf"{sign}{size}\times "
    return rf"$\mathdefault{{{front}10^{{{int(exponent)}}}}}$"


def _candidates(low: float, high: float) -> Iterator[np.ndarray]:
    """Sets of round numbers from below `low` to above `high`, ever fewer."""
    first, last = max(int(np.floor(np.log10(low))), -307), min(int(np.ceil(np.log10(high))), 307)
    decades = range(first, last + 1)
    for factors in _FACTORS:
        yield np.array([k * 10.0**e for e in decades for k in factors])
    for step in range(2, max(len(decades), 3)):
        powers = np.arange(first - first % step, last + step + 1, step)
        yield 10.0 ** np.unique(np.clip(powers, -307, 308))
