"""Sweeps that keep only what was asked: what a sweep file says of it."""
