"""One step of a trajectory: the methods, the size of the step, and how accurate it is."""
