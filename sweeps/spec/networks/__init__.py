"""Networks of cities that a sweep names: from files, and of families, random ones with a seed."""
