"""Questions to a cube that is there."""
