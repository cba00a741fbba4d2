"""Supervision under a third player: a regulator above the governments."""
