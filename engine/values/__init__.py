"""Values along the axes of a grid."""
