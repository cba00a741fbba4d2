"""Commands that ask a cube, check it, or make another one of it."""
