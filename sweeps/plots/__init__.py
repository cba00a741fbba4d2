"""Pictures of cubes."""
