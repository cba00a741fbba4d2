"""Trajectories: steppers, their loop, what orbits do."""
