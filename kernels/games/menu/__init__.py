"""Menus of contracts for sub-types: vulnerability and criticality at once."""
