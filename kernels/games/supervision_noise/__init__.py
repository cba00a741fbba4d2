"""Supervision whose payoffs are noisy: stochastic replicator dynamics."""
