"""A first sweep of somebody's: files to begin with, that run as they are."""
