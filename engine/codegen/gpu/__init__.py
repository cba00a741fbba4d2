"""The back end for NVIDIA's GPUs: one thread computes one lane, in PTX that LLVM makes."""
