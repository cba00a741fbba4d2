"""GPUs as a user meets them: whether one is there, whether it pays, and its memory shared with others."""
