"""Supervision whose reward and fine are functions of both shares."""
