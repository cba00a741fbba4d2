"""Pictures of what was analysed."""
