"""External allocation with compensation and sharing at once, a budget and an entry cost."""
