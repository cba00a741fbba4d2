"""Commands that analyse a cube, and draw it."""
