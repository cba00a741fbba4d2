"""One sweep on the workers of a Dask cluster."""
