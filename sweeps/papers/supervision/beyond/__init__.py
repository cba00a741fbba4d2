"""Which of the paper's sentences survive in games that it leaves to future work."""
