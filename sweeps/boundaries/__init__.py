"""Where a class changes along an axis."""
