"""Cubes in repositories of Icechunk."""
