"""A kernel and a parameter space become a cube: space, plan, evaluate, execute, store. Knows no model."""
