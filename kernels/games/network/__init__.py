"""Unequal cities on a network."""
