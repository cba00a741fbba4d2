"""What kernels compute, again: slow, obvious, and sharing no code with them."""
