"""Commands about the papers and their models."""
