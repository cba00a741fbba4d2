"""Components that fall below all numbers, and come back."""
