"""A run: what it does before the first tile is computed, the tiles, and what it does after the last one."""
