"""Where cubes lie: on a disk, or in object storage. What the store asks of either is `interface.Storage`."""
