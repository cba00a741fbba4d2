"""What a run does before the first tile is computed and after the last one is written."""
