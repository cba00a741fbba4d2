"""The suites: a file each, with the `NAME` of its rows and its `trials`."""
