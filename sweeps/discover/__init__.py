"""Scenario discovery: in which part of the inputs a condition holds."""
