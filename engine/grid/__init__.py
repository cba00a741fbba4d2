"""Functions of grids: how a kernel computes a window of points, and many points in batches."""
