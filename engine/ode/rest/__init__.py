"""Where rest points are, and when a trajectory has come to one."""
