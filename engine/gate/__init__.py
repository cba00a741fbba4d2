"""The gate: what comes from outside (files, cubes, text) is looked at before anything is done with it.

A cube's own metadata, its ``zarr.json``, come in by `engine/store/require_cube.py`, which uses what is here.
"""
