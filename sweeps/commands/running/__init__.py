"""Commands that begin a sweep: what to write, what it takes, and computing it."""
