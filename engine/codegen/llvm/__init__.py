"""Scalars as text of LLVM, which every back end of this project compiles."""
