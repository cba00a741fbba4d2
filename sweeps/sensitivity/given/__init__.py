"""Measures of any sample of points: none asks how they were drawn."""
