"""Government supervision: two populations."""
