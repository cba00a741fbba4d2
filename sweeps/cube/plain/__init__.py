"""Small cubes as named arrays of numpy's: what a question or a picture needs, without loading xarray."""
