"""Supervision whose reward and fine are functions of the share that manages."""
