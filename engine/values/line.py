"""The line on which shares between 0 and 1 become values."""

Line = tuple[float, float, float, float]  # Low, width, and the two ends, which no value passes.
SHARES: Line = (0.0, 1.0, 0.0, 1.0)
