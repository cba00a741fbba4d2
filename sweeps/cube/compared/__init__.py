"""Two cubes beside each other: which points they have in common, and what differs there."""
