"""The CPU's back end: LLVM code on vectors."""
