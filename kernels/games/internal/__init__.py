"""Internal allocation among factors."""
