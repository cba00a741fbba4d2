"""The gate: what comes from outside (files, cubes, text) is looked at before anything is done with it."""
