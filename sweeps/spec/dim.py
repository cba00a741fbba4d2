"""The dimension of a cube's samples."""

DIM = "sample"
