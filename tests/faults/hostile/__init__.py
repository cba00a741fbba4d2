"""Hostile inputs: files that are none, sizes that nothing holds, text that steers a terminal."""
