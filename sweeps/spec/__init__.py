"""A sweep file or a Sweep becomes a space of points."""
