"""Where a field switches, and steps that heed it."""
