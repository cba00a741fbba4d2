"""A cube on the disk: created, grown, written tile by tile, verified."""
