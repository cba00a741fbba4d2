"""External allocation among cities."""
