"""What the paper on contracts says."""
