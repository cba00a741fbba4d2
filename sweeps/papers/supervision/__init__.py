"""What the paper on supervision says."""
