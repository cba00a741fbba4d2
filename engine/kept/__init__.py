"""Functions of grids that are kept between processes: what was traced once is not traced again."""
