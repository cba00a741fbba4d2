"""A model file of a user's own: whether it keeps to its declaration, what it reads, where it failed."""
