"""What the paper on external allocation says."""
