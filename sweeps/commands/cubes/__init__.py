"""Commands about whole cubes: made on many machines, compared."""
