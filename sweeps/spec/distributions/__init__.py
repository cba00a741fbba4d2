"""What a sampled parameter may be distributed by."""
