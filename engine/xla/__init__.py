"""Programs before XLA compiles them: looked at, rewritten, or evaluated operation by operation."""
