"""What other programs do for the same questions: the work of the cases, one family a file."""
