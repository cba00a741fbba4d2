"""What a kernel counts, computed a second time in 64 bits along its own trace."""
