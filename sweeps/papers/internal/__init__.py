"""What the paper on internal allocation says."""
