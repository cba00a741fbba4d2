"""Roots, linear programs, rest points: what games are solved with. Imports jax only."""
