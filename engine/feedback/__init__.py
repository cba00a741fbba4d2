"""What a run says and hears while it lasts: its progress, what is being compiled, and whether to stop."""
